"""Weights that go down another loss than the others, or one at rates that vary."""

import pytest
from steps import find_messages, judge, write_changed

NEURON = """
import numpy as np
rng = np.random.default_rng(0)
X, w, b = rng.normal(size=(5, 3)), rng.normal(size=3), 0.1
t = X @ np.array([1.0, -1.0, 0.5])
for epoch in range(100):
    y = X @ w + b
    error = y - t
    w -= 0.02 * X.T @ error
    b -= 0.02 * error.sum()
"""
UNITS = """
import math
w1, w2, w3, w4, w5, w6, b1, b2, b3 = .3, -.2, .4, .1, -.5, .6, .1, -.1, .2
def sigmoid(a): return 1 / (1 + math.exp(-a))
samples = [(.5, -.4, 1), (.2, .7, 0), (-.3, .1, 1), (.8, .6, 0)]
for epoch in range(100):
    for u, v, t in samples:
        h1, h2 = sigmoid(w1 * u + w2 * v + b1), sigmoid(w3 * u + w4 * v + b2)
        y = sigmoid(w5 * h1 + w6 * h2 + b3)
        delta = -2 * (t - y) * y * (1 - y)
        d1, d2 = delta * w5 * h1 * (1 - h1), delta * w6 * h2 * (1 - h2)
        w1 -= 0.1 * d1 * u
        w2 -= 0.1 * d1 * v
        b1 -= 0.1 * d1
        w3 -= 0.1 * d2 * u
        w4 -= 0.1 * d2 * v
        b2 -= 0.1 * d2
        w5 -= 0.1 * delta * h1
        w6 -= 0.1 * delta * h2
        b3 -= 0.1 * delta
"""


@pytest.mark.parametrize("gradient", ["error.sum()", "0.5 * error.sum()"])
def test_a_number_may_go_down_at_a_rate_of_its_own(tmp_path, gradient):
    path = write_changed(tmp_path, NEURON, "error.sum()", gradient)
    assert judge(path).decision.is_right is not False


def test_a_bias_that_goes_down_at_a_rate_that_varies_is_wrong(tmp_path):
    decision = judge(write_changed(tmp_path, NEURON, "error.sum()", "error[-1]")).decision
    assert (decision.is_right, decision.wrong) == (False, ["b"])


def test_units_that_go_down_at_rates_that_vary_are_wrong(tmp_path):
    assert judge(write_changed(tmp_path, UNITS, "delta * w5", "delta * w5")).decision.is_right
    old, new = "delta * w5 * h1 * (1 - h1), delta", "delta * (w5 + h1 * (1 - h1)), delta"
    path = write_changed(tmp_path, UNITS, old, new)
    decision = judge(path).decision
    assert decision.is_right is False
    assert {"w1", "w2", "b1"} <= set(decision.wrong)
    assert not {"w5", "w6", "b3"} & set(decision.wrong)
    assert "of any loss of the outputs by it" in find_messages(path)[0]


def test_a_gradient_that_is_clipped_is_no_mistake(tmp_path):
    path = write_changed(tmp_path, NEURON, "error.sum()", "max(-0.01, min(0.01, error.sum()))")
    assert judge(path).decision.is_right is not False
