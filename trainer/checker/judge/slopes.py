"""Differentiates what a step computes, along random directions of one weight at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.events import Values
from trainer.checker.judge.influence import Model

PULLS = "decay", "signs"  # of penalties along a direction
H = 1e-5  # of the largest value of a weight
CLOSE = 1e-5  # relative to the largest step of a weight
UNSETTLED = 1e-3  # differences of two step sizes that differ more say nothing: a kink is near


def list_pulls(found: Sequence["Direction"], explained: Array) -> list[Array]:
    """Return how far penalties pull along each direction, and how far those of sizes do: on the
    weights alone that nothing explains without a penalty, and on all. explained may have rows.
    """
    pulls = [np.array([getattr(each, name) for each in found]) for name in PULLS]
    on_all = [np.broadcast_to(pull, explained.shape) for pull in pulls]
    return [each for pull in on_all for each in (np.where(explained, 0.0, pull), pull)]


@dataclass
class Direction:
    """One direction of one weight, how far the step moves along it, and what four runs gave.

    decay is how far the weight itself lies along it, and signs how far those of its elements do: a
    penalty on the squares of the weights pulls there, or one on their sizes.
    """

    weight: str
    vector: Array
    h: float
    moved: float
    decay: float
    signs: float
    runs: dict[int, Values]

    def differentiate(self, function: Callable[[Values], float]) -> tuple[float, float]:
        """Return the derivative of a function of the values, and what two step sizes differ by."""
        near, far = self.compute_differences({n: function(v) for n, v in self.runs.items()})
        return (4 * near - far) / 3, abs(near - far)

    def compute_differences(self, value: dict[int, Any]) -> tuple[Any, Any]:
        """Return the central differences of the near two runs' values and of the far two's."""
        near = (value[1] - value[-1]) / (2 * self.h)
        far = (value[2] - value[-2]) / (4 * self.h)
        return near, far


def probe(model: Model, weight: str, number: int) -> list[Direction]:
    """Return some directions of a weight: its elements one by one where there are so few.

    The runs of a direction are made once for all that asks for it.
    """
    if (weight, number) not in model.probed:
        model.probed[weight, number] = _probe(model, weight, number)
    return model.probed[weight, number]


def _probe(model: Model, weight: str, number: int) -> list[Direction]:
    """Return some directions of a weight, with all values at two steps to each side."""
    values = np.asarray(model.base.before[weight], dtype=np.float64)
    moved = model.base.after[weight] - values
    scale = float(np.abs(values).max()) or 0.1
    found = []
    for k in range(min(number, values.size)):
        vector = choose_vector(values.shape, k, number)
        h = H * scale
        runs = {n: model.read({weight: values + n * h * vector}) for n in (-2, -1, 1, 2)}
        along, decay, signs = (
            float((each * vector).sum()) for each in (moved, values, np.sign(values))
        )
        found.append(Direction(weight, vector, h, along, decay, signs, runs))
    return found


def choose_vector(shape: tuple[int, ...], k: int, number: int) -> Array:
    """Return one of some directions: an element where there are so few, else a random one."""
    size = int(np.prod(shape))
    if size <= number:
        return np.eye(size)[k].reshape(shape)
    random = np.random.default_rng(k)  # no two vectors of it are parallel
    return (random.choice([-1.0, 1.0], size) * random.uniform(0.5, 1.5, size)).reshape(shape)
