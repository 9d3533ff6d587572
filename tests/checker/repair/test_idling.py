"""A step that computes gradients and keeps all weights gets the line that loses them, and a fix."""

import pytest
from steps import judge

from trainer.checker.diagnose.counting import Count
from trainer.checker.judge.decision import Fault
from trainer.checker.repair.repairing import CHANGES, diagnose_step
from trainer.checker.repair.surveying import StepRequest

HEAD = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
params = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))]
def gradients(params, X, T):
    z = np.tanh(X @ params[0])
    dy = z @ params[1] - T
    return [X.T @ (dy @ params[1].T * (1 - z**2)), z.T @ dy]
"""
LOST = """
for i in range(100):
    for p, d in zip(params, gradients(params, X, T)):
        p = p - 0.1 * d
"""


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (LOST, "p = p - 0.1 * d", "p -= 0.1 * d"),
        (LOST.replace("- 0.1", "+ -0.1"), "p = p + -0.1 * d", "p += -0.1 * d"),
    ],
)
def test_an_update_that_is_lost_is_kept(text, old, new, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(HEAD + text)
    judged = judge(path)
    assert judged.decision.fault is Fault.IDLE
    found = diagnose_step(StepRequest(path, *judged.step.place), Count(CHANGES))
    assert found.code.strip() == old
    assert found.diff.endswith(f"-        {old}\n+        {new}\n")
