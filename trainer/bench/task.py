"""The task that every contestant gets, and the functions of a contestant that are measured."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import Digits
from trainer.training.threads import Threads

# Steps that are timed together: as many as Batches draws at a time, so that drawing is included.
STEPS = 100


@dataclass(frozen=True)
class Task:
    """A net's settings, the images, and rows (M, batch_size) of the first M mini-batches.

    M is at least the number of batches in an epoch. With fewer, the images would stay in the
    processor's cache, unlike those of a real run. folder holds the files of the images.
    """

    settings: Settings
    digits: Digits
    rows: Array
    folder: Path

    @classmethod
    def build(cls, settings: Settings, digits: Digits, folder: Path) -> "Task":
        """Return the task of these settings on these images."""
        numbers = np.arange(len(digits.x_train))
        batch = Batches(numbers, numbers, settings.batch_size, settings.seed)
        count = max(STEPS, len(numbers) // settings.batch_size)
        return cls(settings, digits, np.stack([batch(i)[0] for i in range(count)]), folder)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The number of inputs D, of hidden neurons H and of classes C."""
        classes = len(self.digits.classes)
        return self.digits.x_train.shape[1], self.settings.hidden_size, classes


@dataclass(frozen=True)
class Contestant:
    """An implementation to measure: step(i) trains, evaluate classifies the images.

    Either is None if it is not measured. threads returns the context in which both run, unless all
    contestants get the same number of threads. Of contestants named "name/variant", which differ
    in threads, the fastest variant counts.
    """

    name: str
    step: Callable[[int], object] | None = None
    evaluate: Callable[[], object] | None = None
    threads: Callable[[], AbstractContextManager[None]] = nullcontext
    part: float = 1.0  # the fraction of all images that one call of evaluate classifies


def vary_threads(
    name: str, step: Callable[[int], object], evaluate: Callable[[], object]
) -> Iterator[Contestant]:
    """Yield a contestant on one thread and one on all threads; the faster one counts."""
    yield Contestant(f"{name}/1 thread", step, evaluate, Threads().limit_to_one)
    yield Contestant(f"{name}/all threads", step, evaluate)
