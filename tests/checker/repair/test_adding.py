"""An update that a step lacks is written as those of other weights are."""

import pytest
from steps import FREE, diagnose

from trainer.checker.process import check_in_child

XOR = (FREE / "xor_script.py").read_text().replace("syn0", "first").replace("syn1", "last")
BARS = (FREE / "autoencoder.py").read_text()


@pytest.mark.parametrize(
    ("text", "update"),
    [
        (XOR, "    first += l0.T.dot(l1_delta)\n"),
        (BARS, "    hidden_bias += 0.1 * back.mean(axis=0)\n"),
    ],
)
def test_a_weight_that_is_left_is_updated_by_its_own_gradient(text, update, tmp_path):
    assert update in text
    (tmp_path / "net.py").write_text(text.replace(update, ""))
    report, _ = check_in_child(tmp_path / "net.py", timeout=60)
    added = [line for line in report.diagnosis["diff"].splitlines() if line.startswith("+    ")]
    assert len(added) == 1
    assert added[0].startswith("+" + update.split("=")[0])


LACKING = """
import numpy as np
np.random.seed(0)
X, Y = np.random.randn(12, 3), np.random.randn(12, 2)
n, m = X.shape
W1, b1, W2, b2 = np.random.randn(3, 5), np.zeros((1, 5)), np.random.randn(5, 2), np.zeros((1, 2))
def relu(v): return v * (v > 0)
def predict(data):
    hidden = relu(data @ W1)
    return hidden, hidden @ W2 + b2
for epoch in range(500):
    hidden, out = predict(X)
    d = 2 * (out - Y) / len(X)
    e = d @ W2.T
    e[hidden <= 0] = 0
    W2 -= 0.1 * hidden.T @ d
    b2 -= 0.1 * d.sum(axis=0, keepdims=True)
    W1 -= 0.1 * X.T @ e
    b1 += 0.1 * e.sum(axis=0, keepdims=True)
"""


def test_a_bias_that_nothing_uses_is_added_where_more_is_wrong(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(LACKING)
    found = diagnose(path)
    assert (found.line, found.left) == (9, ())
    assert "+    hidden = relu(data @ W1 + b1)\n" in found.diff
    assert "+    b1 -= 0.1 * e.sum(axis=0, keepdims=True)\n" in found.diff
