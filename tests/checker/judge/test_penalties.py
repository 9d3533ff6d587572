"""A penalty that the loss of a net has must be in its gradients, by as much."""

import pytest
from steps import judge, write_changed

NET = """
import numpy as np

class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T

class Relu:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dout):
        return dout * self.on

class Last:
    def forward(self, x, t):
        self.t = t
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return -np.sum(t * np.log(self.y)) / len(x)

    def backward(self):
        return (self.y - self.t) / len(self.t)

class Net:
    def __init__(self, sizes):
        self.params, self.layers = {}, []
        for i in range(1, len(sizes)):
            self.params[f"W{i}"] = np.random.randn(sizes[i - 1], sizes[i])
            self.params[f"b{i}"] = np.zeros(sizes[i])
            self.layers.append(Affine(self.params[f"W{i}"], self.params[f"b{i}"]))
            self.layers.append(Relu())
        self.layers.pop()
        self.last = Last()

    def predict(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        decay = sum(0.05 * np.sum(W ** 2) for key, W in self.params.items() if key[0] == "W")
        return self.last.forward(self.predict(x), t) + decay

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last.backward()
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        grads = {}
        for i, layer in enumerate(self.layers[::2], 1):
            grads[f"W{i}"] = layer.dW + 0.1 * layer.W
            grads[f"b{i}"] = layer.db
        return grads
"""
ADDED = """
    def train(self, x, t, lr=0.1):
        for key, grad in self.gradient(x, t).items():
            decay = 0.1 * self.params[key] if key[0] == "W" else 0
            self.params[key] -= lr * (grad + decay)
"""


def test_a_penalty_in_loss_and_gradients_is_right(tmp_path):
    assert judge(write_changed(tmp_path, NET, "", "")).decision.is_right is True


@pytest.mark.parametrize("factor", [0, 0.2])
def test_gradients_with_another_penalty_than_the_loss_are_wrong(tmp_path, factor):
    path = write_changed(tmp_path, NET, "+ 0.1 * layer.W", f"+ {factor} * layer.W")
    decision = judge(path).decision
    assert decision.is_right is False
    assert all(weight.startswith("net.params['W") for weight in decision.wrong)


def test_a_penalty_that_the_update_adds_accuses_no_gradients(tmp_path):
    path = write_changed(tmp_path, NET + ADDED, " + 0.1 * layer.W", "")
    assert judge(path).decision.is_right is True


EQUAL = """
import numpy as np
x, z, y = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

a = b = c = 0
for i in range(1000):
    ga = gb = gc = 0
    for j in range(4):
        ga = ga + (sigmoid(a + b * x[j] + c * z[j]) - y[j])
        gb = gb + (sigmoid(a + b * x[j] + c * z[j]) - y[j]) * x[j]
        gc = gc + (sigmoid(a + b * x[j] + c * z[j]) - y[j]) * z[j]
    a = a - 0.01 * ga
    b = b - 0.01 * gb
    c = c - 0.01 * gc
"""


def test_two_equal_weights_show_no_penalty(tmp_path):
    path = write_changed(tmp_path, EQUAL, "", "")
    assert judge(path).decision.is_right is True
    wrong = write_changed(tmp_path, EQUAL, "a = a - 0.01 * ga", "a = a - 0.02 * ga")
    assert not judge(wrong).decision.is_right
