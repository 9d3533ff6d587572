"""What a report says of a file that is open: why, and what its author can do."""

import re

import pytest

from trainer.checker.process import check_in_child

NET = """
import numpy as np

class Network:
    def __init__(self, loader):
        self.first = loader.weights

    def train(self, x, t):
        self.first -= x.T @ (x @ self.first - t)
"""
UNKNOWN = """
import numpy as np
rng = np.random.default_rng(0)
x, t = rng.random((6, 3)), rng.random((6, 2))
w, b = rng.random((3, 2)), rng.random(2)
for i in range(100):
    y = np.tanh(x @ w + b)
    w[:] = np.round(w + 0.1 * x.T @ (t - y), 1)
    b[:] = np.round(b + 0.1 * (t - y).sum(axis=0), 1)
"""
MAKE = "Add lines that make the net and train it on a few samples, and check again"


def report_on(folder, text, **others):
    """Return the report on net.py, beside the other files."""
    for name, other in others.items():
        (folder / f"{name}.py").write_text(other)
    (folder / "net.py").write_text(text)
    return check_in_child(folder / "net.py")[0]


def test_a_net_that_cannot_be_made_is_open_for_what_its_class_raised(tmp_path):
    report = report_on(tmp_path, NET)
    error = r"it was called with small arrays, and Network\S* raised \w+: .* \(line 9\)\. Add"
    assert report.status == 2
    assert re.match(error, report.stopped)
    assert report.stopped.endswith(MAKE)
    assert "store it under that name" not in report.as_text()


def test_a_file_without_a_net_is_asked_for_lines_that_train(tmp_path):
    report = report_on(tmp_path, "x = 1\n")
    assert report.stopped == f"no code that trains was found. {MAKE}"


@pytest.mark.parametrize(
    "line", ["from net import Network\n", "import numpy as np, net\n", "    from .net import *\n"]
)
def test_the_files_that_use_it_are_named(line, tmp_path):
    script = line if line[0] != " " else f"def main():\n{line}"
    report = report_on(tmp_path, NET, train=script, other="# from net import Network\n")
    assert report.stopped.endswith("Check what uses it: train.py")


def test_a_step_without_a_known_loss_is_open_for_that(tmp_path):
    report = report_on(tmp_path, UNKNOWN)
    assert report.status == 2
    assert "no loss was found that a round of the loop at line 6 goes down" in report.stopped


VALUE = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0.0

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        return out

    def backward(self):
        self.grad = 1.0
        for parent in self.parents:
            parent.backward()
"""


def test_a_name_of_the_place_of_a_call_is_no_obstacle(tmp_path):
    report = report_on(tmp_path, VALUE)
    assert report.status == 2
    assert "NameError" not in report.stopped


SCRIPT = """
import numpy as np
from net import slope
x, t = np.random.randn(6, 3), np.random.randn(6, 2)
W1, W2 = np.random.randn(3, 4), np.random.randn(4, 2)
for i in range(100):
    h = np.tanh(x @ W1)
    d = h @ W2 - t
    W1, W2 = W1 - 0.01 * x.T @ (d @ W2.T * slope(h, 1)), W2 - 0.01 * h.T @ d
"""


def test_what_is_wrong_as_another_file_uses_it_is_said_and_held_against_nobody(tmp_path):
    slope = "def slope(h, n):\n    return 1 - h**{}\n"
    assert report_on(tmp_path, slope.format(2), train=SCRIPT).status == 0
    report = report_on(tmp_path, slope.format(3), train=SCRIPT)
    assert report.status == 2
    step = "a round of the loop at train.py, line 6"
    assert report.stopped == f"{step}, which uses it, is wrong in W1: check train.py"
