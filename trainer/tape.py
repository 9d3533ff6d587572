"""The tape both nets read: initial weights and batch indices, drawn once in NumPy from the seed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.functions import Array

WEIGHTS, BATCHES = 0, 1  # streams of one seed
BLOCK = 100  # steps drawn at a time: a generator costs as much as the gather of a batch


def initial_params(
    input_size: int,
    hidden_size: int,
    output_size: int,
    weight_init_std: float = 0.01,
    seed: int = 0,
    dtype: str = "float32",
) -> dict[str, Array]:
    """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,): W ~ std · N(0, 1), b = 0 (chapter 4.5.1).

    Drawn in float64, then cast: each dtype starts from the same numbers.
    """
    rng = np.random.default_rng((seed, WEIGHTS))
    params = {
        "W1": weight_init_std * rng.standard_normal((input_size, hidden_size)),
        "b1": np.zeros(hidden_size),
        "W2": weight_init_std * rng.standard_normal((hidden_size, output_size)),
        "b2": np.zeros(output_size),
    }
    return {key: value.astype(dtype) for key, value in params.items()}


class Batches:
    """The mini-batch of each step, drawn with replacement (chapter 4.2.3).

    The rows of step i are a function of (seed, i) alone, so any backend, and a run
    that goes on after a stop, sees the same ones. native puts a block of row numbers
    (BLOCK, batch_size) where x and t live.
    """

    def __init__(
        self,
        x: Any,
        t: Any,
        batch_size: int,
        seed: int,
        native: Callable[[Array], Any] = np.asarray,
    ):
        self.x, self.t = x, t
        self._batch_size, self._seed, self._native = batch_size, seed, native
        self._block = -1
        self._rows: Any = None

    def __call__(self, i: int) -> tuple[Any, Any]:
        """x (batch_size, D) and t (batch_size,) of step i."""
        block, offset = divmod(i, BLOCK)
        if block != self._block:
            rng = np.random.default_rng((self._seed, BATCHES, block))
            rows = rng.integers(len(self.x), size=(BLOCK, self._batch_size))
            self._block, self._rows = block, self._native(rows)
        rows = self._rows[offset]
        return _take(self.x, rows), _take(self.t, rows)


def _take(array: Any, rows: Any) -> Any:
    """array[rows], by the name under which each library does it fastest."""
    if isinstance(array, np.ndarray):
        return array.take(rows, axis=0)
    return array.index_select(0, rows)
