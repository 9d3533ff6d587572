"""A step is run with few samples only where it then still trains."""

from pathlib import Path

import numpy as np
import pytest
from steps import judge

from trainer.checker.find.leaves import list_leaves
from trainer.checker.find.programs import Script
from trainer.checker.find.shortening import FEW, _may_shrink

BATCHES = """
import numpy as np
np.random.seed(0)
X, t = np.random.randn(150, 3), np.random.randn(150, 2)
W, b = np.random.randn(3, 2), np.zeros(2)
for epoch in range(9):
    order = np.random.permutation(150)
    for i in range(0, 150, 16):
        chosen = order[i : i + 16]
        x, target = X[chosen], t[chosen]
        y = x @ W + b
        dy = (y - target) / len(y)
        size = np.sqrt((dy**2).sum())
        W -= 0.1 * x.T @ dy
        b -= 0.1 * dy.sum(axis=0)
"""


def test_the_second_batch_is_not_empty(tmp_path):
    path = Path(tmp_path, "net.py")
    path.write_text(BATCHES)
    line = BATCHES[: BATCHES.index("for i in")].count("\n") + 1
    assert {step.line for step in Script(path).follow()} == {line}


def test_weights_have_leaves_beside_data_of_many_lists():
    data = [([float(n), 1.0], [0.0]) for n in range(300)]
    found = list_leaves({"w": [[0.5, 1.0], [2.0, 3.0]], "b": [0.0, 1.0], "data": data})
    assert {"w", "b"} <= {path.split("[")[0] for path in found}


CLASSES = """
import numpy as np
rng = np.random.default_rng(0)
X, t = rng.normal(size=(200, 3)), rng.integers(0, 5, 200)
W, b = rng.normal(size=(3, 5)), np.zeros(5)
for i in range(100):
    rows = rng.choice(len(X), 40)
    x, target = X[rows], t[rows]
    y = np.exp(x @ W + b)
    y /= y.sum(axis=1, keepdims=True)
    dy = y.copy()
    dy[np.arange(40), target] -= 1
    W -= 0.1 * x.T @ dy / 40
    b -= 0.1 * dy.mean(axis=0)
"""


def test_the_samples_are_never_as_many_as_the_classes(tmp_path):
    path = Path(tmp_path, "net.py")
    path.write_text(CLASSES)
    decision = judge(path).decision
    assert decision.is_right is True
    assert len(decision.model.base.before["t"]) != 5


RECORDS = """
import numpy as np
rng = np.random.default_rng(0)
data = [([float(n) / 300, 1.0], n % 2) for n in range(300)]
w = [0.1, -0.2]
for epoch in range(9):
    grad = [0.0, 0.0]
    for x, t in data:
        for _ in range(40):
            y = w[0] * x[0] + w[1] * x[1]
        error = y - t
        grad = [grad[0] + error * x[0], grad[1] + error * x[1]]
    w = [w[0] - 0.1 * grad[0] / len(data), w[1] - 0.1 * grad[1] / len(data)]
"""


@pytest.mark.parametrize("target", ["n % 2", "1"])
def test_a_list_of_records_is_cut_where_a_step_computes_too_much(target, tmp_path):
    path = Path(tmp_path, "net.py")
    path.write_text(RECORDS.replace("n % 2", target))
    judged = judge(path)
    assert judged.decision.is_right
    assert len(judged.step.get_names()["data"]) == FEW


def test_weights_of_a_recurrent_layer_keep_their_sizes():
    layer = pytest.importorskip("torch").nn.LSTM(8, 24)
    leaves = list_leaves({"layer": layer, "rows": np.zeros((96, 3))})
    assert [path for path, leaf in leaves.items() if _may_shrink(leaf)] == ["rows"]
