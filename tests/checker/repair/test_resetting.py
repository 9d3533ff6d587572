"""A step that adds its gradients to those of the steps before gets the line that is missing."""

import pytest
from steps import diagnose

SCRIPT = """
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
X, y = torch.randn(9, 4), torch.arange(9) % 3
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i in range(100):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
"""
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
        (SCRIPT, 10, "    optimizer.zero_grad()"), (VALUES, 25, "    net.layer.zero_grad()"),
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
