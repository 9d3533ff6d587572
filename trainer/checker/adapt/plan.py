"""Train a net for some steps by its own gradients, in the process of its code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array


@dataclass(frozen=True)
class Curve:
    """The accuracies on the test rows, one each few steps; error says what ended it early."""

    accuracies: list[float]
    error: str = ""

    @property
    def last(self) -> float:
        """The last accuracy."""
        return self.accuracies[-1]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows x (N, D) with labels t (N,); the first ones are for testing."""

    x: Array
    t: Array
    test: int
    classes: int


@dataclass(frozen=True, eq=False)
class Plan:
    """How a net is trained: inputs are x · factor + shift, and weights the first ones if given."""

    rate: float
    batch: int
    steps: int
    every: int  # steps from one accuracy to the next
    one_hot: bool  # whether targets are one-hot rows
    factor: Array
    shift: Array
    weights: dict[str, Array] | None = None


def run_plan(subject: Any, rows: Rows, plan: Plan) -> Curve:
    """Train a subject of trainer.checker.adapt.subject; return its curve.

    The rows of each step are drawn with one seed, so that every net sees the same.
    """
    x, t, test = rows.x * plan.factor + plan.shift, rows.t, rows.test
    weights = dict(plan.weights or subject.weights.get())
    targets = np.eye(rows.classes)[t] if plan.one_hot else t

    def step(chosen: Array) -> bool:
        subject.weights.set(weights)
        grads = subject.backpropagate(x[chosen], targets[chosen])
        if grads is None or not all(np.isfinite(np.asarray(grads[k])).all() for k in weights):
            return False
        for key, weight in weights.items():
            weights[key] = weight - plan.rate * _turn(grads[key], weight)
        return True

    def measure() -> float:
        subject.weights.set(weights)
        y = np.asarray(subject.predict(x[:test]))
        guesses = y.argmax(axis=1) if y.ndim == 2 else y  # some predict classes
        return float(np.mean(guesses == t[:test]))

    return train(step, measure, len(x), plan, test)


def train(
    step: Callable[[Array], bool], measure: Callable[[], float], number: int, plan: Plan, test: int
) -> Curve:
    """Take the steps of a plan on rows from test to number; step returns whether it could."""
    rng, accuracies = np.random.default_rng(0), [measure()]
    for i in range(1, plan.steps + 1):
        if not step(rng.integers(test, number, plan.batch)):
            return Curve(accuracies, "nan")
        if i % plan.every == 0:
            accuracies.append(measure())
    return Curve(accuracies)


def _turn(grad: object, weight: Array) -> Array:
    """Return the gradient of a weight in its shape, which the net may have turned."""
    found = np.asarray(grad)
    is_turned = found.ndim == 2 and found.shape != weight.shape
    return (found.T if is_turned else found).reshape(weight.shape)
