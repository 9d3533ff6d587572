"""A class whose backward pass updates the weights and returns nothing."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class NeuralNetwork:
    def __init__(self, input_size, hidden_size, output_size):
        self.weights1 = np.random.randn(input_size, hidden_size) * 0.1
        self.bias1 = np.zeros((1, hidden_size))
        self.weights2 = np.random.randn(hidden_size, output_size) * 0.1
        self.bias2 = np.zeros((1, output_size))

    def forward(self, X):
        self.hidden = sigmoid(X @ self.weights1 + self.bias1)
        scores = self.hidden @ self.weights2 + self.bias2
        exp = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.output = exp / exp.sum(axis=1, keepdims=True)
        return self.output

    def loss(self, X, y):
        output = self.forward(X)
        return -np.log(output[np.arange(len(y)), y]).mean()

    def backward(self, X, y, learning_rate):
        d_output = self.output.copy()
        d_output[np.arange(len(y)), y] -= 1
        d_output /= len(y)
        d_weights2 = self.hidden.T @ d_output
        d_bias2 = d_output.sum(axis=0, keepdims=True)
        d_hidden = d_output @ self.weights2.T * self.hidden * (1 - self.hidden)
        d_weights1 = X.T @ d_hidden
        d_bias1 = d_hidden.sum(axis=0, keepdims=True)
        self.weights2 -= learning_rate * d_weights2
        self.bias2 -= learning_rate * d_bias2
        self.weights1 -= learning_rate * d_weights1
        self.bias1 -= learning_rate * d_bias1

    def train(self, X, y, epochs, learning_rate):
        for _ in range(epochs):
            self.forward(X)
            self.backward(X, y, learning_rate)
