"""A step that ignores its targets gets them where its error is computed."""

from pathlib import Path

import pytest
from reports import apply_diff
from sampling import few
from steps import FREE, diagnose, judge, write_changed

from trainer.checker.judge.decision import Fault
from trainer.checker.judge.judging import has_line
from trainer.checker.repair.ignored_targets import list_subtracted

XOR = """
import numpy as np
X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0, 1, 1, 0]]).T
W0, W1 = 2 * np.random.random((3, 4)) - 1, 2 * np.random.random((4, 1)) - 1
for i in range(60000):
    l1 = 1 / (1 + np.exp(-X.dot(W0)))
    l2 = 1 / (1 + np.exp(-l1.dot(W1)))
    loss = np.mean((l2 - y) ** 2)
    d2 = -(l2 - y) * l2 * (1 - l2)
    d1 = d2.dot(W1.T) * l1 * (1 - l1)
    W1 += l1.T.dot(d2)
    W0 += X.T.dot(d1)
"""
LINEAR = """
import numpy as np
X, t = np.random.randn(6, 3), np.random.randn(6, 2)
W1, b1, W2, b2 = np.random.randn(3, 4), np.zeros(4), np.random.randn(4, 2), np.zeros(2)
for i in range(500):
    z = np.tanh(X @ W1 + b1)
    y = z @ W2 + b2
    loss = ((y - t) ** 2).sum()
    dy = 2 * (y - t)
    dz = dy @ W2.T * (1 - z ** 2)
    W2 -= 0.01 * z.T @ dy
    b2 -= 0.01 * dy.sum(axis=0)
    W1 -= 0.01 * X.T @ dz
    b1 -= 0.01 * dz.sum(axis=0)
"""
LAYERS = (FREE / "three_layers.py").read_text()
NETS = [
    (LAYERS, "(self.out - y) / n", "self.out / n"), (XOR, "-(l2 - y) *", "-l2 *"),
    (LINEAR, "2 * (y - t)", "2 * y"),
]  # fmt: skip


@pytest.mark.parametrize(("net", "right", "wrong"), few(NETS, 2))
def test_targets_are_subtracted_from_the_outputs_at_the_line_of_the_error(
    tmp_path, net, right, wrong
):
    path = write_changed(tmp_path, net, right, wrong)
    judged = judge(path)
    assert judged.decision.fault is Fault.IGNORES
    assert has_line(judged)
    assert apply_diff(path.read_text(), diagnose(path).diff) == net


def test_a_name_that_is_set_in_an_expression_ends_no_search():
    text = "def go_back(out, y):\n    rows = [row for row in out]\n    return out / 2\n"
    changed = [candidate.text for candidate in list_subtracted(Path("net.py"), text)]
    assert text.replace("out / 2", "(out - y) / 2") in changed
