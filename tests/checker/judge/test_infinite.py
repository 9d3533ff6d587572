"""Weights that one step makes infinite, or no numbers, are wrong where no data are the reason."""

import pytest
from steps import find_messages, judge

from trainer.checker.judge.decision import Fault

ADAM = """
import numpy as np

rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W, m, v, t = rng.normal(size=(3, 2)), np.zeros((3, 2)), np.zeros((3, 2)), 0
for i in range(50):
    t = t + 1
    grad = X.T @ (X @ W - T) / 9
    m = 0.9 * m + 0.1 * grad
    v = 0.99 * v + 0.01 * grad**2
    W = W - 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
"""


@pytest.fixture
def write(tmp_path):
    def write_script(old="", new=""):
        assert old in ADAM
        path = tmp_path / "script.py"
        path.write_text(ADAM.replace(old, new, 1))
        return path

    return write_script


def test_a_round_that_is_not_counted_divides_by_zero(write):
    path = write("    t = t + 1\n")
    decision = judge(path).decision
    assert (decision.fault, decision.wrong) == (Fault.INFINITE, ["W"])
    assert "first in line 11" in find_messages(path)[0]


def test_a_round_that_is_counted_does_not(write):
    assert judge(write()).decision.is_right is True


def test_data_that_are_too_large_are_no_mistake_of_the_step(write):
    path = write("X, T = rng.normal", "X, T = 1e200 * rng.normal")
    judged = judge(path)
    assert judged is None or judged.decision.fault is not Fault.INFINITE


def test_an_array_that_is_infinite_in_part_may_be_meant_to_be(write):
    path = write("    t = t + 1\n", "    t = t + 1\n    mask[0] = -np.inf\n")
    path.write_text(path.read_text().replace("for i in", "mask = np.zeros(4)\nfor i in"))
    assert judge(path).decision.is_right is True


def test_a_table_that_is_both_means_of_adam_gives_roots_of_negative_numbers(write):
    path = write("    v = 0.99 * v", "    v = 0.99 * m")
    path.write_text(path.read_text().replace("default_rng(0)", "default_rng(1)"))
    assert judge(path).decision.fault is Fault.INFINITE
