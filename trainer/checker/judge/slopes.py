"""Differentiates what a step computes, along random directions of one weight at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.events import Values
from trainer.checker.judge.influence import Model

H = 1e-5  # of the largest value of a weight
UNSETTLED = 1e-3  # differences of two step sizes that differ more say nothing: a kink is near


@dataclass
class Direction:
    """One direction of one weight, how far the step moves along it, and what four runs gave.

    decay is how far the weight itself lies along it: a penalty pulls there.
    """

    weight: str
    vector: Array
    h: float
    moved: float
    decay: float
    runs: dict[int, Values]

    def differentiate(self, function: Callable[[Values], float]) -> tuple[float, float]:
        """Return the derivative of a function of the values, and what two step sizes differ by."""
        value = {n: function(values) for n, values in self.runs.items()}
        near = (value[1] - value[-1]) / (2 * self.h)
        far = (value[2] - value[-2]) / (4 * self.h)
        return (4 * near - far) / 3, abs(near - far)


def probe(model: Model, weight: str, number: int, start: int = 0) -> list[Direction]:
    """Return some directions of a weight: its elements one by one where there are so few."""
    values = np.asarray(model.base.before[weight], dtype=np.float64)
    moved = model.base.after[weight] - values
    scale = float(np.abs(values).max()) or 0.1
    found = []
    for k in range(start, min(start + number, values.size)):
        vector = _choose_vector(values.shape, k, number)
        h = H * scale
        runs = {n: model.read({weight: values + n * h * vector}) for n in (-2, -1, 1, 2)}
        along, decay = float((moved * vector).sum()), float((values * vector).sum())
        found.append(Direction(weight, vector, h, along, decay, runs))
    return found


def _choose_vector(shape: tuple[int, ...], k: int, number: int) -> Array:
    size = int(np.prod(shape))
    if size <= number:
        return np.eye(size)[k].reshape(shape)
    return np.random.default_rng(k).choice([-1.0, 1.0], size).reshape(shape)
