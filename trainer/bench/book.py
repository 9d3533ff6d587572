"""The algorithm of the book's net and loop (chapter 4.5), in code of our own.

The weights are float64 and the images float32, so that every product is computed in float64. The
backward pass computes the sigmoid again. The loss comes from a second forward pass.
Shapes: N batch, C classes.
"""

import numpy as np

from trainer.bench.task import Task
from trainer.book.functions import Array
from trainer.nets.initial import draw_params


def _naive_sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def _shifted_softmax(a: Array) -> Array:
    exp = np.exp(a - a.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


class BookNet:
    """The book's TwoLayerNet, trained on one-hot targets."""

    def __init__(self, task: Task):
        self.params = draw_params(*task.sizes, dtype="float64")
        digits = task.digits
        self.x, self.t = digits.x_train, np.eye(task.sizes[2])[digits.t_train]
        self.x_test, self.t_test = digits.x_test, np.eye(task.sizes[2])[digits.t_test]
        self.rows, self.lr = task.rows, task.settings.lr

    def predict(self, x: Array) -> Array:
        """Return the probabilities y (N, C) for images x (N, 784)."""
        a1 = np.dot(x, self.params["W1"]) + self.params["b1"]
        return _shifted_softmax(np.dot(_naive_sigmoid(a1), self.params["W2"]) + self.params["b2"])

    def loss(self, x: Array, t: Array) -> float:
        """Return the mean cross-entropy, with an epsilon in the logarithm."""
        y = self.predict(x)
        picked = y[np.arange(len(y)), t.argmax(axis=1)]
        return float(-np.sum(np.log(picked + 1e-7)) / len(y))

    def gradient(self, x: Array, t: Array) -> dict[str, Array]:
        """Return the gradient of the loss with respect to each parameter, by backpropagation."""
        a1 = np.dot(x, self.params["W1"]) + self.params["b1"]
        z1 = _naive_sigmoid(a1)
        y = _shifted_softmax(np.dot(z1, self.params["W2"]) + self.params["b2"])
        dy = (y - t) / len(x)
        dz1 = np.dot(dy, self.params["W2"].T)
        da1 = (1 - _naive_sigmoid(a1)) * _naive_sigmoid(a1) * dz1
        return {
            "W1": np.dot(x.T, da1), "b1": da1.sum(axis=0),
            "W2": np.dot(z1.T, dy), "b2": dy.sum(axis=0),
        }  # fmt: skip

    def step(self, i: int) -> None:
        """Train on mini-batch i, then compute its loss as the book's loop does."""
        rows = self.rows[i % len(self.rows)]
        x, t = self.x[rows], self.t[rows]
        grads = self.gradient(x, t)
        for key in self.params:
            self.params[key] -= self.lr * grads[key]
        self.loss(x, t)

    def evaluate(self) -> tuple[float, float]:
        """Return the accuracy over both sets, each in one forward pass."""
        return self._accuracy(self.x, self.t), self._accuracy(self.x_test, self.t_test)

    def _accuracy(self, x: Array, t: Array) -> float:
        correct = self.predict(x).argmax(axis=1) == t.argmax(axis=1)
        return float(np.sum(correct) / len(x))
