"""A layer that adds up its gradients until somebody sets them back."""

import numpy as np


class Dense:
    def __init__(self, fan_in, fan_out):
        self.W = np.random.uniform(-0.5, 0.5, size=(fan_in, fan_out))
        self.b = np.zeros(fan_out)
        self.gW, self.gb = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self._x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.gW += self._x.T @ grad
        self.gb += grad.sum(axis=0)
        return grad @ self.W.T
