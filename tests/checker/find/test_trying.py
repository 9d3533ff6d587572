"""Arguments of any name get values with which a call comes farthest."""

import pytest
from sampling import few
from steps import judge

LAYERS = """
import numpy as np

class Dense:
    def __init__(self, rows, columns):
        self.W = np.random.randn(rows, columns)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout, rate):
        before = self.W.copy()
        self.W -= rate * self.x.T @ dout
        return dout @ before.T

class Bend:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout, rate):
        return dout * (1 - self.out ** 2)

class Squares:
    def slope(self, y, t):
        return (y - t) / len(t)

class Stack:
    def __init__(self, parts, criterion):
        self.parts, self.criterion = parts, criterion

    def train(self, x, t, rate, inner_loops):
        for _ in range(inner_loops):
            out = x
            for part in self.parts:
                out = part.forward(out)
            dout = self.criterion.slope(out, t)
            for part in reversed(self.parts):
                dout = part.backward(dout, rate)
"""
FUNCTION = """
import numpy as np
np.random.seed(0)
V, W = np.random.randn(5, 4), np.random.randn(4, 3)
bv, bw = np.zeros(4), np.zeros(3)

def train(x, t, V, W, bv, bw):
    z = np.tanh(x @ V + bv)
    y = z @ W + bw
    delta = (y - t) / len(x)
    inner = delta @ W.T * (1 - z ** 2)
    grads = x.T @ inner, z.T @ delta, inner.sum(axis=0), delta.sum(axis=0)
    for weight, gradient in zip((V, W, bv, bw), grads):
        weight -= 0.1 * gradient
"""

PAIR = FUNCTION.replace("(x, t, V, W, bv, bw)", "(data, V, W, bv, bw)").replace(
    "    z =", "    x, t = data\n    z =", 1
)


ARGUMENTS = """
import numpy as np

def train(X, Y, W1, b1, W2, b2, rate=0.1):
    for i in range(100):
        A = np.tanh(W1 @ X + b1)
        dZ = (W2 @ A + b2 - Y) / X.shape[1]
        dA = W2.T @ dZ * (1 - A ** 2)
        W2, b2 = W2 - rate * dZ @ A.T, b2 - rate * dZ.sum(axis=1, keepdims=True)
        W1, b1 = W1 - rate * dA @ X.T, b1 - rate * dA.sum(axis=1, keepdims=True)
    return W1, b1, W2, b2
"""
ADDED = """
import numpy as np

class Net:
    def __init__(self, input_size):
        self.layers, self.size = [], input_size

    def add_layer(self, units, scale=1.0):
        self.layers.append(scale * np.random.randn(self.size, units))
        self.size = units

    def train(self, x, t, rate):
        outputs = [x]
        for W in self.layers:
            outputs.append(np.tanh(outputs[-1] @ W))
        error = outputs[-1] - t
        for i in range(len(self.layers) - 1, -1, -1):
            delta = error * (1 - outputs[i + 1] ** 2)
            error = delta @ self.layers[i].T
            self.layers[i] -= rate * outputs[i].T @ delta
"""


@pytest.mark.parametrize(
    ("text", "old", "new"),
    few(
        [
            (ARGUMENTS, "1 - A ** 2", "1 - A"),
            (ADDED, "1 - outputs[i + 1] ** 2", "1 - outputs[i + 1]"),
            (LAYERS, "1 - self.out ** 2", "1 - self.out"),
            (FUNCTION, "1 - z ** 2", "1 - z"),
            (PAIR, "1 - z ** 2", "1 - z"),
        ],
        2,
    ),
)
def test_layers_objects_counts_and_weights_are_given(tmp_path, text, old, new):
    path = tmp_path / "net.py"
    path.write_text(text)
    assert judge(path).decision.is_right is True
    path.write_text(text.replace(old, new))
    assert judge(path).decision.is_right is False


def test_what_a_missing_module_would_give_is_not_asked_for_arguments(tmp_path):
    path = tmp_path / "net.py"
    path.write_text("from lost import prepare\n" + LAYERS + "\ndef main():\n    prepare(4)\n")
    assert judge(path).decision.is_right is True


def test_no_channel_of_the_process_is_opened_as_a_file(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(FUNCTION.replace("bv, bw):", "bv, bw, seen):\n    open(seen).read()"))
    assert judge(path) is None
    with open(1, "w", closefd=False):  # which is still there
        pass
