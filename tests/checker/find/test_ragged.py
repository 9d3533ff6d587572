"""Weights of several layers may be one array of other arrays, or of numbers as objects."""

import numpy as np
import pytest
from steps import judge

from trainer.checker.find.leaves import list_leaves

LAYERS = """
import numpy as np
rng = np.random.default_rng(0)
sizes = [4, 5, 3]
W = np.array([rng.normal(size=pair) for pair in zip(sizes, sizes[1:])], dtype=object)
X, T = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
for epoch in range(100):
    z = np.tanh(X @ W[0])
    d = z @ W[1] - T
    slopes = np.array([X.T @ (d @ W[1].T * (1 - z ** 2)), z.T @ d], dtype=object)
    W = W - 0.1 * slopes
"""
NEURONS = """
import numpy as np
rng = np.random.default_rng(0)
weights = np.array([rng.normal(size=3), rng.normal(size=3), rng.normal(size=3)], dtype=object)
rows = [(rng.normal(size=3), float(i % 2)) for i in range(8)]
for epoch in range(100):
    for x, t in rows:
        a, b = np.tanh(float(weights[0].dot(x))), np.tanh(float(weights[1].dot(x)))
        h = np.array([1.0, a, b])
        d = weights[2].dot(h) - t
        before = weights[2].copy()
        weights[2] -= 0.1 * d * h
        weights[0] -= 0.1 * d * before[1] * (1 - a ** 2) * x
        weights[1] -= 0.1 * d * before[2] * (1 - b ** 2) * x
"""


@pytest.mark.parametrize(("text", "old"), [(LAYERS, "1 - z ** 2"), (NEURONS, "1 - a ** 2")])
def test_weights_that_are_objects_are_judged_as_others(text, old, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(text)
    assert judge(path).decision.is_right is True
    path.write_text(text.replace(old, "1"))
    assert judge(path).decision.is_right is False


def test_numbers_as_objects_are_one_leaf_that_is_set_in_place():
    weights = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=object)
    row = weights[1]
    leaf = list_leaves({"weights": weights})["weights"]
    assert leaf.as_array().dtype == float
    leaf.set(leaf.as_array() + 1)
    assert row.tolist() == [4.0, 5.0]
    assert weights.dtype == object


def test_each_array_in_an_array_is_a_leaf_of_its_own():
    parts = np.empty(2, dtype=object)
    parts[:] = [np.ones((2, 3)), np.ones(3)]
    leaves = list_leaves({"W": parts})
    assert sorted(leaves) == ["W[0]", "W[1]"]
    leaves["W[1]"].set(np.zeros(4))
    assert parts[1].shape == (4,)
