"""The exact value of each quantity of a training step, and a bound on its rounding error.

Each value is computed again in a wider format from the recorded inputs of its operation, so that
an error is attributed to the operation that caused it. The wider format is float64 for a float32
trace, and longdouble (80 bits on x86) for a float64 trace. The bounds also hold where longdouble
is not wider: u below is the unit roundoff of the trace's dtype plus that of the wider format,
which covers both computations.

The bounds hold for each element, with γ_n = n u / (1 − n u) and sums in any order:

    a1, a2          A B + b, inner length n          γ_(n+1) (|A| |B| + |b|)            [H 3.13]
    dW2, dz1, dW1   A B, inner length n              γ_n |A| |B|                        [H 3.13]
    db2, db1        Σ da over the batch              γ_N Σ |da|                         [H 4.4]
    z1, sigmoid     z = 1 / (1 + e^−a)               z ((1 − z) ε + γ_2)                        (1)
    z1, ReLU        max(0, a)                        0, it is exact
    y, softmax      e^s / Σ e^s, s = a2 − max a2     y (σ + ε + δ + γ_(C+1)) =: E                (2)
    y, identity     a2                               0, it is exact
    loss, cross-e.  mean of l = log Σ e^s − s_t      mean(δ + γ_C + ε |log Σ| + u |s_t|)
                                                     + γ_(N+1) mean |l|                         (3)
    loss, squared   ½ Σ (a2 − t)² / N                γ_(N C + 4) of itself
    da2, softmax    (y − t) / N                      (γ_3 (y + t) + 2 E) / N
                                                     + y (ε |log Σ| + u |log y|) / N            (4)
    da2, identity   (y − t) / N                      γ_3 |y − t| / N
    da1, sigmoid    dz1 z1 (1 − z1)                  γ_3 of itself
    da1, ReLU       dz1 where a1 > 0                 0, it is exact
    W1 … b2         W − η dW                         u |W − η dW| + γ_3 |η dW|                  (5)

[H] N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, by equation.
ε = 8 u: e^x and log x are within 4 ulps, which is NumPy's limit for its vector loops. torch's
are within 1 ulp.
(1) The error ε of e^−a reaches z by dz/da = z (1 − z). A sum and a quotient follow.
(2) Rounding s changes e^s by the factor 1 ± σ, σ = e^(u |s|) − 1. δ = Σ y (σ + ε) is the
    relative error of their sum.
(3) The relative error of Σ is the absolute error of its logarithm.
(4) A net may compute y a second time by way of log y, as torch's backward pass does. E covers
    the recorded y, the second term the second computation.
(5) η is rounded to the dtype; a product and a difference follow.
A bound on a quantity that can underflow also contains the smallest normal number.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from trainer.book.functions import Array, one_hot
from trainer.common.settings import Activation, Loss

ULPS = 4  # of e^x and log x

Bounded = tuple[Array, Array]  # an exact value and the bound on its rounding error


class Bounds:
    """The exact values and bounds of one trace, with a method _bound_… for each quantity.

    activation and loss are those of the net. The targets t of the trace are labels or one-hot rows.
    """

    def __init__(self, trace: Mapping[str, Array], activation: Activation, loss: Loss):
        dtype = trace["W1 before"].dtype
        self._wide: type[np.floating[Any]] = np.float64 if dtype == np.float32 else np.longdouble
        self._u = float(np.finfo(dtype).eps + np.finfo(self._wide).eps) / 2
        self._epsilon = 2 * ULPS * self._u
        self._tiny = float(np.finfo(dtype).tiny)
        self._trace, self._activation, self._loss = trace, activation, loss

    def compute(self, name: str) -> Bounded:
        """Return a quantity's exact value and its bound; "W1" … are parameters after the update."""
        with np.errstate(all="ignore"):  # A wrong net may have computed any number.
            if name[0] in "Wb":
                return self._bound_update(name)
            return getattr(self, f"_bound_{name}")()

    def _read(self, *names: str) -> list[Array]:
        """Return arrays of the trace in the wider format."""
        return [self._trace[name].astype(self._wide) for name in names]

    def _gamma(self, n: int) -> float:
        return n * self._u / (1 - n * self._u)

    def _bound_product(self, a: Array, b: Array) -> Bounded:
        n = a.shape[1]
        return a @ b, self._gamma(n) * (np.abs(a) @ np.abs(b)) + n * self._tiny

    def _bound_affine(self, x: Array, w: Array, b: Array) -> Bounded:
        n = x.shape[1] + 1
        size = np.abs(x) @ np.abs(w) + np.abs(b)
        return x @ w + b, self._gamma(n) * size + n * self._tiny

    def _bound_batch_sum(self, da: Array) -> Bounded:
        return da.sum(axis=0), self._gamma(len(da)) * np.abs(da).sum(axis=0)

    def _bound_a1(self) -> Bounded:  # (N, H)
        return self._bound_affine(*self._read("x", "W1 before", "b1 before"))

    def _bound_z1(self) -> Bounded:  # (N, H)
        (a1,) = self._read("a1")
        if self._activation == "relu":
            return np.maximum(a1, 0), np.zeros_like(a1)
        z1 = 1 / (1 + np.exp(-a1))
        return z1, z1 * ((1 - z1) * self._epsilon + self._gamma(2)) + self._tiny

    def _bound_a2(self) -> Bounded:  # (N, C)
        return self._bound_affine(*self._read("z1", "W2 before", "b2 before"))

    def _compute_softmax(self) -> tuple[Array, Array, Array, Array, Array]:
        """Return s (N, C), Σ e^s (N, 1), y (N, C), σ (N, C) and δ (N, 1)."""
        (a2,) = self._read("a2")
        s = a2 - a2.max(axis=1, keepdims=True)
        total = np.exp(s).sum(axis=1, keepdims=True)
        y = np.exp(s) / total
        sigma = np.where(y > 0, np.expm1(self._u * np.abs(s)), 0)
        return s, total, y, sigma, (y * (sigma + self._epsilon)).sum(axis=1, keepdims=True)

    def _bound_y(self) -> Bounded:  # (N, C)
        if self._loss == "squared-error":
            (a2,) = self._read("a2")
            return a2, np.zeros_like(a2)
        _, _, y, sigma, delta = self._compute_softmax()
        error = y * (sigma + self._epsilon + delta + self._gamma(y.shape[1] + 1))
        return y, error + self._tiny

    def _bound_loss(self) -> Bounded:  # ()
        if self._loss == "squared-error":
            (a2,) = self._read("a2")
            loss = ((a2 - one_hot(self._trace["t"], a2)) ** 2).sum() / (2 * len(a2))
            return loss, self._gamma(a2.size + 4) * loss + self._tiny
        s, total, y, _, delta = self._compute_softmax()  # δ bounds the relative error of total
        s_t = (s * one_hot(self._trace["t"], s)).sum(axis=1)
        log_total = np.log(total[:, 0])
        terms = log_total - s_t
        error = delta[:, 0] + self._gamma(y.shape[1])
        error += self._epsilon * np.abs(log_total) + self._u * np.abs(s_t)
        mean = np.abs(terms).mean()
        return terms.mean(), error.mean() + self._gamma(len(terms) + 1) * mean + self._tiny

    def _bound_da2(self) -> Bounded:  # (N, C)
        (y,) = self._read("y")
        t, n = one_hot(self._trace["t"], y), len(y)
        if self._loss == "squared-error":
            return (y - t) / n, self._gamma(3) * np.abs(y - t) / n + self._tiny
        _, total, exact_y, _, _ = self._compute_softmax()
        relative = self._epsilon * np.log(total) + self._u * np.abs(np.log(exact_y))
        by_log = np.where(exact_y > 0, exact_y * relative, 0)  # the term of (4) in log y
        error = self._gamma(3) * (np.abs(y) + t) + 2 * self._bound_y()[1] + by_log
        return (y - t) / n, error / n + self._tiny

    def _bound_dW2(self) -> Bounded:  # (H, C) # noqa: N802
        z1, da2 = self._read("z1", "da2")
        return self._bound_product(z1.T, da2)

    def _bound_db2(self) -> Bounded:  # (C,)
        return self._bound_batch_sum(*self._read("da2"))

    def _bound_dz1(self) -> Bounded:  # (N, H)
        da2, w2 = self._read("da2", "W2 before")
        return self._bound_product(da2, w2.T)

    def _bound_da1(self) -> Bounded:  # (N, H)
        a1, z1, dz1 = self._read("a1", "z1", "dz1")
        if self._activation == "relu":
            return np.where(a1 > 0, dz1, 0), np.zeros_like(dz1)
        da1 = dz1 * z1 * (1 - z1)
        return da1, self._gamma(3) * np.abs(da1) + self._tiny

    def _bound_dW1(self) -> Bounded:  # (D, H) # noqa: N802
        x, da1 = self._read("x", "da1")
        return self._bound_product(x.T, da1)

    def _bound_db1(self) -> Bounded:  # (H,)
        return self._bound_batch_sum(*self._read("da1"))

    def _bound_update(self, name: str) -> Bounded:
        w, dw, lr = self._read(f"{name} before", f"d{name}", "lr")
        new, move = w - lr * dw, np.abs(lr * dw)
        return new, self._u * np.abs(new) + self._gamma(3) * move + self._tiny
