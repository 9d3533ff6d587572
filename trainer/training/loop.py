"""The training loop, the same for either net; it depends on no TensorBoard, files or device."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from trainer.common.errors import DivergedError
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.nets.net import Net
from trainer.training.evaluation import Evaluation

A = TypeVar("A")  # the arrays of the net: NumPy's, or torch's tensors


@dataclass(frozen=True)
class Point:
    """What is recorded at an iteration, measured with the weights before its update."""

    iteration: int
    loss: float  # of this iteration's mini-batch
    train: float  # accuracy over the whole training set
    test: float


class Observer:
    """Observes every step of a loop, and does nothing by itself; trainer/training/recorder.py
    writes to a folder.
    """

    def begin(self, i: int) -> None:
        """Learn that step i is next; what this raises ends the loop."""

    def record(self, point: Point) -> None:
        """Learn of a point, every eval_every iterations and after the last step."""

    def advance(self, i: int) -> None:
        """Learn that step i is done."""

    def end(self, i: int) -> None:
        """Learn that i steps were all, and that the last point is recorded."""


@dataclass
class Loop(Generic[A]):
    """Trains a net; batch(i) returns images x (N, D) and labels t (N,)."""

    net: Net[A]
    batch: Callable[[int], tuple[A, A]]
    settings: Settings
    evaluation: Evaluation[A]
    observer: Observer = field(default_factory=Observer)

    def run(self, start: int = 0) -> list[Point]:
        """Train from iteration start to the last one; return the points.

        Raises DivergedError when the loss is no longer finite, and what the observer raises.
        """
        points, step, last = list[Point](), self._choose_step(), self.settings.iterations
        # NumPy's warnings of overflow are off, since _measure reports a loss that is not finite.
        with np.errstate(over="ignore", invalid="ignore"):
            for i in range(start, last):
                self.observer.begin(i)
                x, t = self.batch(i)
                if i % self.settings.eval_every == 0:
                    points.append(self._measure(i, x, t))
                step(x, t)
                self.observer.advance(i)
            points.append(self._measure(last, *self.batch(last)))
        self.observer.end(last)
        return points

    def _choose_step(self) -> Callable[[A, A], object]:
        """Return what updates the weights by the gradient on one mini-batch."""
        net, lr = self.net, self.settings.lr
        if self.settings.gradient == "backprop":
            return lambda x, t: net.step(x, t, lr)
        return lambda x, t: net.update(net.numerical_gradient(x, t), lr)

    def _measure(self, i: int, x: A, t: A) -> Point:
        """Return the point of iteration i; raises DivergedError if the loss is not finite."""
        loss = self.net.loss(x, t)
        if not np.isfinite(loss):
            raise DivergedError.at(_("the loss is {loss}", loss=loss), i, self.settings.lr)
        point = Point(i, loss, *self.evaluation.accuracies())
        self.observer.record(point)
        return point
