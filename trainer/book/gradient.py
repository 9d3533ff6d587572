"""The numerical gradient and gradient descent of the book's chapters 4.3 and 4.4."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from trainer.book.functions import Array, Scalar, as_float


def numerical_gradient(
    f: Callable[[Array], float | Scalar], x: ArrayLike, h: float = 1e-4
) -> Array:
    """Return ∂f/∂x by central differences, (f(x + h) − f(x − h)) / 2h, for x of any shape.

    The result has the dtype of x, or float64 for integers. f is called with one and the same
    float64 copy of x, since in float32 the rounding of f would hide the difference.
    """
    x = as_float(x)
    point = x.astype(np.float64)  # always a copy
    grad = np.empty_like(point)
    for i in np.ndindex(point.shape):
        value = point[i]
        point[i] = value + h
        above = f(point)
        point[i] = value - h
        below = f(point)
        point[i] = value
        grad[i] = (above - below) / (2 * h)
    return grad.astype(x.dtype)


def gradient_descent(
    f: Callable[[Array], float | Scalar], x: ArrayLike, lr: float = 0.01, steps: int = 100
) -> Array:
    """Return x and the points after each step x ← x − η ∇f(x): (steps + 1, *x.shape)."""
    path = [as_float(x)]
    for _ in range(steps):
        path.append(path[-1] - lr * numerical_gradient(f, path[-1]))
    return np.stack(path)
