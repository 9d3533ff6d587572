"""A softmax whose derivative is taken for y (1 − y), as that of a sigmoid, is wrong by its name."""

import pytest
from reports import apply_diff
from sampling import few
from steps import FREE, diagnose, judge, write_changed

from trainer.checker.judge.decision import Fault

NET = (FREE / "three_layers.py").read_text()
ERRORS, LOSS = "dz3 = (self.out - y) / n", "-np.sum(y * np.log(out + 1e-9)) / len(y)"
DIAGONAL = "self.out * (1 - self.out)"
# The errors, and the loss that stands beside them.
WRONG = [
    (f"(self.out - y) / n * {DIAGONAL}", LOSS),
    (f"(self.out - y) / n * {DIAGONAL}", "0"),
    (f"(self.out - y) / n * {DIAGONAL}", "np.mean((out - y) ** 2)"),
    (f"-y / self.out * {DIAGONAL} / n", LOSS),
]
OF_SQUARES = "self.out * (self.out - y - ((self.out - y) * self.out).sum(axis=1, keepdims=True))"


@pytest.mark.parametrize(("errors", "loss"), few(WRONG, 2))
def test_the_diagonal_alone_is_wrong_whatever_the_loss_is(tmp_path, errors, loss):
    path = write_changed(tmp_path, NET.replace(LOSS, loss), ERRORS, f"dz3 = {errors}")
    decision = judge(path).decision
    assert decision.is_right is False
    assert decision.fault is Fault.DIAGONAL


def test_the_whole_derivative_of_squares_is_right(tmp_path):
    text = NET.replace(LOSS, "np.sum((out - y) ** 2) / 2")
    decision = judge(write_changed(tmp_path, text, ERRORS, f"dz3 = {OF_SQUARES}")).decision
    assert decision.is_right


def test_the_fix_leaves_the_slope_out_where_the_loss_is_the_cross_entropy(tmp_path):
    path = write_changed(tmp_path, NET, ERRORS, f"{ERRORS} * {DIAGONAL}")
    assert apply_diff(path.read_text(), diagnose(path).diff) == NET


SAMPLES = """
import numpy as np

class Network:
    def __init__(self, sizes, epochs, lr):
        self.sizes, self.epochs, self.lr = sizes, epochs, lr
        self.W = [np.random.randn(b, a) for a, b in zip(sizes, sizes[1:])]

    def softmax(self, x, derivative=False):
        y = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
        return y * (1 - y) if derivative else y

    def train(self, inputs, targets):
        for epoch in range(self.epochs):
            for x, t in zip(inputs, targets):
                z = np.dot(self.W[0], x)
                a = 1 / (1 + np.exp(-z))
                s = np.dot(self.W[1], a)
                error = 2 * (self.softmax(s) - t) / t.shape[0]{slope}
                hidden = np.dot(self.W[1].T, error) * a * (1 - a)
                self.W[1] -= self.lr * np.outer(error, a)
                self.W[0] -= self.lr * np.outer(hidden, x)
"""


@pytest.mark.parametrize(("slope", "fault"), [("", None), (" * D", Fault.DIAGONAL)])
def test_one_sample_at_a_time_shows_it_too(tmp_path, slope, fault):
    slope = slope.replace("D", "self.softmax(s, derivative=True)")
    decision = judge(write_changed(tmp_path, SAMPLES, "{slope}", slope)).decision
    assert decision.fault is fault
    assert decision.is_right is (fault is None)
