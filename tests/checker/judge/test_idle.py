"""A variable that stands for a new array loses an update only where nothing else has it."""

import pytest
from steps import judge, write_changed

from trainer.checker.judge.decision import Fault

DESCENT = """
import numpy as np
rng = np.random.default_rng(0)
A = rng.normal(size=(4, 4))
x, kept = rng.normal(size=4), []
for i in range(100):
    grad = A.T @ (A @ x)
    x = x - 0.1 * grad
"""
KEEPS = [
    "    kept.append(x)\n    x = x - 0.1 * grad\n",
    "    x = x - 0.1 * grad\n    kept.append(x)\n",
    "    x = x - 0.1 * grad\n    kept = [x]\n",
    "    x = x - 0.1 * grad\n",
]


@pytest.mark.parametrize("text", KEEPS)
def test_points_of_a_descent_may_be_kept(text, tmp_path):
    judged = judge(write_changed(tmp_path, DESCENT, "    x = x - 0.1 * grad\n", text))
    assert judged is None or judged.decision.is_right is not False


def test_the_variable_of_a_loop_loses_what_is_added_to_it(tmp_path):
    text = "    for w in weights:\n        w = w - 0.1 * grad\n"
    descent = DESCENT.replace("x, kept = ", "weights = [x := ").replace("=4), []", "=4)]")
    judged = judge(write_changed(tmp_path, descent, "    x = x - 0.1 * grad\n", text))
    assert judged.decision.fault is Fault.IDLE
