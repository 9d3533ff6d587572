"""Layers and losses whose methods return nothing, or one loss for each sample."""

import numpy as np


class Linear:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.5 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T


class Identity:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()


class Softmax:
    def forward(self, inputs):
        powers = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.inputs = inputs
        self.output = powers / powers.sum(axis=1, keepdims=True)

    def backward(self, dvalues):
        self.dinputs = np.empty_like(dvalues)
        for i, (y, dy) in enumerate(zip(self.output, dvalues)):
            self.dinputs[i] = (np.diag(y) - np.outer(y, y)) @ dy


class SquaredLoss:
    def forward(self, predicted, wanted):
        return np.mean((wanted - predicted) ** 2, axis=-1)

    def backward(self, predicted_values, wanted):
        self.dinputs = -2 * (wanted - predicted_values) / predicted_values.size


class AbsoluteLoss:
    def forward(self, predicted, wanted):
        return np.mean(np.abs(wanted - predicted), axis=-1)

    def backward(self, predicted_values, wanted):
        self.dinputs = np.sign(predicted_values - wanted) / predicted_values.size


class CrossEntropy:
    def forward(self, predicted, wanted):
        clipped = np.clip(predicted, 1e-7, 1 - 1e-7)
        return -np.log((clipped * wanted).sum(axis=1))

    def backward(self, predicted_values, wanted):
        self.dinputs = -wanted / predicted_values / len(predicted_values)


class SoftmaxWithLoss:
    def __init__(self):
        self.softmax, self.loss = Softmax(), CrossEntropy()

    def forward(self, inputs, wanted):
        self.softmax.forward(inputs)
        self.output = self.softmax.output
        return self.loss.forward(self.output, wanted).mean()

    def backward(self, outputs, wanted):
        self.dinputs = (outputs - wanted) / len(outputs)
