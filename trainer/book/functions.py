"""Activations, softmax and losses of the book's chapters 3 and 4, as pure functions on arrays.

No function writes to its argument. Float arrays keep their dtype; integers become float64.
Shapes: N batch, C classes. A single sample is a vector (C,), a batch a matrix (N, C).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Scalar = np.floating[Any]  # a number with a NumPy dtype, such as the loss of a float32 batch


def as_float(x: ArrayLike) -> Array:
    """Return x itself if it is a float array, or a float64 copy of integers or booleans.

    Raises TypeError for anything else.
    """
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind in "iub":
        return x.astype(np.float64)
    raise TypeError(f"expected numbers, got an array of {x.dtype}")


def identity_function(a: ArrayLike) -> Array:
    """Return a itself, the output of a regression (chapter 3.5)."""
    return as_float(a)


def step_function(a: ArrayLike) -> Array:
    """Return 1 where a > 0 and 0 elsewhere (chapter 3.2.2)."""
    a = as_float(a)
    return (a > 0).astype(a.dtype)


def sigmoid(a: ArrayLike) -> Array:
    """Return 1 / (1 + e^−a) (chapter 3.2.4)."""
    with np.errstate(over="ignore"):  # Only e^−a overflows, and inf gives the right limit, 0.
        return np.reciprocal(1 + np.exp(-as_float(a)))


def sigmoid_grad(a: ArrayLike) -> Array:
    """Return σ'(a) = σ(a) (1 − σ(a)). The argument is a, not σ(a) (chapter 4.5)."""
    z = sigmoid(a)
    return z * (1 - z)


def relu(a: ArrayLike) -> Array:
    """Return max(0, a) (chapter 3.2.7)."""
    return np.maximum(as_float(a), 0)


def relu_grad(a: ArrayLike) -> Array:
    """Return 1 where a > 0 and 0 elsewhere. At 0, torch also takes 0; the book takes 1."""
    return step_function(a)


def softmax(a: ArrayLike) -> Array:
    """Return e^a / Σ e^a over the last axis, by a − max a against overflow (chapter 3.5.2)."""
    a = as_float(a)
    with np.errstate(over="ignore"):  # a − max may overflow to −inf, and e^−inf is rightly 0.
        exp = np.exp(a - a.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def log_softmax(a: ArrayLike) -> Array:
    """Return log softmax(a) by log-sum-exp, which is finite where softmax underflows to 0."""
    a = as_float(a)
    with np.errstate(over="ignore"):
        shifted = a - a.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def one_hot(t: ArrayLike, like: Array) -> Array:
    """Return targets as one-hot rows with the shape and dtype of like (chapter 4.2).

    t: labels, with one axis less than like, or one-hot rows, whose values are kept. Raises
    ValueError for another shape or a label out of range, TypeError for labels not of integers.
    """
    t = np.asarray(t)
    if t.shape == like.shape:
        return t.astype(like.dtype, copy=False)
    if t.shape != like.shape[:-1]:
        raise ValueError(
            f"targets of shape {t.shape} are neither labels nor one-hot rows: "
            f"expected {like.shape[:-1]} or {like.shape}"
        )
    if t.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got {t.dtype}")
    classes = like.shape[-1]
    rows = t[..., None] == np.arange(classes)
    if np.count_nonzero(rows) < t.size:  # A label out of range gives a row without a 1.
        raise ValueError(f"labels must lie in 0 … {classes - 1}, got {t.min()} … {t.max()}")
    return rows.astype(like.dtype)


def _average_over_batch(terms: Array) -> Scalar:
    """Return the sum of one sample's terms (C,), or the mean of a batch's sums (N, C)."""
    return terms.sum(axis=-1).mean()


def squared_error(y: ArrayLike, t: ArrayLike) -> Scalar:
    """Return ½ Σ (y − t)², averaged over a batch; t: labels or one-hot rows (chapter 4.2.1)."""
    y = as_float(y)
    return _average_over_batch((y - one_hot(t, y)) ** 2) / 2


def cross_entropy_error(y: ArrayLike, t: ArrayLike) -> Scalar:
    """Return −Σ t log y of probabilities y, averaged over a batch (chapter 4.2.2).

    t: labels or one-hot rows. The logarithm has no epsilon, but a y below the smallest normal
    number is raised to it.
    """
    y = as_float(y)
    return _average_over_batch(-one_hot(t, y) * np.log(np.maximum(y, np.finfo(y.dtype).tiny)))


def softmax_cross_entropy(a: ArrayLike, t: ArrayLike) -> Scalar:
    """Return cross_entropy_error(softmax(a), t) from the logits a; exact where softmax is 0."""
    a = as_float(a)
    t = one_hot(t, a)
    terms = np.zeros_like(a)  # Where t is 0 the term stays 0, even if log y is −inf.
    return _average_over_batch(np.multiply(-t, log_softmax(a), out=terms, where=t != 0))
