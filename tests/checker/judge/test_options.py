"""A net is judged with each activation that it offers, and prepared as its methods ask for."""

import ast

import numpy as np
import pytest
from steps import find_messages, judge

from trainer.checker.find.options import list_options

NET = """
import numpy as np

class Net:
    def __init__(self, sizes, activation="sigmoid"):
        if activation == "sigmoid":
            self.h = lambda x: 1 / (1 + np.exp(-x))
            self.slope = lambda a: a * (1 - a)
        elif activation == "tanh":
            self.h = np.tanh
            self.slope = lambda a: 1 - {tanh} ** 2
        self.W = [np.random.randn(m, n) for m, n in zip(sizes[:-1], sizes[1:])]

    def fit(self, X, y, lr=0.1, epochs=10):
        for _ in range(epochs):
            a = [X]
            for W in self.W:
                a.append(self.h(a[-1] @ W))
            delta = (a[-1] - y) * self.slope(a[-1])
            for i in reversed(range(len(self.W))):
                grad = a[i].T @ delta
                delta = (delta @ self.W[i].T) * self.slope(a[i])
                self.W[i] -= lr * grad
"""
SETUP = """
import numpy as np

class Net:
    def __init__(self):
        self.W1 = self.W2 = None

    def setup(self, n_in, n_hidden, n_out):
        self.W1 = np.random.randn(n_in, n_hidden)
        self.W2 = np.random.randn(n_hidden, n_out)

    def train(self, X, t, lr=0.1, epochs=10):
        for _ in range(epochs):
            z = np.tanh(X @ self.W1)
            y = z @ self.W2
            dy = y - t
            dW2, dz = z.T @ dy, dy @ self.W2.T * (1 - z{power})
            self.W1 -= lr * X.T @ dz
            self.W2 -= lr * dW2
"""


@pytest.fixture
def write(tmp_path):
    def write_text(text):
        path = tmp_path / "net.py"
        path.write_text(text)
        return path

    return write_text


def test_a_derivative_of_another_activation_is_wrong_and_that_one_is_named(write):
    path = write(NET.replace("{tanh}", "np.tanh(a)"))
    assert judge(path).decision.is_right is False
    assert "activation='tanh'" in find_messages(path)[0]


def test_an_activation_that_no_text_names_is_tried_by_the_name_of_its_function(write):
    text = NET.replace("{tanh}", "np.tanh(a)").replace('elif activation == "tanh":', "else:")
    path = write(text + "\n    def tanh(self, x):\n        return np.tanh(x)\n")
    assert judge(path).step.option == "activation='tanh'"


def test_a_net_that_is_right_with_each_activation_is_right(write):
    assert judge(write(NET.replace("{tanh}", "a"))).decision.is_right is True


def test_a_script_that_trains_with_one_activation_is_judged_with_the_other(write):
    use = "\nX, y = np.random.rand(8, 3), np.random.rand(8, 2)\nNet([3, 4, 2]).fit(X, y)\n"
    path = write(NET.replace("{tanh}", "np.tanh(a)") + use)
    assert judge(path).step.option == "activation='tanh'"


def test_a_function_takes_the_place_of_a_function_with_as_many_arguments():
    def relu(x):
        return np.maximum(x, 0)

    def tanh(x):
        return np.tanh(x)

    def sigmoid(x, is_derivative):
        return x

    functions = {f.__name__: f for f in (relu, tanh, sigmoid)}
    module = {"__name__": __name__, **functions}
    found = list_options([], {"activation": relu, "rate": 0.1}, module, ast.parse(""))
    assert found == [{"activation": tanh}]


@pytest.mark.parametrize(("power", "is_right"), [(" ** 2", True), ("", False)])
def test_a_method_that_sets_what_training_reads_is_called_before(power, is_right, write):
    assert judge(write(SETUP.replace("{power}", power))).decision.is_right is is_right


WORDS = NET.replace("activation", "kind").replace('"sigmoid"', '"sig"')


@pytest.mark.parametrize(("tanh", "option"), [("a", ""), ("np.tanh(a)", "kind='tanh'")])
def test_what_is_compared_with_an_activation_chooses_one(tanh, option, write):
    use = "\nX, y = np.random.rand(8, 3), np.random.rand(8, 2)\nNet([3, 4, 2], 'sig').fit(X, y)\n"
    assert judge(write(WORDS.replace("{tanh}", tanh) + use)).step.option == option
