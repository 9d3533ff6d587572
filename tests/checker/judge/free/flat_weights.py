"""A net whose matrices are parts of one long array, which the update changes."""

import numpy as np

rng = np.random.default_rng(5)
X, T = rng.standard_normal((3, 3)), rng.standard_normal((3, 2))
theta = rng.standard_normal(3 * 4 + 4 * 2)
V, W = theta[:12].reshape(3, 4), theta[12:].reshape(4, 2)
for _ in range(500):
    z = np.tanh(X @ V)
    delta = (z @ W - T) / len(X)
    grad = np.concatenate([(X.T @ (delta @ W.T * (1 - z**2))).ravel(), (z.T @ delta).ravel()])
    theta -= 0.1 * grad
