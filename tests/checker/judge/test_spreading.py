"""Errors of each output less every target are wrong, and differences of pairs are none of them."""

import pytest
from steps import judge

from trainer.checker.judge.decision import Fault

LINE = """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=20)
y = (3 * x + 1).reshape(-1, 1)
w, b = 0.0, 0.0
for i in range(100):
    error = w * x + b - y
    w -= 0.1 * np.mean(error * x)
    b -= 0.1 * np.mean(error)
"""


@pytest.mark.parametrize(("shape", "fault"), [(".reshape(-1, 1)", Fault.SPREAD), ("", None)])
def test_an_output_less_every_target_is_wrong(tmp_path, shape, fault):
    (path := tmp_path / "net.py").write_text(LINE.replace(".reshape(-1, 1)", shape))
    decision = judge(path).decision
    assert (decision.is_right, decision.fault) == (fault is None, fault)
