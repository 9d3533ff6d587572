"""Updates that are lost, and gradients that add up, get the line that does so, and a fix."""

import pytest
from steps import TORCH, diagnose, judge

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


VALUES = """
import numpy as np
class Layer:
    def __init__(self, n, m):
        self.W, self.grad = np.random.randn(n, m), np.zeros((n, m))
    def forward(self, x):
        self.x = x
        return x @ self.W
    def step(self):
        self.W -= 0.1 * self.grad
    def zero_grad(self):
        self.grad = np.zeros_like(self.W)
class Net:
    def __init__(self):
        self.layer = Layer(3, 2)
    def forward(self, x, t):
        self.error = (self.layer.forward(x) - t) / len(x)
        return 0.5 * len(x) * (self.error ** 2).sum()
    def backward(self):
        self.layer.grad += self.layer.x.T @ self.error
np.random.seed(0)
net, X, T = Net(), np.random.randn(8, 3), np.random.randn(8, 2)
for i in range(100):
    net.layer.zero_grad()
    net.forward(X, T)
    net.backward()
    net.layer.step()
"""


@pytest.mark.parametrize(
    ("text", "line", "added"),
    [
        (TORCH, 10, "    optimizer.zero_grad()"), (VALUES, 25, "    net.layer.zero_grad()"),
    ],
    ids=["torch", "numpy"],
)  # fmt: skip
def test_gradients_that_nothing_resets_are_set_to_0_before_they_are_added_to(
    text, line, added, tmp_path
):
    path = tmp_path / "net.py"
    assert text.count(added) == 1
    path.write_text(text.replace(f"{added}\n", ""))
    found = diagnose(path)
    assert found.line == line
    assert f"+{added}\n" in found.diff
