"""A two-layer net as people write it while they read the book; it has one mistake."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def sigmoid_grad(a):
    return sigmoid(a) * (1 - sigmoid(a))


def softmax(a):
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.01):
        self.params = {
            "W1": weight_init_std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": weight_init_std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def predict(self, x):
        z1 = sigmoid(x @ self.params["W1"] + self.params["b1"])
        return softmax(z1 @ self.params["W2"] + self.params["b2"])

    def loss(self, x, t):
        y = self.predict(x)
        return -np.sum(t * np.log(y + 1e-7)) / len(x)

    def accuracy(self, x, t):
        return np.mean(self.predict(x).argmax(axis=1) == t.argmax(axis=1))

    def gradient(self, x, t):
        a1 = x @ self.params["W1"] + self.params["b1"]
        z1 = sigmoid(a1)
        y = softmax(z1 @ self.params["W2"] + self.params["b2"])

        da2 = (y - t) / len(x)
        dz1 = da2 @ self.params["W2"].T
        da1 = sigmoid_grad(z1) * dz1
        return {
            "W1": x.T @ da1,
            "b1": da1.sum(axis=0),
            "W2": z1.T @ da2,
            "b2": da2.sum(axis=0),
        }
