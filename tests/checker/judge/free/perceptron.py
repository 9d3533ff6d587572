"""Learns by Rosenblatt's rule, whose sums have no name."""

import numpy as np


class Perceptron:
    def __init__(self, size, rate=0.1):
        self.w, self.b, self.rate = np.random.randn(size), 0.5, rate

    def predict(self, x):
        return np.where(np.dot(x, self.w) + self.b >= 0, 1, 0)

    def fit(self, X, t, epochs=20):
        for _ in range(epochs):
            for x, target in zip(X, t):
                update = self.rate * (target - self.predict(x))
                self.w += update * x
                self.b += update


X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
t = np.array([0, 0, 0, 1])
gate = Perceptron(2)
gate.fit(X, t)
print(gate.predict(X))
