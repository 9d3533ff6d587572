"""Bounds of the movement and the rounding of a net's outputs; accuracy.py has the notation."""

from typing import TypeVar

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation

SLACK = 1.01  # factor on every bound, for the rounding of the bounds themselves
UNIT = 2.0**-24  # u of float32, the dtype of the records of images and anchors
Number = TypeVar("Number", float, Array)


def gamma(n: Number, unit: float) -> Number:
    """Return γ_n = n u / (1 − n u), the relative error of n roundings."""
    return n * unit / (1 - np.minimum(n * unit, 0.5))


def bound_spectral_norm(gram: Array) -> Array:
    """Return an upper bound of ‖A‖ from AᵀA (..., H, H): the Schatten-16 norm, (tr (AᵀA)⁸)^(1/16).

    It is hardly more than ‖A‖ if one singular value is a little larger than the others.
    """
    for _ in range(2):
        gram = gram @ gram
    return np.linalg.norm(gram, axis=(-2, -1)) ** (1 / 8)


class SplitWeights:
    """A net's weights at one evaluation, W1 split into its part along a basis and the rest."""

    def __init__(self, params: dict[str, Array], basis: Array, activation: Activation):
        self.is_sigmoid = activation == "sigmoid"
        self.W1, self.b1, self.W2, self.b2 = (params[key] for key in ("W1", "b1", "W2", "b2"))
        W1 = self.W1.astype(np.float64)
        V = basis.T @ W1  # (K, H)
        self.rest = (W1 - basis @ V).astype(np.float32)  # (D, H)
        self.along = np.vstack([V, self.b1]).astype(np.float32)  # (K + 1, H)
        self.second = np.vstack([self.W2, self.b2]).astype(np.float64)  # (H + 1, C)
        self.size = float(np.hypot(np.linalg.norm(W1), np.linalg.norm(self.b1)))  # ≥ ‖Ŵ1‖
        w = self.second[:-1]
        apart = np.linalg.norm(w[:, :, None] - w[:, None], axis=0).max(axis=1)  # max_k ‖w_c − w_k‖
        self.rate = apart * (0.25 if self.is_sigmoid else 1)  # (C,)

    def bound_output_terms(self, x_norm: float) -> float:
        """Return a bound of Σ|terms| of every a2, also of a projected one, for ‖x̂‖ ≤ x_norm."""
        z_norm = np.sqrt(len(self.b1)) if self.is_sigmoid else 4 * self.size * x_norm
        w_norm = np.linalg.norm(self.second[:-1], axis=0).max()
        return float(z_norm * w_norm + np.abs(self.b2).max())


class Anchors:
    """The weights at a few earlier evaluations; size: a bound of ‖Ŵ1‖ at each of them and now."""

    def __init__(self, count: int, weights: SplitWeights):
        self._rest, self._along, self._second = (
            np.zeros((count, *like.shape), like.dtype)
            for like in (weights.rest, weights.along, weights.second)
        )
        self.used = np.zeros(count, bool)

    def store(self, place: int, weights: SplitWeights) -> None:
        """Make these weights the anchor at that place."""
        self._rest[place] = weights.rest
        self._along[place] = weights.along
        self._second[place] = weights.second
        self.used[place] = True

    def bound_hidden(self, weights: SplitWeights, size: float) -> tuple[Array, Array]:
        """Return bounds of ‖(1 − PPᵀ) ΔW1‖ and ‖ΔŴ1‖ since each anchor (count,); inf if unused."""
        rest, full = np.full((2, len(self.used)), np.inf)
        used = np.flatnonzero(self.used)
        gram = _compute_gram(weights.rest - self._rest[used])
        cast = 4 * UNIT * size  # for the rounding of rest and along to float32
        rest[used] = SLACK * bound_spectral_norm(gram) + cast
        gram += _compute_gram(weights.along - self._along[used])
        full[used] = SLACK * bound_spectral_norm(gram) + cast
        return rest, full

    def bound_output(self, weights: SplitWeights, size: float) -> tuple[Array, Array]:
        """Return p, q (count, C): h·Δ(w_c − w_k) + Δ(b_c − b_k) ≤ p ‖x̂‖ + q for each k."""
        change = weights.second - self._second
        change = change[..., None] - change[:, :, None]  # (count, H + 1, C, C)
        w, b = change[:, :-1], change[:, -1]
        norm = np.linalg.norm(w, axis=1)
        if weights.is_sigmoid:
            q = np.abs(w.sum(axis=1) / 2 + b) + np.sqrt(w.shape[1]) / 2 * norm
            return np.zeros(q.shape[:2]), SLACK * q.max(axis=2)
        return SLACK * size * norm.max(axis=2), SLACK * np.abs(b).max(axis=2)


def _compute_gram(a: Array) -> Array:
    """Return AᵀA of each matrix; as float64, since in float32 its fourth power underflows."""
    return (a.transpose(0, 2, 1) @ a).astype(np.float64)


def activate(a: Array, sigmoid: bool) -> Array:
    """Return z1, computed in place of a1."""
    if not sigmoid:
        return np.maximum(a, 0, out=a)
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    return np.reciprocal(a, out=a)


def compute_lead(a2: Array, y: Array) -> Array:
    """Return how far the output of class y (N,) exceeds the largest other; overwrites a2 (C, N)."""
    columns = np.arange(len(y))
    own = a2[y, columns]
    a2[y, columns] = -np.inf
    own -= a2.max(axis=0)
    return own


def bound_lead(x: Array, weights: SplitWeights, unit: float) -> tuple[Array, Array]:
    """Return the classes y (N,) of x (N, D), and the least lead (N,) that rounding can leave them.

    unit is the rounding unit of the evaluation. Uses each image's own terms, in float64.
    """
    x = x.astype(np.float64)
    W1, b1 = weights.W1.astype(np.float64), weights.b1.astype(np.float64)
    W2, b2 = weights.second[:-1], weights.second[-1]
    unit += 2.0**-53  # for the rounding of this function itself
    a = x @ W1 + b1  # (N, H)
    terms = np.abs(x) @ np.abs(W1) + np.abs(b1)
    partial = (terms + np.abs(a)) / 2  # the larger of the positive and the negative part
    n = np.count_nonzero(x, axis=1)[:, None] + 1
    error = gamma(n, unit) * partial + gamma(2, unit) * terms
    z = activate(a.copy(), weights.is_sigmoid)
    if weights.is_sigmoid:
        # |σ(a + e) − σ(a)| ≤ σ'(a) (e^|e| − 1), since |σ''| ≤ σ'
        error = z * (1 - z) * np.expm1(error) + 8 * unit
    a2 = z @ W2 + b2  # (N, C)
    y = a2.argmax(axis=1)
    apart = np.abs(W2.T[y][:, None, :] - W2.T)  # (N, C, H)
    outputs = (z + error) @ np.abs(W2) + np.abs(b2)  # (N, C)
    outputs += np.take_along_axis(outputs, y[:, None], axis=1)
    doubt = np.einsum("nh,nch->nc", error, apart) + gamma(len(W2) + 2, unit) * outputs
    least = np.take_along_axis(a2, y[:, None], axis=1) - a2 - SLACK * doubt
    np.put_along_axis(least, y[:, None], np.inf, axis=1)
    return y, least.min(axis=1)
