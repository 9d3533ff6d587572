"""Chapters 3 and 4 as pure functions on arrays: activations, softmax, losses.

None writes to its argument; float arrays keep their dtype, integers are taken as float64.
Shapes: N batch, C classes. A single sample is a vector (C,), a batch a matrix (N, C).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def as_float(x: ArrayLike) -> Array:
    """The array itself when it is float, a float64 copy of integers or booleans.

    Raises TypeError for anything else.
    """
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind in "iub":
        return x.astype(np.float64)
    raise TypeError(f"expected numbers, got an array of {x.dtype}")


def identity_function(a: ArrayLike) -> Array:
    """A regression's output, a itself (chapter 3.5)."""
    return as_float(a)


def step_function(a: ArrayLike) -> Array:
    """1 where a > 0, else 0 (chapter 3.2.2)."""
    a = as_float(a)
    return (a > 0).astype(a.dtype)


def sigmoid(a: ArrayLike) -> Array:
    """1 / (1 + e^−a) (chapter 3.2.4)."""
    with np.errstate(over="ignore"):  # e^−a = inf gives the limit, 0, and no other a overflows
        return np.reciprocal(1 + np.exp(-as_float(a)))


def sigmoid_grad(a: ArrayLike) -> Array:
    """σ'(a) = σ(a) (1 − σ(a)); its argument is a, not σ(a) (chapter 4.5)."""
    z = sigmoid(a)
    return z * (1 - z)


def relu(a: ArrayLike) -> Array:
    """max(0, a) (chapter 3.2.7)."""
    return np.maximum(as_float(a), 0)


def relu_grad(a: ArrayLike) -> Array:
    """1 where a > 0, else 0: the subgradient at 0 that torch takes; the book's is 1."""
    return step_function(a)


def softmax(a: ArrayLike) -> Array:
    """e^a / Σ e^a over the last axis, shifted by the largest a (chapter 3.5.2)."""
    a = as_float(a)
    with np.errstate(over="ignore"):  # a − max = −inf gives e^−inf = 0, as it should
        exp = np.exp(a - a.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def log_softmax(a: ArrayLike) -> Array:
    """log softmax(a) by log-sum-exp: finite where softmax has underflowed to 0."""
    a = as_float(a)
    with np.errstate(over="ignore"):
        shifted = a - a.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def one_hot(t: ArrayLike, like: Array) -> Array:
    """Targets as rows of like's shape and dtype: labels become one-hot, rows stay (chapter 4.2).

    Labels are told from rows by having one axis less, never by sizes. Raises ValueError
    for labels out of range or a shape that is neither, TypeError for labels that are not integers.
    """
    t = np.asarray(t)
    if t.shape == like.shape:
        return t.astype(like.dtype, copy=False)
    if t.shape != like.shape[:-1]:
        raise ValueError(f"targets {t.shape} are neither labels nor one-hot rows of {like.shape}")
    if t.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got {t.dtype}")
    classes = like.shape[-1]
    rows = t[..., None] == np.arange(classes)
    if np.count_nonzero(rows) < t.size:  # a label that is no class
        raise ValueError(f"labels must lie in 0 … {classes - 1}, got {t.min()} … {t.max()}")
    return rows.astype(like.dtype)


def _mean_over_batch(terms: Array) -> Any:
    """Σ of a sample (C,), or the mean over the batch (N, C) of each row's Σ."""
    return terms.sum(axis=-1).mean()


def squared_error(y: ArrayLike, t: ArrayLike) -> Any:
    """½ Σ (y − t)², the mean of it over a batch (chapter 4.2.1)."""
    y = as_float(y)
    return _mean_over_batch((y - one_hot(t, y)) ** 2) / 2


def cross_entropy_error(y: ArrayLike, t: ArrayLike) -> Any:
    """−Σ t log y of probabilities y, the mean of it over a batch (chapter 4.2.2).

    No epsilon inside the logarithm: only a y below the smallest normal number is raised, to it.
    """
    y = as_float(y)
    return _mean_over_batch(-one_hot(t, y) * np.log(np.maximum(y, np.finfo(y.dtype).tiny)))


def softmax_cross_entropy(a: ArrayLike, t: ArrayLike) -> Any:
    """cross_entropy_error(softmax(a), t) from the logits a, exact where softmax underflows."""
    a = as_float(a)
    t = one_hot(t, a)
    terms = np.zeros_like(a)  # 0 · log 0 = 0: a class that t leaves out adds nothing
    return _mean_over_batch(np.multiply(-t, log_softmax(a), out=terms, where=t != 0))
