"""Draws samples from a list of records, whose targets are whole numbers."""

import numpy as np

CASES = [
    {"input": [0, 0], "expected": 0},
    {"input": [0, 1], "expected": 1},
    {"input": [1, 0], "expected": 1},
    {"input": [1, 1], "expected": 1},
]


class Net:
    def __init__(self, *sizes):
        self.layers = [np.ones(n) for n in sizes]
        self.weights = [np.random.uniform(-1, 1, s) for s in zip(sizes, sizes[1:])]

    def forward(self, record):
        for i in range(len(self.layers[0])):
            self.layers[0][i] = record["input"][i]
        for i, W in enumerate(self.weights):
            self.layers[i + 1][...] = np.tanh(self.layers[i] @ W)
        return self.layers[-1]

    def backward(self, record, rate):
        error = record["expected"] - self.layers[-1]
        deltas = [error * (1 - self.layers[-1] ** 2)]
        for i in range(len(self.weights) - 1, 0, -1):
            deltas.insert(0, (1 - self.layers[i] ** 2) * (self.weights[i] @ deltas[0]))
        for i, delta in enumerate(deltas):
            row = np.atleast_2d(self.layers[i])
            self.weights[i] += rate * row.T @ np.atleast_2d(delta)
        return (error**2).sum()


net = Net(2, 6, 1)
for epoch in range(1000):
    for _ in range(len(CASES)):
        n = np.random.randint(len(CASES))
        net.forward(CASES[n])
        net.backward(CASES[n], 0.1)
