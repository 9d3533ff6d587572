"""The task that every contestant gets, and the functions of a contestant that are measured."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.batches import BLOCK, Batches
from trainer.data.digits import Digits

Threading = Callable[[], AbstractContextManager[None]]  # returns a context with so many threads


@dataclass(frozen=True)
class Contestant:
    """An implementation to measure: step trains on the next batch, evaluate classifies all images.

    threads is what both have in a run: all by default. part is the fraction of the images that
    evaluate classifies in fact.
    """

    step: Callable[[], object]
    evaluate: Callable[[], float]
    threads: Threading = nullcontext
    part: float = 1.0


class Task:
    """Settings, the images as arrays of their backend, and the rows of the first mini-batches.

    There are at least as many batches as in an epoch. With fewer, the images would stay in the
    processor's cache, unlike those of a real run. sizes are D inputs, H hidden neurons, C classes.
    """

    def __init__(self, settings: Settings, digits: Digits, folder: Path):
        self.settings, self.name, self.folder = settings, digits.name, folder
        self.sizes = digits.x_train.shape[1], settings.hidden_size, len(digits.classes)
        self.train = self.convert(digits.x_train), self.convert(digits.t_train)
        self.test = self.convert(digits.x_test), self.convert(digits.t_test)
        numbers = np.arange(len(digits.x_train))
        batch = Batches(numbers, numbers, settings.batch_size, settings.seed)
        batches = max(BLOCK, len(numbers) // settings.batch_size)
        self.rows = np.stack([batch(i)[0] for i in range(batches)])

    def convert(self, array: Array) -> Any:
        """Return the array, or a tensor on the device for the torch backend."""
        if self.settings.backend == "numpy":
            return array
        return torch.from_numpy(array).to(self.settings.device)

    def cycle_rows(self) -> Iterator[Any]:
        """Return an iterator over the rows of all batches, again and again."""
        return cycle(self.convert(self.rows))

    def make_step(self, update: Callable[[Any, Any], object]) -> Callable[[], None]:
        """Return a function that calls update with x (N, D) and t (N,) of the next batch."""
        (x, t), all_rows = self.train, self.cycle_rows()

        def step() -> None:
            rows = next(all_rows)
            update(x[rows], t[rows])

        return step

    def make_evaluation(self, accuracy: Callable[[Any, Any], float]) -> Callable[[], float]:
        """Return a function that returns the mean of the accuracies over both sets."""
        return lambda: (accuracy(*self.train) + accuracy(*self.test)) / 2
