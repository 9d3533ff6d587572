"""Arguments of any name get values with which a call comes farthest."""

import pytest
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


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (LAYERS, "1 - self.out ** 2", "1 - self.out"),
        (FUNCTION, "1 - z ** 2", "1 - z"),
        (PAIR, "1 - z ** 2", "1 - z"),
    ],
)
def test_layers_objects_counts_and_weights_of_the_module_are_given(tmp_path, text, old, new):
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
