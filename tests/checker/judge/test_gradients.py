"""The gradient of a weight is found among the values of a step, and is none of rounding."""

from types import SimpleNamespace

import numpy as np
import pytest

from trainer.checker.judge.gradients import find_factor

SLOPES = np.array([0.3, -1.2, 0.7])
FOUND = [SimpleNamespace(weight="W")] * 3
MODEL = SimpleNamespace(along={("W", 3): np.stack([SLOPES**2, 2 * SLOPES])})


def test_the_value_that_is_a_multiple_of_the_slopes_is_the_gradient():
    assert find_factor(MODEL, FOUND, SLOPES, np.full(3, 1e-9)) == pytest.approx(2)


def test_slopes_that_are_rounding_have_no_gradient():
    noise = 1e-9 * SLOPES[::-1]
    assert find_factor(MODEL, FOUND, noise, np.full(3, 1e-8)) is None
