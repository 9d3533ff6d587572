"""What an update does with right gradients is corrected in its own line, and keeps its momentum."""

import pytest
from steps import diagnose, judge, write_changed

from trainer.checker.judge.decision import Fault

START = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
W1, b1, W2, b2 = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 2)), np.zeros(2)
v1, v2 = np.zeros((3, 5)), np.zeros((5, 2))
for i in range(100):
    h = np.tanh(X @ W1 + b1)
    y = h @ W2 + b2
    d = (y - T) / len(X)
    dh = d @ W2.T * (1 - h ** 2)
    dW2 = h.T @ d
    db2 = d.sum(axis=0)
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)
"""
DECAY = f"""{START}
    W1 += -0.1 * dW1 - 0.01 * W1
    b1 += -0.1 * db1
    W2 += -0.1 * dW2 - 0.01 * W2
    b2 += -0.1 * db2
"""
PLAIN = f"""{START}
    W1 -= 0.1 * dW1
    b1 -= 0.1 * db1
    W2 -= 0.1 * dW2
    b2 -= 0.1 * db2
"""
MOMENTUM = f"""{START}
    v1 = 0.9 * v1 - 0.1 * dW1
    v2 = 0.9 * v2 - 0.1 * dW2
    W1 += v1
    W2 += v2
    b1 -= 0.1 * db1
    b2 -= 0.1 * db2
"""


def list_lines(found):
    """Return the lines that a fix takes away and those that it adds, without their indents."""
    lines = [line for line in found.diff.splitlines() if line[1:2] == " "]
    return [line[0] + line[1:].strip() for line in lines]


@pytest.mark.parametrize("text", [DECAY, PLAIN, MOMENTUM])
def test_the_right_updates_are_right(text, tmp_path):
    assert judge(write_changed(tmp_path, text, "rng =", "rng =")).decision.is_right is True


def test_a_penalty_of_the_wrong_sign_on_one_of_two_weights_is_turned(tmp_path):
    path = write_changed(tmp_path, DECAY, "- 0.01 * W1", "+ 0.01 * W1")
    decision = judge(path).decision
    assert (decision.fault, decision.wrong) == (Fault.PENALTY_SIGN, ["W1"])
    wrong, right = "W1 += -0.1 * dW1 + 0.01 * W1", "W1 += -0.1 * dW1 - 0.01 * W1"
    assert list_lines(diagnose(path)) == [f"-{wrong}", f"+{right}"]


def test_gradients_that_take_the_place_of_the_weights_are_subtracted(tmp_path):
    path = write_changed(tmp_path, PLAIN, "-= 0.1 * d", "= -0.1 * d")
    assert judge(path).decision.fault is Fault.REPLACES
    added = [line for line in list_lines(diagnose(path)) if line[0] == "+"]
    assert added == [f"+{name} += -0.1 * d{name}" for name in ("W1", "b1", "W2", "b2")]


def test_a_fix_keeps_the_momentum(tmp_path):
    found = diagnose(write_changed(tmp_path, MOMENTUM, "W2 += v2", "W2 -= v2"))
    assert list_lines(found) == ["-W2 -= v2", "+W2 += v2"]
