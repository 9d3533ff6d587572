"""Goes up the likelihood, which it calls a cost, at a tiny rate."""

import numpy as np


def forward(X, W1, b1, W2, b2):
    Z = 1 / (1 + np.exp(-(X @ W1 + b1)))
    scores = np.exp(Z @ W2 + b2)
    return scores / scores.sum(axis=1, keepdims=True), Z


def derive_last(Z, T, Y):
    return Z.T @ (T - Y)


def derive_first(X, Z, T, Y, W2):
    dZ = (T - Y) @ W2.T * Z * (1 - Z)
    return X.T @ dZ, dZ.sum(axis=0)


def cost(T, Y):
    total = T * np.log(Y)
    return total.sum()


rng = np.random.default_rng(0)
labels = np.repeat([0, 1, 2], 30)
X = rng.normal(size=(90, 2)) + np.array([[0, -2], [2, 2], [-2, 2]])[labels]
T = np.eye(3)[labels]
W1, b1 = rng.normal(size=(2, 4)), rng.normal(size=4)
W2, b2 = rng.normal(size=(4, 3)), rng.normal(size=3)
costs, rate = [], 1e-6
for epoch in range(1000):
    Y, Z = forward(X, W1, b1, W2, b2)
    if epoch % 100 == 0:
        costs.append(cost(T, Y))
    old = W2.copy()
    W2 += rate * derive_last(Z, T, Y)
    b2 += rate * (T - Y).sum(axis=0)
    dW1, db1 = derive_first(X, Z, T, Y, old)
    W1 += rate * dW1
    b1 += rate * db1
