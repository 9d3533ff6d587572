"""Tells how the numbers of a step that is no plain one, as that of Adam, move by gradients."""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.descent import find_slopes
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model

LARGE = 0.1  # of the largest derivative: smaller ones may be less than an epsilon
CLOSE = 1e-2  # relative, of products that are the same but for an epsilon
APART = 2.0  # times as large, of derivatives that are not the same
LEAST = 3  # numbers of an array


def list_inverted(model: Model, fit: Fit) -> list[str]:
    """Return the arrays each number of which moves down the derivative of a loss the less, the
    larger this is: by its square, and not by the root of that, the step divides it.
    """
    return [weight for weight in model.weights if _is_inverted(model, fit, weight)]


def is_turned(model: Model, fit: Fit) -> bool:
    """Return whether each number with a large derivative of a loss moves up: its sign is turned."""
    pairs = [_measure(model, fit, weight) for weight in model.weights]
    return all((slopes * moves > 0).all() for slopes, moves in pairs)


def _is_inverted(model: Model, fit: Fit, weight: str) -> bool:
    slopes, moves = _measure(model, fit, weight)
    if slopes.size < LEAST or np.abs(slopes).max() <= APART * np.abs(slopes).min():
        return False
    products = slopes * moves
    return bool(products.max() < 0 and np.ptp(products) <= -CLOSE * products.mean())


def _measure(model: Model, fit: Fit, weight: str) -> tuple[Array, Array]:
    """Return the large derivatives by the numbers of a weight, and how far these move; none where
    the step does not compute them.
    """
    before, after = model.base.before[weight], model.base.after[weight]
    slopes = find_slopes(model, fit, weight) if after.shape == before.shape else None
    if slopes is None:
        return np.zeros(0), np.zeros(0)
    is_large = np.abs(slopes) > LARGE * np.abs(slopes).max()
    return slopes[is_large], (after - before)[is_large]
