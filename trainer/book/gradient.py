"""Chapter 4.3 and 4.4: the numerical gradient, and descent along it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trainer.book.functions import Array, as_float


def numerical_gradient(f: Callable[[Array], Any], x: ArrayLike, h: float = 1e-4) -> Array:
    """∂f/∂x by central differences, (f(x + h) − f(x − h)) / 2h, for x of any shape.

    f is given a float64 copy, the same array each time: in float32 the rounding of f at this h
    would drown the difference. The result has x's dtype, float64 for integers. x is left as it was.
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
    f: Callable[[Array], Any], x: ArrayLike, lr: float = 0.01, steps: int = 100
) -> Array:
    """The path x ← x − η ∇f(x) takes from x: shape (steps + 1, *x.shape), the start first."""
    path = [as_float(x)]
    for _ in range(steps):
        path.append(path[-1] - lr * numerical_gradient(f, path[-1]))
    return np.stack(path)
