"""What a file trains after a net that is right is judged too."""

import pytest
from reports import apply_diff
from sampling import few

from trainer.checker.find.programs import PASSED, Script
from trainer.checker.process import check_in_child

TWO = """
import numpy as np
rng = np.random.default_rng(0)
X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
AND, XOR = np.array([[0.0], [0], [0], [1]]), np.array([[0.0], [1], [1], [0]])

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

class Neuron:
    def __init__(self):
        self.w, self.b = rng.normal(size=(2, 1)), np.zeros(1)

    def train(self, x, t, epochs):
        for epoch in range(epochs):
            d = sigmoid(x @ self.w + self.b) - t
            self.w -= 0.1 * x.T @ d
            self.b -= 0.1 * d.sum(axis=0)

class Net:
    def __init__(self):
        self.W1, self.b1 = rng.normal(size=(2, 4)), np.zeros(4)
        self.W2, self.b2 = rng.normal(size=(4, 1)), np.zeros(1)

    def train(self, x, t, epochs, momentum=0.0):
        v = np.zeros_like(self.W1)
        for epoch in range(epochs):
            a = sigmoid(x @ self.W1 + self.b1)
            d = sigmoid(a @ self.W2 + self.b2) - t
            h = d @ self.W2.T * a * (1 - a)
            self.W2 -= 0.1 * a.T @ d
            self.b2 -= 0.1 * d.sum(axis=0)
            if momentum:
                v = momentum * v - 0.1 * x.T @ h
                self.W1 += v
            else:
                self.W1 -= 0.1 * x.T @ h
            self.b1 -= 0.1 * h.sum(axis=0)

Neuron().train(X, AND, 60_000)
net = Net()
net.train(X, XOR, 60_000)
net.train(X, XOR, 60_000, momentum=0.9)
"""
HIDDEN, PLAIN, VELOCITY = "@ self.W2.T * a * (1 - a)", "self.W1 -= 0.1", "self.W1 += v"
# What is right, and a mistake in its place.
LATER = [(HIDDEN, "@ self.W2.T * a"), (PLAIN, "self.W1 += 0.1"), (VELOCITY, "self.W1 -= v")]


def check(tmp_path, text):
    (path := tmp_path / "net.py").write_text(text)
    return check_in_child(path)[0]


def test_trainings_that_are_all_right_are_right(tmp_path):
    assert check(tmp_path, TWO).status == 0


@pytest.mark.parametrize(("right", "wrong"), few(LATER, 2))
def test_a_later_training_that_is_wrong_is_found_with_its_fix(tmp_path, right, wrong):
    text = TWO.replace(right, wrong)
    report = check(tmp_path, text)
    assert report.status == 1, report.as_text()
    assert "the loop at line 27" in report.as_text()
    assert apply_diff(text, report.diagnosis["diff"]) == TWO


def test_a_later_training_about_which_nothing_is_known_is_named_as_not_checked(tmp_path):
    text = TWO.replace("d = sigmoid(a @ self.W2 + self.b2) - t", "d = np.sin(a @ self.W2 * t) * t")
    report = check(tmp_path, text)
    assert report.status == 0, report.as_text()
    assert "not checked: a round of the loop at line 27" in " ".join(report.as_text().split())


def test_each_later_training_is_followed_until_none_is_left(tmp_path):
    (path := tmp_path / "net.py").write_text(TWO)
    script = Script(path)
    script.follow()
    lines = [[step.line for step in script.get_program(-PASSED * k)()][:1] for k in (1, 2, 3)]
    assert lines == [[27], [27], []]


def test_loops_of_a_module_that_is_imported_train_nothing_of_the_file(tmp_path):
    (tmp_path / "series.py").write_text(
        "def compute_e(terms):\n    e, term = 0.0, 1.0\n    for n in range(1, terms):\n"
        "        e += term\n        term /= n\n    return e\n\nE = compute_e(20)\n\n"
        "def sigmoid(z):\n    return 1 / (1 + E ** -z)\n"
    )
    start = TWO.index("Neuron()")
    (tmp_path / "train.py").write_text(f"from net import *\n\n{TWO[start:]}")
    own = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"
    text = TWO[:start].replace(own, "from series import sigmoid\n")
    assert text != TWO[:start]
    report = check(tmp_path, text)
    assert report.status == 0, report.as_text()
    assert "training step" in report.as_text()
