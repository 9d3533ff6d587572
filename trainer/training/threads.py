"""Set the number of threads: one for a small step, all for a large step or an evaluation.

A small step has one thread because a second one changes the last bits: OpenBLAS then splits the
sums of x @ W1 at other terms. So a run of the book's size ends with the same bits on any number
of cores, and in a sweep.

A second thread would not save time either. On an idle machine of two cores it makes the book's
steps a fifth faster, but the run 1.7 times slower: an idle OpenBLAS thread spins for 0.1 s, while
the evaluation needs its core. Without spinning (OPENBLAS_THREAD_TIMEOUT=18, set before NumPy is
imported) the run takes as long as on one thread, but a step 1.7 times as long if another program
takes a core.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

import torch
from threadpoolctl import ThreadpoolController

from trainer.nets.net import Net

LARGE = 25_000_000  # multiply-adds, half a millisecond on one thread; above, all threads pay
S = TypeVar("S")
R = TypeVar("R")


class Threads:
    """The BLAS threads of NumPy and the threads of torch, set together."""

    def __init__(self) -> None:
        self._blas = ThreadpoolController().select(user_api="blas")
        self._all = torch.get_num_threads()
        self._limited_to = 0  # 0 before the first limit
        self._pool = ThreadPoolExecutor(self._all)

    def limit_to_one(self) -> AbstractContextManager[None]:
        """Return a context in which NumPy and torch have one thread."""
        return self._limit(1)

    def limit_for_step(self, inputs: int, hidden: int, batch: int) -> AbstractContextManager[None]:
        """Return a context for steps: one thread, or all if x (batch, inputs) @ W1 is LARGE."""
        return self._limit(self._all if inputs * hidden * batch >= LARGE else 1)

    def compute_accuracy(self, net: Net[Any], x: Any, t: Any) -> float:
        """Return net.accuracy(x, t) to the bit, with x (N, D) and t (N,) split among the cores."""

        def count_correct(rows: slice) -> int:
            return round(net.accuracy(x[rows], t[rows]) * len(t[rows]))

        return sum(self.map(count_correct, self.split_rows(len(x)))) / len(x)

    def split_rows(self, count: int) -> list[slice]:
        """Split range(count) into at most one slice for each core, equal except for the last."""
        size = max(1, -(-count // self._all))
        return [slice(i, min(i + size, count)) for i in range(0, count, size)]

    def map(self, function: Callable[[S], R], items: Iterable[S]) -> list[R]:
        """Return function(item) for each item; the items are split among the cores.

        The calling thread computes the first part, since it need not be woken.
        """
        items = list(items)

        def compute(part: slice) -> list[R]:
            return [function(item) for item in items[part]]

        with self.limit_to_one():
            first, *others = self.split_rows(len(items)) or [slice(0)]
            # Each thread gets a copy of this context, which holds the caller's np.errstate.
            futures = [self._pool.submit(copy_context().run, compute, part) for part in others]
            results = compute(first)
            return [*results, *(result for future in futures for result in future.result())]

    @contextmanager
    def _limit(self, threads: int) -> Iterator[None]:
        """Set the number of threads inside the context, and restore the former number after it."""
        if threads == self._limited_to:  # setting the same number takes as long as a product
            yield
            return
        outer, self._limited_to = (self._limited_to, torch.get_num_threads()), threads
        with self._blas.limit(limits=threads):
            torch.set_num_threads(threads)
            try:
                yield
            finally:
                self._limited_to, before = outer
                torch.set_num_threads(before)
