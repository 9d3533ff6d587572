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


HIDDEN = """
import numpy as np
rng = np.random.default_rng(1)
X, t = rng.normal(size=(16, 5)), rng.integers(0, 4, 16)
W, b = [rng.normal(size=s) for s in ((5, 6), (6, 5), (5, 4))], [np.zeros(n) for n in (6, 5, 4)]
class Adam:
    def __init__(self): self.m, self.v, self.t = {}, {}, 0
    def step(self, params, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = 0.9 * self.m.get(i, 0 * p) + 0.1 * g
            self.v[i] = 0.99 * self.v.get(i, 0 * p) + 0.01 * g ** 2
            p -= 0.01 * self.m[i] / (1 - 0.9 ** self.t) / (
                np.sqrt(self.v[i] / (1 - 0.99 ** self.t)) + 1e-8)
adam = Adam()
for i in range(100):
    a = [X]
    for k in range(3):
        z = a[-1] @ W[k] + b[k]
        a.append(z * (z > 0) if k < 2 else z)
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.log(y[np.arange(16), t]).mean()
    d, grads = (y - np.eye(4)[t]) / 16, []
    for k in (2, 1, 0):
        grads += [d.sum(axis=0), a[k].T @ d]
        d = d @ W[k].T * (a[k] > 0)
    adam.step([p for k in (2, 1, 0) for p in (b[k], W[k])], grads)
"""


def test_an_adam_that_has_no_state_before_its_first_step_is_not_accused(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(HIDDEN)
    assert judge(path).decision.is_right is True
