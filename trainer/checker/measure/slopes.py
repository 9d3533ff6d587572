"""Measures the slope of a leaky ReLU, which everybody chooses, from the outputs of a net."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.findings.comparing import FLOAT32, as_array, compute_error
from trainer.checker.measure.explaining import Case
from trainer.checker.measure.reference import LEAKY

LEAST = 1e-3  # a slope nearer to 0 is that of a ReLU, and one nearer to 1 of no activation


def list_slopes(case: Case, outputs: object) -> Iterator[str]:
    """Yield the leaky ReLU with which a net has these outputs (N, C): scores or probabilities."""
    y = as_array(outputs)
    if y is None or y.shape != case.t.shape or not np.isfinite(y).all():
        return
    w = case.weights
    a1 = case.x @ w["W1"] + w["b1"]
    above, below = np.maximum(a1, 0) @ w["W2"] + w["b2"], np.minimum(a1, 0) @ w["W2"]
    for scores, is_softmax in _list_scores(y):
        parts = [_center(each) if is_softmax else each for each in (scores, above, below)]
        square = np.vdot(parts[2], parts[2])
        slope = float(np.vdot(parts[2], parts[0] - parts[1]) / (square or 1.0))
        error = compute_error(parts[1] + slope * parts[2], parts[0])
        if LEAST < slope < 1 - LEAST and error <= FLOAT32:
            yield f"{LEAKY}{round(slope, 9)}"


def _list_scores(y: Array) -> Iterator[tuple[Array, bool]]:
    """Yield what may have been the scores of outputs, and whether a softmax made these of them."""
    yield y, False
    if ((y > 0) & (y < 1)).all():
        if y.shape[1] > 1:
            yield np.log(y), True
        yield np.log(y / (1 - y)), False


def _center(scores: Array) -> Array:
    """Return scores without what a softmax cannot show."""
    return scores - scores.mean(axis=1, keepdims=True)
