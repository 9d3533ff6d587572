"""A net that is given one row at a time, and takes that one out of the matrix that holds it."""

import numpy as np


class Network:
    def __init__(self, topology, rate=0.1):
        self.rate = rate
        self.W1 = np.random.randn(topology[0], topology[1])
        self.B1 = np.random.randn(1, topology[1])
        self.W2 = np.random.randn(topology[1], topology[2])
        self.B2 = np.random.randn(1, topology[2])

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, x):
        self.hidden = self.sigmoid(x.dot(self.W1) - self.B1)
        self.out = self.sigmoid(self.hidden.dot(self.W2) - self.B2)

    def backward(self, x, desired):
        out_delta = (desired - self.out) * (self.out * (1 - self.out))
        hidden_delta = out_delta.dot(self.W2.T) * (self.hidden * (1 - self.hidden))
        self.W2 += self.hidden.T.dot(out_delta) * self.rate
        self.B2 += -1 * self.rate * out_delta[0]
        self.W1 += x.T.dot(hidden_delta) * self.rate
        self.B1 += -1 * self.rate * hidden_delta[0]
