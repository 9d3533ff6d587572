"""Layers as objects: with gradients kept beside the weights, and with a step of their own."""

import numpy as np


class Dense:
    def __init__(self, inputs, outputs):
        self.weights = np.random.randn(inputs, outputs)
        self.bias = np.zeros((1, outputs))

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, grad_output, learning_rate):
        grad_input = grad_output @ self.weights.T
        self.weights -= learning_rate * self.x.T @ grad_output
        self.bias -= learning_rate * grad_output.sum(axis=0, keepdims=True)
        return grad_input


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out**2)


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        inner = (dout * self.y).sum(axis=1, keepdims=True)
        return self.y * (dout - inner)


class MaxPool:
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        n, c, h, w = x.shape
        self.x, s = x, self.size
        self.parts = x.reshape(n, c, h // s, s, w // s, s)
        self.out = self.parts.max(axis=(3, 5))
        return self.out

    def backward(self, dout):
        mask = self.parts == self.out[:, :, :, None, :, None]
        return (mask * dout[:, :, :, None, :, None]).reshape(self.x.shape)
