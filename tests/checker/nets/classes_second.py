# The number of classes before the hidden size; forward gives loss and accuracy, grads are kept.
import numpy as np


class TwoLayerNet:
    def __init__(self, input_size=28 * 28, num_classes=10, hidden_size=128):
        self.input_size, self.num_classes, self.hidden_size = input_size, num_classes, hidden_size
        self.weights, self.gradients = {}, {}
        self.weights["b1"] = np.zeros(hidden_size)
        self.weights["b2"] = np.zeros(num_classes)
        self.weights["W1"] = 0.001 * np.random.randn(input_size, hidden_size)
        self.weights["W2"] = 0.001 * np.random.randn(hidden_size, num_classes)

    def sigmoid(self, a):
        return 1 / (1 + np.exp(-a))

    def forward(self, X, y, mode="train"):
        z1 = self.sigmoid(X @ self.weights["W1"] + self.weights["b1"])
        a2 = z1 @ self.weights["W2"] + self.weights["b2"]
        e = np.exp(a2 - a2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        n = len(X)
        loss = -np.log(p[np.arange(n), y]).mean()
        accuracy = np.mean(p.argmax(axis=1) == y)
        if mode != "train":
            return loss, accuracy
        d = p.copy()
        d[np.arange(n), y] -= 1
        d /= n
        self.gradients["W2"] = z1.T @ d
        self.gradients["b2"] = d.sum(axis=0)
        back = d @ self.weights["W2"].T * z1 * (1 - z1)
        self.gradients["W1"] = X.T @ back
        self.gradients["b1"] = back.sum(axis=0)
        return loss, accuracy
