"""The slope of a leaky ReLU is found from outputs; a net without activation has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.book.functions import softmax
from trainer.checker.measure.cases import make_case
from trainer.checker.measure.slopes import list_slopes

SEEDS = st.integers(0, 10_000)


def compute_scores(case, slope):
    a1 = case.x @ case.weights["W1"] + case.weights["b1"]
    return np.where(a1 > 0, a1, slope * a1) @ case.weights["W2"] + case.weights["b2"]


@given(SEEDS, st.integers(-16, -13), st.sampled_from([1, -1]))
def test_affine_outputs_have_no_slope_whatever_rounding_makes_of_them(seed, digit, sign):
    case = make_case(seed)
    scores = compute_scores(case, 1 + sign * 10.0**digit)
    assert list(list_slopes(case, scores)) == []
    assert list(list_slopes(case, softmax(scores))) == []


@given(SEEDS)
def test_a_relu_has_no_slope(seed):
    case = make_case(seed)
    assert list(list_slopes(case, compute_scores(case, 0.0))) == []


@pytest.mark.parametrize("output", [lambda scores: scores, softmax])
@given(SEEDS, st.floats(0.005, 0.9))
def test_the_slope_of_a_leaky_relu_is_found(output, seed, slope):
    case = make_case(seed)
    (found,) = list_slopes(case, output(compute_scores(case, slope)))
    assert float(found.split()[1]) == pytest.approx(slope, rel=1e-6)
