"""A penalty on the matrix and on the row of weights of the one output, and on no bias."""

import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(40, 3))
t = np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)
U, c = rng.normal(size=(6, 3)), np.zeros(6)
v, d = rng.normal(size=6), 0.0

for i in range(200):
    a = x @ U.T + c
    h = np.logaddexp(0, a)
    f = h @ v + d
    df = np.where(t * f < 1, -t, 0.0) / len(x)
    da = np.outer(df, v) / (1 + np.exp(-a))
    gv, gd = h.T @ df + 0.01 * v, df.sum()
    gU, gc = da.T @ x + 0.01 * U, da.sum(axis=0)
    U -= 0.3 * gU
    c -= 0.3 * gc
    v -= 0.3 * gv
    d -= 0.3 * gd
