"""A loop that stores its steps in arrays of whole numbers changes nothing, and that is reported."""

import pytest

from trainer.checker.process import check_in_child

LOOP = """
import numpy as np
X = np.random.RandomState(0).randn(4, 2)
t = np.array([0, 1, 1, 1])
w = np.array([0, 0, 0])
for epoch in range(20):
    total = 0
    for i in range(4):
        x = np.append(X[i], 1)
        error = t[i] - x @ w
        for j in range(3):
            w[j] = w[j] + 0.1 * error * x[j]
        total += error ** 2
"""
METHOD = """
import numpy as np
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
T = np.array([[0, 0], [0, 1], [0, 1], [1, 1]])

class Net:
    def __init__(self):
        self.W = np.random.RandomState(0).randn(2, 2)

    def teach(self, x, target):
        y = 1 / (1 + np.exp(-self.W @ x))
        delta = np.zeros_like(target)
        for i in range(2):
            delta[i] = (y[i] - target[i]) * y[i] * (1 - y[i])
        self.W -= np.outer(delta, x)
        return 0.5 * np.sum((y - target) ** 2)

net = Net()
for epoch in range(50):
    error = sum(net.teach(x, t) for x, t in zip(X, T))
"""


@pytest.mark.parametrize(
    ("text", "line", "name"), [(LOOP, 12, "w is"), (METHOD, 14, "delta is an array of whole")]
)
def test_what_keeps_no_decimals_is_named_with_its_line(tmp_path, text, line, name):
    (path := tmp_path / "net.py").write_text(text)
    report, _ = check_in_child(path, hints=1)
    (finding,) = report.wrong_findings
    assert finding.line == line
    assert name in finding.message


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [(LOOP, "np.array([0, 0, 0])", "np.zeros(3)"), (METHOD, "(target)\n", "(target, float)\n")],
)
def test_the_same_loop_with_floats_is_right(tmp_path, text, old, new):
    assert old in text
    (path := tmp_path / "net.py").write_text(text.replace(old, new))
    assert check_in_child(path)[0].status == 0
