"""Right layers that keep the gradient by their inputs, or a momentum."""

import numpy as np


class Dense:
    def __init__(self, inputs, outputs):
        self.W = np.random.randn(inputs, outputs) * 0.01
        self.b = np.zeros((1, outputs))

    def forward(self, A):
        self.A_prev = A
        return A @ self.W + self.b

    def backward(self, dZ):
        self.dW = self.A_prev.T @ dZ / len(dZ)
        self.db = dZ.sum(axis=0, keepdims=True) / len(dZ)
        self.dA_prev = dZ @ self.W.T
        return self.dA_prev


class Trained:
    def __init__(self, n_in, n_out, learning_rate):
        self.weights = 0.1 * np.random.randn(n_in, n_out)
        self.biases = np.zeros(n_out)
        self.rate = learning_rate
        self.speed_w, self.speed_b = np.zeros_like(self.weights), np.zeros_like(self.biases)

    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases

    def backward(self, delta):
        back = delta @ self.weights.T
        self.speed_w = 0.9 * self.speed_w + self.inputs.T @ delta / len(delta)
        self.speed_b = 0.9 * self.speed_b + delta.sum(axis=0) / len(delta)
        self.weights -= self.rate * self.speed_w
        self.biases -= self.rate * self.speed_b
        return back
