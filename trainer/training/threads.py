"""How many threads compute: one in a small step, all in a large one, a part of the rows each in
an evaluation.

One thread, since a second changes the last bits: OpenBLAS then parts the sum of x @ W1 in other
places. So a run of the book's size ends the same on any number of cores, and in a sweep, whose
runs have one core each.

It would not pay either. It has to be woken for every product and waited for after it; on an idle
machine of two cores the book's steps are a fifth faster with it, and the book's run 1.7 times
slower: an OpenBLAS thread without work spins for 0.1 s, during which the evaluation wants its
core. Without the spinning (OPENBLAS_THREAD_TIMEOUT=18, set before NumPy is imported) the run takes
as long as on one thread, within 6 %, but where another program takes a core, a step 1.7 times as
long.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

LARGE = 25_000_000  # multiply-adds of a product worth all threads: half a millisecond on one


class Threads:
    """The BLAS threads of NumPy and the threads of torch, set together."""

    def __init__(self) -> None:
        self._blas = ThreadpoolController().select(user_api="blas")
        self._most = torch.get_num_threads()
        self._now = 0  # what is set; 0 for what was before
        self._pool = ThreadPoolExecutor(self._most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A context of one thread."""
        with self._limit(1):
            yield

    @contextmanager
    def step(self, inputs: int, hidden_size: int, batch_size: int) -> Iterator[None]:
        """A context for the steps of a net: one thread, or all where its products are LARGE."""
        with self._limit(self._most if inputs * hidden_size * batch_size >= LARGE else 1):
            yield

    def accuracy(self, net: Any, x: Any, t: Any) -> float:
        """net.accuracy(x, t), to the bit, with the rows parted among the cores.

        So all that an evaluation does runs on every core, not its products alone.
        """

        def right(part: slice) -> int:
            return round(net.accuracy(x[part], t[part]) * len(t[part]))

        return sum(self.map(right, self.parts(len(x)))) / len(x)

    def parts(self, rows: int) -> list[slice]:
        """So many rows, parted among the cores."""
        size = max(1, -(-rows // self._most))
        return [slice(i, min(i + size, rows)) for i in range(0, rows, size)]

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """The results of function of each item, a part of the items on each core, on one thread.

        The caller's own thread, which is awake, takes the first part.
        """
        items = list(items)

        def results(part: slice) -> list[Any]:
            return [function(item) for item in items[part]]

        with self.one():
            first, *others = self.parts(len(items)) or [slice(0)]
            # Each in a copy of this context, which holds np.errstate.
            futures = [self._pool.submit(copy_context().run, results, part) for part in others]
            found = results(first)
            return [*found, *(result for future in futures for result in future.result())]

    @contextmanager
    def _limit(self, threads: int) -> Iterator[None]:
        if threads == self._now:  # setting them again would take as long as a product
            yield
            return
        outer, self._now = (self._now, torch.get_num_threads()), threads
        with self._blas.limit(limits=threads):
            torch.set_num_threads(threads)
            try:
                yield
            finally:
                self._now, before = outer
                torch.set_num_threads(before)
