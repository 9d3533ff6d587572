"""What each contestant is given, and what it offers to be measured."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import Digits

STEPS = 100  # in a row, timed as one: as many as a block of the tape, whose drawing counts


@dataclass(frozen=True)
class Task:
    """The net and its images: settings, digits, and rows (M, batch_size) of the first M batches.

    They are as many as an epoch has: of a few, the images would stay in the cache, as those of a
    run do not. folder is where the files of the images lie.
    """

    settings: Settings
    digits: Digits
    rows: Array
    folder: Path

    @classmethod
    def of(cls, settings: Settings, digits: Digits, folder: Path) -> "Task":
        """The task of these settings on these images."""
        numbers = np.arange(len(digits.x_train))
        batch = Batches(numbers, numbers, settings.batch_size, settings.seed)
        count = max(STEPS, len(numbers) // settings.batch_size)
        return cls(settings, digits, np.stack([batch(i)[0] for i in range(count)]), folder)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """D, H, C."""
        classes = len(self.digits.classes)
        return self.digits.x_train.shape[1], self.settings.hidden_size, classes


@dataclass(frozen=True)
class Contestant:
    """step(i) does step i, or steps of them at once; evaluate classifies all images, or a part.

    Either is None where it does not apply. A name may carry a variant, "floor/all threads":
    of these the better one counts. threads is the context that both run in.
    """

    name: str
    step: Callable[[int], object] | None = None
    evaluate: Callable[[], object] | None = None
    threads: Callable[[], AbstractContextManager[None]] = nullcontext
    steps: int = 1  # that one call of step does
    part: float = 1.0  # of all images that one call of evaluate classifies
