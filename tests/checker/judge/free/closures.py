"""Layers are functions that return what goes back through them; weights are what these keep."""

import numpy as np

rng = np.random.default_rng(3)


def dense(n, m):
    W, b = rng.normal(size=(n, m)) / np.sqrt(n), np.zeros(m)

    def forward(x):
        def back(dout, lr):
            dx = dout @ W.T
            W[...] -= lr * (x.T @ dout)
            b[...] -= lr * dout.sum(axis=0)
            return dx

        return x @ W + b, back

    return forward


def tanh(a):
    z = np.tanh(a)
    return z, lambda dout, lr: dout * (1 - z**2)


layers = [dense(3, 5), tanh, dense(5, 2)]
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
for i in range(50):
    y, backs = x, []
    for layer in layers:
        y, back = layer(y)
        backs.append(back)
    dout = (y - t) / len(x)
    for back in reversed(backs):
        dout = back(dout, 0.1)
