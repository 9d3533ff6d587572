"""XOR, as people write it, with one mistake: the worked example of architecture.md."""

import numpy as np

rng = np.random.default_rng(1)
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])
w0, w1 = rng.normal(size=(3, 5)), rng.normal(size=(5, 1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


for _ in range(10_000):
    hidden = sigmoid(X @ w0)
    output = sigmoid(hidden @ w1)
    delta = (y - output) * output * (1 - output)
    hidden_delta = delta @ w1.T
    w1 += hidden.T @ delta
    w0 += X.T @ hidden_delta
