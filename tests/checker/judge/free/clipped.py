"""Gradients are clipped by their norm; a sample and its targets come from one call."""

import numpy as np

rng = np.random.RandomState(7)
P = {"A": rng.randn(5, 3), "p": np.zeros(5), "B": rng.randn(2, 5), "q": np.zeros(2)}


def draw():
    u = rng.uniform(-1, 1, 3)
    return u, np.array([u[0] * u[1], np.cos(u[2])])


def clip(G, most=0.5):
    norm = np.sqrt(sum((g**2).sum() for g in G.values()))
    return {k: g * most / norm for k, g in G.items()} if norm > most else G


for step in range(500):
    u, t = draw()
    f = np.tanh(P["A"] @ u + P["p"])
    o = P["B"] @ f + P["q"]
    do = o - t
    df = (1 - f * f) * (P["B"].T @ do)
    G = clip({"A": np.outer(df, u), "p": df, "B": np.outer(do, f), "q": do})
    for k in P:
        P[k] -= 0.05 * G[k]
