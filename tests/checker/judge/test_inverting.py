"""A step that divides by squares of its gradient, and not by their root, is wrong."""

import pytest
from steps import judge

from trainer.checker.judge.decision import Fault

NET = """
import numpy as np

rng = np.random.default_rng(0)
X, T = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
m, v = [np.zeros((3, 4)), np.zeros((4, 2))], [np.zeros((3, 4)), np.zeros((4, 2))]
for i in range(50):
    h = np.tanh(X @ W1)
    error = (h @ W2 - T) / 9
    grads = X.T @ (error @ W2.T * (1 - h**2)), h.T @ error
    for k, W in enumerate((W1, W2)):
        g = grads[k]
        {rule}
"""
RULES = {
    "AdaGrad": "v[k] += g**2; W -= 0.01 * g / ({root}(v[k]) + 1e-8)",
    "RMSprop": "v[k] = 0.9 * v[k] + 0.1 * g**2; W -= 0.01 * g / {root}(v[k] + 1e-9)",
    "Adam": "m[k] = 0.9 * m[k] + 0.1 * g; v[k] = 0.99 * v[k] + 0.01 * g**2; "
            "W -= 0.01 * m[k] / 0.1 / ({root}(v[k] / 0.01) + 1e-8)",
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_script(rule):
        path = tmp_path / "script.py"
        path.write_text(NET.format(rule=rule))
        return path

    return write_script


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_root_that_is_forgotten_is_wrong(write, rule):
    decision = judge(write(rule.format(root=""))).decision
    assert (decision.fault, set(decision.wrong)) == (Fault.INVERTED, {"W1", "W2"})


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_step_with_the_root_is_not(write, rule):
    assert judge(write(rule.format(root="np.sqrt"))).decision.is_right is True


def test_a_step_of_one_length_is_not(write):
    assert judge(write("W -= 0.01 * g / (g**2).sum()")).decision.fault is not Fault.INVERTED
