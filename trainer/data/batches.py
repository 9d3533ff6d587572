"""Draw the mini-batches of both nets, as row numbers, in NumPy, from the seed."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np

from trainer.book.functions import Array

A = TypeVar("A")  # the arrays of a net: NumPy's, or torch's tensors
BATCHES = 1  # the random stream of the seed for the rows; the initial weights have another
BLOCK = 100  # steps drawn at a time, since a new generator costs as much as copying a batch


class Batches(Generic[A]):
    """Returns the mini-batch of each step, drawn with replacement (the book's chapter 4.2.3).

    x (N, D) are N images of D pixels, t (N,) their labels. The rows of step i depend on seed and i
    alone, so that both backends and a resumed run have the same ones. native converts an array of
    row numbers to the library of x and t.
    """

    def __init__(
        self, x: A, t: A, batch_size: int, seed: int, native: Callable[[Array], Any] = np.asarray
    ):
        self.x, self.t = x, t
        self._batch_size, self._seed, self._native = batch_size, seed, native
        self._block = -1
        self._rows: Any = None

    def __call__(self, i: int) -> tuple[A, A]:
        """Return x (batch_size, D) and t (batch_size,) of step i."""
        block, offset = divmod(i, BLOCK)
        if block != self._block:
            rng = np.random.default_rng((self._seed, BATCHES, block))
            images = len(self.x)  # type: ignore[arg-type]
            rows = rng.integers(images, size=(BLOCK, self._batch_size))
            self._block, self._rows = block, self._native(rows)
        rows = self._rows[offset]
        return _take_rows(self.x, rows), _take_rows(self.t, rows)


def _take_rows(array: Any, rows: Any) -> Any:
    """Return array[rows], with the fastest function of each library."""
    if isinstance(array, np.ndarray):
        return array.take(rows, axis=0)
    return array.index_select(0, rows)
