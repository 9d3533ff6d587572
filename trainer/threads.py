"""One BLAS thread in a training step, all in an evaluation.

At the sizes of a step, waking a second thread costs more than it gives.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import ThreadpoolController


class Threads:
    """The BLAS threads of NumPy and the threads of torch, set together."""

    def __init__(self) -> None:
        self._blas = ThreadpoolController().select(user_api="blas")
        self._most = torch.get_num_threads()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A context of one thread."""
        with self._limit(1, self._most):
            yield

    @contextmanager
    def all(self) -> Iterator[None]:
        """A context of every core's thread, inside one()."""
        with self._limit(self._most, 1):
            yield

    @contextmanager
    def _limit(self, threads: int, afterwards: int) -> Iterator[None]:
        with self._blas.limit(limits=threads):
            torch.set_num_threads(threads)
            try:
                yield
            finally:
                torch.set_num_threads(afterwards)
