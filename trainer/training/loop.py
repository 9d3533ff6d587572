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
from trainer.training.signals import Stop

A = TypeVar("A")  # the arrays of the net: NumPy's, or torch's tensors


@dataclass(frozen=True)
class Point:
    """What is recorded at an iteration, measured with the weights before its update."""

    iteration: int
    loss: float  # of this iteration's mini-batch
    train: float  # accuracy over the whole training set
    test: float


class Points(list[Point]):
    """Keeps a run's points in memory; trainer/training/recorder.py writes them to a folder."""

    def record(self, point: Point) -> None:
        """Keep a point; the loop calls this every eval_every iterations and after the last step."""
        self.append(point)

    def save(self, i: int) -> None:
        """Save the weights before step i; in memory there is nothing to do."""

    def advance(self, i: int) -> None:
        """Show that step i is done; in memory there is nothing to do."""


@dataclass
class Loop(Generic[A]):
    """Trains a net from iteration start on; batch(i) returns images x (N, D) and labels t (N,)."""

    net: Net[A]
    batch: Callable[[int], tuple[A, A]]
    settings: Settings
    evaluation: Evaluation[A]
    recorder: Points
    stop: Stop = field(default_factory=Stop)
    start: int = 0

    def run(self) -> None:
        """Train to the last iteration.

        Raises DivergedError when the loss is no longer finite, Stopped after a signal.
        """
        # NumPy's warnings of overflow are off, since evaluate reports a loss that is not finite.
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
        """Return whether to save the weights before step i."""
        # The first weights are saved to find out before training if the folder can be written.
        is_due = i == self.start or i % self.settings.checkpoint_every == 0
        return is_due or self.stop.is_requested

    def evaluate(self, i: int, x: A, t: A) -> Point:
        """Return the point of iteration i; raises DivergedError if the loss is not finite."""
        loss = self.net.loss(x, t)
        if not np.isfinite(loss):
            raise DivergedError.at(_("the loss is {loss}", loss=loss), i, self.settings.lr)
        return Point(i, loss, *self.evaluation.accuracies())

    def step(self, x: A, t: A) -> None:
        """Update the weights by the gradient on one mini-batch."""
        if self.settings.gradient == "backprop":
            self.net.step(x, t, self.settings.lr)
        else:
            self.net.update(self.net.numerical_gradient(x, t), self.settings.lr)
