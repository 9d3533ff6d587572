"""Weights and gradients are tuples with names, and RMSprop moves them; nothing changes in place."""

from collections import namedtuple

import numpy as np

Params = namedtuple("Params", "w1 b1 w2 b2")
rng = np.random.default_rng(1)


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def grad(p, x, t):
    h = np.maximum(x @ p.w1 + p.b1, 0)
    ds = (softmax(h @ p.w2 + p.b2) - t) / len(x)
    dh = (ds @ p.w2.T) * (h > 0)
    return Params(x.T @ dh, dh.sum(0), h.T @ ds, ds.sum(0))


def rmsprop(p, g, sq, lr=1e-2, rho=0.9):
    sq = tuple(rho * s + (1 - rho) * gi**2 for s, gi in zip(sq, g))
    return Params(*(pi - lr * gi / (np.sqrt(si) + 1e-8) for pi, gi, si in zip(p, g, sq))), sq


def main():
    x, t = rng.normal(size=(60, 2)), np.eye(3)[rng.integers(0, 3, 60)]
    p = Params(rng.normal(size=(2, 8)), np.zeros(8), rng.normal(size=(8, 3)), np.zeros(3))
    sq = tuple(np.zeros_like(q) for q in p)
    for step in range(100):
        rows = rng.integers(0, len(x), 20)
        p, sq = rmsprop(p, grad(p, x[rows], t[rows]), sq)


main()
