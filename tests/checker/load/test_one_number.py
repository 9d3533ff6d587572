"""An array of one number is taken as that number, which NumPy 2.4 refuses, and noted."""

import pytest

from trainer.checker.process import check_in_child

NET = """
import math
import numpy as np
X, T = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
W, b = np.random.randn(2, 1), np.zeros(1)
for epoch in range(1000):
    loss = 0
    for x, t in zip(X, T):
        y = {y}
        d = y - t
        loss -= math.log(y) if t else math.log(1 - y)
        W -= 0.1 * d * x.reshape(2, 1)
        b -= 0.1 * d
    print(loss)
"""


@pytest.mark.parametrize(
    "y", ["1 / (1 + np.exp(-float(x @ W + b)))", "1 / (1 + np.exp(-x @ W - b))"]
)
def test_what_float_and_math_are_given_may_be_an_array_of_one_number(y, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("{y}", y))
    report, _ = check_in_child(path)
    assert report.status == 0, report.as_text()
    line = 9 if "float" in y else 11
    assert f"line {line}: an array of one number is no number since NumPy 2.4" in report.as_text()


IN_AN_ARRAY = """
import numpy as np
X, T = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0]
W, b, losses = np.random.randn(2, 1), np.zeros(1), np.zeros(1000)
for epoch in range(1000):
    for x, t in zip(X, T):
        d = 1 / (1 + np.exp(-x @ W - b)) - t
        losses[epoch] {put} d**2
        W -= 0.1 * d * x.reshape(2, 1)
        b[:] = b - 0.1 * d
"""


@pytest.mark.parametrize("put", ["=", "+="])
def test_a_place_in_an_array_may_be_given_an_array_of_one_number(put, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(IN_AN_ARRAY.replace("{put}", put))
    report, _ = check_in_child(path)
    assert report.status == 0, report.as_text()
    assert report.as_text().count("since NumPy 2.4") == 1
    assert "line 8: an array of one number is no number since NumPy 2.4" in report.as_text()


def test_a_number_is_not_noted(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET.replace("{y}", "1 / (1 + np.exp(-(x @ W + b)[0]))"))
    report, _ = check_in_child(path)
    assert report.status == 0, report.as_text()
    assert "NumPy 2.4" not in report.as_text()
