"""Preparations of inputs (N images, D values each), fitted on a training set (chapter 3.6.3)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.book.functions import Array, as_float


@dataclass(frozen=True)
class Preparation:
    """The map (x − shift) · scale, or (x − shift) @ scale where scale is a matrix.

    shift is () or (D,); scale is (), (D,) or (D, D).
    """

    shift: Array
    scale: Array

    def __call__(self, x: ArrayLike) -> Array:
        """Return the prepared inputs x (N, D) in the float dtype of x."""
        x = as_float(x)
        centred = x - self.shift.astype(x.dtype)
        scale = self.scale.astype(x.dtype)
        return centred @ scale if scale.ndim == 2 else np.multiply(centred, scale, out=centred)


def normalise(x: ArrayLike) -> Preparation:
    """Fit a map into [0, 1] by the smallest and the largest value of the training set x (N, D)."""
    x = as_float(x)
    low, high = x.min(), x.max()
    return Preparation(np.asarray(low, np.float64), _invert_positive(high - low))


def standardise(x: ArrayLike) -> Preparation:
    """Fit a map to mean 0 and standard deviation 1 in each column of the training set x (N, D).

    A constant column, such as a corner of every digit, becomes 0.
    """
    x = as_float(x)
    deviation = x.std(axis=0, dtype=np.float64)
    return Preparation(x.mean(axis=0, dtype=np.float64), _invert_positive(deviation))


def whiten(x: ArrayLike, epsilon: float = 1e-2) -> Preparation:
    """Fit ZCA whitening, (V + εI)^−½, on the training set x (N, D) with the covariance V (D, D).

    The columns become uncorrelated, with standard deviation 1. ε is epsilon times the mean
    variance of a column. It keeps directions with hardly any variance from being amplified.
    """
    x = as_float(x)
    shift = x.mean(axis=0, dtype=np.float64)
    centred = x - shift.astype(x.dtype)
    covariance = (centred.T @ centred).astype(np.float64) / len(x)
    values, vectors = np.linalg.eigh(covariance)
    floor = epsilon * values.mean() if values.mean() > 0 else 1.0
    return Preparation(shift, (vectors / np.sqrt(np.maximum(values, 0) + floor)) @ vectors.T)


def _invert_positive(deviation: ArrayLike) -> Array:
    """Return 1 / deviation in float64, or 1 where the deviation is 0."""
    deviation = np.asarray(deviation, np.float64)
    return 1 / np.where(deviation > 0, deviation, 1.0)
