"""Upper bounds on how far a net's outputs move or are rounded; accuracy.py has the notation."""

from typing import TypeVar

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation

SAFETY = 1.01  # factor on every bound, since the bounds themselves are computed with rounding
FLOAT32_U = 2.0**-24  # unit roundoff u of float32, in which images and anchors are recorded
Number = TypeVar("Number", float, Array)


def gamma(n: Number, u: float) -> Number:
    """Return γ_n = n u / (1 − n u), a bound on the relative error of n roundings."""
    return n * u / (1 - np.minimum(n * u, 0.5))


def bound_spectral_norm(gram: Array) -> Array:
    """Return an upper bound on ‖A‖ from AᵀA (..., H, H): the Schatten-16 norm, (tr (AᵀA)⁸)^(1/16).

    It is hardly more than ‖A‖ if one singular value is a little larger than the others.
    """
    for _ in range(2):
        gram = gram @ gram
    return np.linalg.norm(gram, axis=(-2, -1)) ** (1 / 8)


class SplitWeights:
    """A net's weights at one evaluation, with W1 split along P (D, K), the principal directions.

    projected: [PᵀW1; b1] (K + 1, H)        residual: W1 − P PᵀW1 (D, H)
    second: [W2; b2] (H + 1, C)             norm: an upper bound on ‖[W1; b1]‖
    sensitivity (C,): if a1 moves by d, a lead of class y moves by at most sensitivity[y] ‖d‖
    """

    def __init__(self, params: dict[str, Array], basis: Array, activation: Activation):
        self.is_sigmoid = activation == "sigmoid"
        self.W1, self.b1, self.W2, self.b2 = (params[key] for key in ("W1", "b1", "W2", "b2"))
        W1 = self.W1.astype(np.float64)
        PtW1 = basis.T @ W1
        self.residual = (W1 - basis @ PtW1).astype(np.float32)
        self.projected = np.vstack([PtW1, self.b1]).astype(np.float32)
        self.second = np.vstack([self.W2, self.b2]).astype(np.float64)
        self.norm = float(np.hypot(np.linalg.norm(W1), np.linalg.norm(self.b1)))
        w = self.second[:-1]
        # The largest ‖w_y − w_k‖ over k for each class y, where w_k is column k of W2.
        distance = np.linalg.norm(w[:, :, None] - w[:, None], axis=0).max(axis=1)
        self.sensitivity = distance * (0.25 if self.is_sigmoid else 1)

    def bound_output_terms(self, x_norm: float) -> float:
        """Return a bound on Σ|terms| of an a2, even a projected one, for ‖(x, 1)‖ ≤ x_norm."""
        z_norm = np.sqrt(len(self.b1)) if self.is_sigmoid else 4 * self.norm * x_norm
        w_norm = np.linalg.norm(self.second[:-1], axis=0).max()
        return float(z_norm * w_norm + np.abs(self.b2).max())


class Anchors:
    """The weights of earlier evaluations, in slots; norm is a bound on each of their ‖[W1; b1]‖."""

    def __init__(self, count: int, weights: SplitWeights):
        self._residual, self._projected, self._second = (
            np.zeros((count, *like.shape), like.dtype)
            for like in (weights.residual, weights.projected, weights.second)
        )
        self.used = np.zeros(count, bool)

    def store(self, slot: int, weights: SplitWeights) -> None:
        """Make these weights the anchor in that slot."""
        self._residual[slot] = weights.residual
        self._projected[slot] = weights.projected
        self._second[slot] = weights.second
        self.used[slot] = True

    def bound_layer1_change(self, weights: SplitWeights, norm: float) -> tuple[Array, Array]:
        """Bound ‖(1 − PPᵀ) ΔW1‖ and ‖[ΔW1; Δb1]‖ since each anchor: (count,), inf if unused."""
        residual, full = np.full((2, len(self.used)), np.inf)
        used = np.flatnonzero(self.used)
        gram = _compute_gram(weights.residual - self._residual[used])
        cast = 4 * FLOAT32_U * norm  # covers the rounding of both parts of W1 to float32
        residual[used] = SAFETY * bound_spectral_norm(gram) + cast
        gram += _compute_gram(weights.projected - self._projected[used])
        full[used] = SAFETY * bound_spectral_norm(gram) + cast
        return residual, full

    def bound_layer2_change(self, weights: SplitWeights, norm: float) -> tuple[Array, Array]:
        """Return p and q, both (count, C), that bound what ΔW2 and Δb2 take from a lead.

        With the z1 of the anchor, h: |h·Δ(w_y − w_k) + Δ(b_y − b_k)| ≤ p[slot, y] ‖x̂‖ + q[slot, y]
        for each other class k, where b is b2.
        """
        change = weights.second - self._second
        change = change[..., None] - change[:, :, None]  # (count, H + 1, C, C)
        w, b = change[:, :-1], change[:, -1]
        w_norm = np.linalg.norm(w, axis=1)
        if weights.is_sigmoid:
            q = np.abs(w.sum(axis=1) / 2 + b) + np.sqrt(w.shape[1]) / 2 * w_norm
            return np.zeros(q.shape[:2]), SAFETY * q.max(axis=2)
        return SAFETY * norm * w_norm.max(axis=2), SAFETY * np.abs(b).max(axis=2)


