"""The training loop, the same for either net; it knows no TensorBoard, no files, no device."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from trainer.common.errors import DivergedError
from trainer.common.settings import Settings
from trainer.nets.net import Net
from trainer.training.signals import Stop

A = TypeVar("A")  # the arrays of the net: NumPy's, or torch's tensors


@dataclass(frozen=True)
class Point:
    """What is recorded at an iteration, all of it of the weights before that update."""

    iteration: int
    loss: float  # of this iteration's mini-batch
    train: float  # accuracy over the whole training set
    test: float


class Evaluation(Protocol):
    """How the accuracies over both sets are found: see trainer/training/evaluation.py."""

    def accuracies(self) -> tuple[float, float]:
        """Return the accuracy over the training set and over the test set."""


class Points(list[Point]):
    """Keeps the points of a loop without a folder: see trainer/training/recorder.py for one."""

    def record(self, point: Point) -> None:
        """Keep a point, at every eval_every-th iteration and after the last step."""
        self.append(point)

    def save(self, i: int) -> None:
        """Write the weights before step i: here, nothing."""

    def advance(self, i: int) -> None:
        """Show that step i is done: here, nothing."""


class Recording(Protocol):
    """What the loop asks of the object that records it: the methods of Points."""

    def record(self, point: Point) -> None: ...  # noqa: D102
    def save(self, i: int) -> None: ...  # noqa: D102
    def advance(self, i: int) -> None: ...  # noqa: D102


@dataclass
class Loop(Generic[A]):
    """Trains a net from iteration start on; batch(i) returns x and t of step i."""

    net: Net[A]
    batch: Callable[[int], tuple[A, A]]
    settings: Settings
    evaluation: Evaluation
    recorder: Recording
    stop: Stop = field(default_factory=Stop)
    start: int = 0

    def run(self) -> None:
        """Train to the last iteration.

        Raises DivergedError where the loss is no longer finite, Stopped after a signal.
        """
        # Overflow on the way to a loss that is not finite is reported once, by evaluate.
        with np.errstate(over="ignore", invalid="ignore"):
            for i in range(self.start, self.settings.iterations):
                if self._saves_at(i):
                    self.recorder.save(i)
                self.stop.raise_if_requested(i)
                x, t = self.batch(i)
                if i % self.settings.eval_every == 0:
                    self.recorder.record(self.evaluate(i, x, t))
                self.step(x, t)
                self.recorder.advance(i)
            last = self.settings.iterations
            self.recorder.record(self.evaluate(last, *self.batch(last)))
        self.recorder.save(last)

    def _saves_at(self, i: int) -> bool:
        """Return whether the weights before step i are saved.

        Those of the first step are, to find out before training whether the folder can be
        written.
        """
        due = i == self.start or i % self.settings.checkpoint_every == 0
        return due or self.stop.is_requested

    def evaluate(self, i: int, x: A, t: A) -> Point:
        """Return the loss of the mini-batch and the accuracies over both sets."""
        loss = self.net.loss(x, t)
        if not np.isfinite(loss):
            raise DivergedError.at(f"the loss is {loss}", i, self.settings.lr)
        return Point(i, loss, *self.evaluation.accuracies())

    def step(self, x: A, t: A) -> None:
        """Update the weights by the gradient of one mini-batch."""
        if self.settings.gradient == "backprop":
            self.net.step(x, t, self.settings.lr)
        else:
            self.net.update(self.net.numerical_gradient(x, t), self.settings.lr)
