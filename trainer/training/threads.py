"""The number of threads: one for a small step, all for a large step, and all for an evaluation.

A small step has one thread because a second one changes the last bits: OpenBLAS then splits the
sum of x @ W1 in other places. So a run of the book's size ends with the same bits on any number
of cores, and also in a sweep, whose runs have one core each.

A second thread would not pay either. It has to be woken for every product and waited for after
it. On an idle machine of two cores it makes the book's steps a fifth faster but the book's run
1.7 times slower: an idle OpenBLAS thread spins for 0.1 s, while the evaluation needs its core.
Without the spinning (OPENBLAS_THREAD_TIMEOUT=18, set before NumPy is imported) the run takes as
long as on one thread, within 6 %. But where another program takes a core, a step then takes 1.7
times as long.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

import torch
from threadpoolctl import ThreadpoolController

from trainer.nets.net import Net

LARGE = 25_000_000  # multiply-adds of a product worth all threads: half a millisecond on one
S = TypeVar("S")
R = TypeVar("R")


class Threads:
    """The BLAS threads of NumPy and the threads of torch, set together."""

    def __init__(self) -> None:
        self._blas = ThreadpoolController().select(user_api="blas")
        self._most = torch.get_num_threads()
        self._limited_to = 0  # 0: the number from before the first limit
        self._pool = ThreadPoolExecutor(self._most)

    def limit_to_one(self) -> AbstractContextManager[None]:
        """Return a context of one thread."""
        return self._limit(1)

    def limit_for_step(self, inputs: int, hidden: int, batch: int) -> AbstractContextManager[None]:
        """Return a context for the steps of a net: one thread, or all if its products are LARGE."""
        return self._limit(self._most if inputs * hidden * batch >= LARGE else 1)

    def compute_accuracy(self, net: Net[Any], x: Any, t: Any) -> float:
        """Return net.accuracy(x, t), to the bit, with the rows split among the cores.

        This way every part of an evaluation runs on every core, not only its products.
        """

        def count_correct(rows: slice) -> int:
            return round(net.accuracy(x[rows], t[rows]) * len(t[rows]))

        return sum(self.map(count_correct, self.split_rows(len(x)))) / len(x)

    def split_rows(self, count: int) -> list[slice]:
        """Return count rows split among the cores."""
        size = max(1, -(-count // self._most))
        return [slice(i, min(i + size, count)) for i in range(0, count, size)]

    def map(self, function: Callable[[S], R], items: Iterable[S]) -> list[R]:
        """Return the results of function, the items split among the cores, one thread on each.

        The caller's own thread takes the first part, since it is awake already.
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
        """Set the number of threads, and set the former number at the end."""
        if threads == self._limited_to:  # setting it again would take as long as a product
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
