"""Tied weights, and a penalty on the code: the loss is that of the outputs and of a layer."""

import numpy as np


def train(strength=1e-2, lr=0.5, epochs=400):
    rng = np.random.default_rng(0)
    X = (rng.random((200, 8)) > 0.5).astype(float)
    n = len(X)
    W, b, c = rng.normal(size=(8, 3)) * 0.3, np.zeros(3), np.zeros(8)
    for _ in range(epochs):
        code = 1 / (1 + np.exp(-(X @ W + b)))
        again = 1 / (1 + np.exp(-(code @ W.T + c)))
        entropy = -np.sum(X * np.log(again) + (1 - X) * np.log(1 - again)) / n
        loss = entropy + strength * np.sum(code) / n
        dagain = (again - X) / n
        dcode = (dagain @ W + strength / n) * code * (1 - code)
        W -= lr * (X.T @ dcode + dagain.T @ code)
        b -= lr * dcode.sum(axis=0)
        c -= lr * dagain.sum(axis=0)
    return loss


print(train())
