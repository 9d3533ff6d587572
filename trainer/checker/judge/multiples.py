"""Tells which losses that a net computes are usual ones of its outputs, but for a factor.

A penalty on the weights may be added to them.
"""

from collections.abc import Sequence

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.slopes import CLOSE, Direction, list_pulls

TINY = 1e-20  # relative, of what rounding leaves of a square


def list_usual(fits: list[Fit], found: Sequence[Direction] = ()) -> list[Fit]:
    """Return the fits of losses that the net computes, and that are usual losses of its outputs;
    along directions that are found they may have a penalty too.
    """
    usual = list({f.slopes.tobytes(): f for f in fits if not (f.is_own or f.is_absolute)}.values())
    return [own for own in fits if own.is_own and find_multiples(own, usual, found).any()]


def find_multiples(own: Fit, usual: Sequence[Fit], found: Sequence[Direction] = ()) -> Array:
    """Return how many times the derivatives of each usual loss those of another are, but for a
    penalty on the weights where directions are given; 0 where they are no multiple.
    """
    if not usual:
        return np.zeros(0)
    slopes, errors = np.stack([f.slopes for f in usual]), np.stack([f.errors for f in usual])
    factors = _find_factors(own, slopes, errors, np.zeros_like(slopes))
    left = [i for i, factor in enumerate(factors) if not factor and found]
    explained = _list_explained(own, slopes[left], errors[left], found)
    for pull in list_pulls(found, explained) if left else ():
        new = _find_factors(own, slopes[left], errors[left], pull)
        factors[left] = np.where(factors[left] > 0, factors[left], new)
    return factors


def _list_explained(own: Fit, slopes: Array, errors: Array, found: Sequence[Direction]) -> Array:
    """Return for each loss along which directions one factor for a weight explains the other."""
    explained = np.zeros(slopes.shape, dtype=bool)
    owners = np.array([each.weight for each in found])
    for weight in set(owners.tolist()):
        part = owners == weight
        explained[:, part] = _are_multiples(own, slopes, errors, part)[:, None]
    return explained


def _are_multiples(own: Fit, slopes: Array, errors: Array, part: Array) -> Array:
    """Return for each loss whether one factor explains the derivatives along some directions."""
    slope, wanted = slopes[:, part], own.slopes[part]
    factors = _divide((slope * wanted).sum(axis=1), (slope * slope).sum(axis=1))[:, None]
    blur = 2 * np.abs(factors) * (own.errors[part] + errors[:, part])
    rest = np.abs(wanted - factors * slope) - blur
    is_close = rest.max(axis=1) <= CLOSE * np.abs(wanted).max()
    return is_close & slope.any(axis=1)


def _find_factors(own: Fit, slopes: Array, errors: Array, pull: Array) -> Array:
    """Return the positive factor between the derivatives of each loss and another one's, but for
    some pull, or 0.
    """
    size = (pull * pull).sum(axis=1)
    left = slopes - _divide((slopes * pull).sum(axis=1), size)[:, None] * pull
    wanted = own.slopes - _divide(pull @ own.slopes, size)[:, None] * pull
    squares = (left * left).sum(axis=1)
    squares = np.where(squares > TINY * (slopes * slopes).sum(axis=1), squares, 0.0)
    factors = _divide((left * wanted).sum(axis=1), squares)
    rest = np.abs(wanted - factors[:, None] * left) - own.errors - np.abs(factors)[:, None] * errors
    is_same = (factors > 0) & (rest.max(axis=1) <= CLOSE * np.abs(own.slopes).max())
    return np.where(is_same, factors, 0.0)


def _divide(values: Array, by: Array) -> Array:
    return np.divide(values, by, out=np.zeros_like(values), where=by > 0)
