"""A loss is a multiple of a usual one, but for a penalty on the weights, or it is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.checker.judge.fit import Fit
from trainer.checker.judge.multiples import find_multiples
from trainer.checker.judge.slopes import CLOSE, Direction

RNG = np.random.default_rng(0)
SLOPES = RNG.normal(size=(3, 12))
FOUND = [
    Direction(weight, np.ones(2), 1e-5, 0.0, decay, signs, {})
    for weight, decay, signs in zip(
        ["W1"] * 6 + ["W2"] * 6, RNG.normal(size=12), RNG.normal(size=12), strict=True
    )
]
DECAY = np.array([each.decay for each in FOUND])


def make_fit(slopes):
    return Fit("", (0,), 0, 1.0, 0.0, [], slopes=slopes, errors=0 * slopes)


USUAL = [make_fit(row) for row in SLOPES]


@given(st.integers(0, 2), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_factor_of_a_loss_with_a_penalty_is_found(number, factor, penalty):
    own = make_fit(factor * SLOPES[number] + penalty * DECAY)
    found = find_multiples(own, USUAL, FOUND)
    assert found[number] == pytest.approx(factor, rel=10 * CLOSE)  # a tiny penalty counts as none
    assert not found[np.arange(3) != number].any()


def test_a_negative_multiple_is_none():
    assert not find_multiples(make_fit(-SLOPES[0]), USUAL, FOUND).any()


def test_without_directions_a_penalty_explains_nothing():
    own = make_fit(SLOPES[0] + DECAY)
    assert not find_multiples(own, USUAL).any()
    assert find_multiples(make_fit(2 * SLOPES[0]), USUAL)[0] == pytest.approx(2)


def test_a_penalty_on_one_weight_alone_is_found():
    on_one = np.where([each.weight == "W2" for each in FOUND], DECAY, 0)
    assert find_multiples(make_fit(3 * SLOPES[1] + on_one), USUAL, FOUND)[1] == pytest.approx(3)