def _compute_gram(a: Array) -> Array:
    """Return AᵀA of each matrix of a (count, n, H), as float64: (AᵀA)⁴ underflows in float32."""
    return (a.transpose(0, 2, 1) @ a).astype(np.float64)


def activate(a1: Array, is_sigmoid: bool) -> Array:
    """Return z1, computed in place of a1: by the sigmoid, or else by ReLU."""
    if not is_sigmoid:
        return np.maximum(a1, 0, out=a1)
    np.negative(a1, out=a1)
    np.exp(a1, out=a1)
    a1 += 1
    return np.reciprocal(a1, out=a1)


def compute_lead(a2: Array, y: Array) -> Array:
    """Return the output of class y (N,) minus the largest other one; overwrites a2 (C, N)."""
    columns = np.arange(len(y))
    own = a2[y, columns]
    a2[y, columns] = -np.inf
    own -= a2.max(axis=0)
    return own


def bound_lead(x: Array, weights: SplitWeights, u: float) -> tuple[Array, Array]:
    """Return the classes y (N,) of x (N, D) and lower bounds (N,) on their leads.

    An evaluation with unit roundoff u computes each lead at or above its bound, in any order of
    summation. The bounds are computed in float64 from each image's own terms.
    """
    x = x.astype(np.float64)
    W1, b1 = weights.W1.astype(np.float64), weights.b1.astype(np.float64)
    W2, b2 = weights.second[:-1], weights.second[-1]
    u += 2.0**-53  # covers the rounding of this function itself
    a1 = x @ W1 + b1  # (N, H)
    terms = np.abs(x) @ np.abs(W1) + np.abs(b1)
    partial = (terms + np.abs(a1)) / 2  # the larger of the sums of positive and negative terms
    n = np.count_nonzero(x, axis=1)[:, None] + 1
    error = gamma(n, u) * partial + gamma(2, u) * terms
    z1 = activate(a1.copy(), weights.is_sigmoid)
    if weights.is_sigmoid:
        # |σ(a + e) − σ(a)| ≤ σ'(a) (e^|e| − 1), since |σ''| ≤ σ'.
        error = z1 * (1 - z1) * np.expm1(error) + 8 * u
    a2 = z1 @ W2 + b2  # (N, C)
    y = a2.argmax(axis=1)
    distance = np.abs(W2.T[y][:, None, :] - W2.T)  # |w_y − w_k| for each k (N, C, H)
    outputs = (z1 + error) @ np.abs(W2) + np.abs(b2)  # (N, C)
    outputs += np.take_along_axis(outputs, y[:, None], axis=1)
    doubt = np.einsum("nh,nch->nc", error, distance) + gamma(len(W2) + 2, u) * outputs
    least = np.take_along_axis(a2, y[:, None], axis=1) - a2 - SAFETY * doubt
    np.put_along_axis(least, y[:, None], np.inf, axis=1)
    return y, least.min(axis=1)
