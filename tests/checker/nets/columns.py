"""A class whose samples are columns, and which keeps its gradients in attributes."""

import numpy as np


class ShallowNet:
    def __init__(self, n_x, n_h, n_y, seed=1):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(size=(n_h, n_x)) * 0.01
        self.b1 = np.zeros((n_h, 1))
        self.W2 = rng.normal(size=(n_y, n_h)) * 0.01
        self.b2 = np.zeros((n_y, 1))

    def forward(self, X):
        self.Z1 = self.W1 @ X + self.b1
        self.A1 = np.maximum(0, self.Z1)
        Z2 = self.W2 @ self.A1 + self.b2
        e = np.exp(Z2 - Z2.max(axis=0, keepdims=True))
        self.A2 = e / e.sum(axis=0, keepdims=True)
        return self.A2

    def compute_loss(self, A2, Y):
        m = Y.shape[1]
        return -np.sum(Y * np.log(A2)) / m

    def backward(self, X, Y):
        m = X.shape[1]
        dZ2 = self.A2 - Y
        self.dW2 = dZ2 @ self.A1.T / m
        self.db2 = dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = (self.W2.T @ dZ2) * (self.Z1 > 0)
        self.dW1 = dZ1 @ X.T / m
        self.db1 = dZ1.sum(axis=1, keepdims=True) / m

    def update(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2

    def accuracy(self, X, Y):
        return np.mean(self.forward(X).argmax(axis=0) == Y.argmax(axis=0))

    def train(self, X, Y, epochs, lr):
        for _ in range(epochs):
            self.forward(X)
            self.backward(X, Y)
            self.update(lr)
