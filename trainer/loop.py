"""The training loop, the same for either net; it knows no TensorBoard, no files, no device."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from trainer.errors import DivergedError
from trainer.settings import Settings


class Net(Protocol):
    """What the loop asks of a net."""

    def numerical_gradient(self, x: Any, t: Any) -> Any: ...  # noqa: D102
    def update(self, grads: Any, lr: float) -> None: ...  # noqa: D102
    def step(self, x: Any, t: Any, lr: float) -> Any: ...  # noqa: D102
    def loss(self, x: Any, t: Any) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Point:
    """What is recorded at an iteration, all of the weights before its update."""

    iteration: int
    loss: float  # of the mini-batch of this iteration
    train: float  # accuracy over the whole training set
    test: float


def train(
    net: Net,
    batch: Callable[[int], tuple[Any, Any]],
    steps: Iterable[int],
    settings: Settings,
    evaluate: Callable[[], tuple[float, float]],
    record: Callable[[Point], None],
) -> None:
    """Run the steps, recording every eval_every iterations and after the last.

    batch(i) gives x and t of step i; evaluate gives the accuracies over both sets.
    Raises DivergedError where the loss is no longer finite.
    """
    step = net.step if settings.gradient == "backprop" else _numerical_step(net)

    def measure(i: int) -> None:
        loss = net.loss(*batch(i))
        if not np.isfinite(loss):
            raise DivergedError.at(f"the loss is {loss}", i, settings.lr)
        record(Point(i, loss, *evaluate()))

    # Overflow on the way to a loss that is not finite is reported once, by measure.
    with np.errstate(over="ignore", invalid="ignore"):
        for i in steps:
            if i % settings.eval_every == 0:
                measure(i)
            step(*batch(i), settings.lr)
        measure(settings.iterations)


def _numerical_step(net: Net) -> Callable[[Any, Any, float], None]:
    def step(x: Any, t: Any, lr: float) -> None:
        net.update(net.numerical_gradient(x, t), lr)

    return step
