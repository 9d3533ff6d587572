"""Runs a program until it trains, and returns the rounds of its loops that may be one step."""

from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from trainer.checker.find.randomness import run_quietly
from trainer.checker.find.steps import Step, Trace, capture
from trainer.checker.find.tracing import Tracer

MOST_ROUNDS = 100_000  # of all loops before the training begins
MOST_CAPTURES = 40


class FoundError(BaseException):
    """Raised to leave a program when its training loop was seen."""


class Discovery:
    """Follows the loops of a program, and captures each at its first round."""

    def __init__(self, tracer: Tracer):
        self._tracer = tracer
        self.captures: dict[tuple[int, int], Step] = {}  # by loop and round
        self._active: list[int] = []
        self._rounds = 0
        self._carried: dict[tuple[int, int], dict[str, Any]] = {}  # by loop and round

    def follow(self, program: Callable[[], object]) -> list[Step]:
        """Run the program; return its steps, those that change most first, of these the inner."""
        self._tracer.enter, self._tracer.leave = self._enter, self._leave
        try:
            with run_quietly():
                program()
        except (Exception, SystemExit, FoundError):
            pass
        finally:
            self._tracer.enter = self._tracer.leave = None
        return self._rank_steps()

    def _order_captures(self) -> list[tuple[int, int]]:
        """Return the captures, those of inner loops first, of a loop the first round first."""
        order = list(dict.fromkeys(loop for loop, _ in self.captures))
        return sorted(self.captures, key=lambda key: (-order.index(key[0]), key[1]))

    def _enter(self, loop: int, frame: FrameType) -> None:
        self._rounds += 1
        if self._rounds > MOST_ROUNDS:
            raise FoundError
        if loop in self._active:
            while self._active[-1] != loop:
                self._active.pop()
            if len(self._active) == 1:
                self._stop_if_training(loop)
            self._capture(loop, 2, frame)  # the first sample may be zeros, which move nothing
            return
        self._active.append(loop)
        self._capture(loop, 1, frame)

    def _capture(self, loop: int, number: int, frame: FrameType) -> None:
        is_next = number == 1 or (loop, 1) in self.captures
        if is_next and (loop, number) not in self.captures and len(self.captures) < MOST_CAPTURES:
            step = capture(self._tracer, self._tracer.loops[loop], frame)
            self.captures[loop, number] = step

    def _leave(self, loop: int) -> None:
        if loop in self._active:
            while self._active.pop() != loop:
                pass
            if not self._active:
                self._stop_if_training(loop)

    def _stop_if_training(self, loop: int) -> None:
        if (loop, 1) in self._carried or (loop, 1) not in self.captures:
            return
        enter, leave = self._tracer.enter, self._tracer.leave
        module = self.captures[loop, 1].module
        kept = dict(module)
        carried = self._find_carried((loop, 1))
        module.clear()
        module.update(kept)
        self._tracer.enter, self._tracer.leave = enter, leave
        if len(carried) > 1:
            raise FoundError

    def _find_carried(self, key: tuple[int, int]) -> dict[str, Any]:
        """Return the numbers that a captured step carries on, as they were before it."""
        if key not in self._carried:
            self._carried[key] = find_carried(self.captures[key])
        return self._carried[key]

    def _rank_steps(self) -> list[Step]:
        """Return the steps that change most arrays: a loop that changes fewer is a part of a step.

        Single numbers count where no arrays change: a rate that decays is no weight.
        """
        keys = self._order_captures()
        carried = [list(self._find_carried(key).values()) for key in keys]
        arrays = [sum(before.ndim > 0 for before in each) for each in carried]
        sizes = arrays if any(arrays) else [len(each) for each in carried]
        most = max(sizes, default=0)
        return [self.captures[k] for k, size in zip(keys, sizes, strict=True) if size == most > 0]


def find_carried(step: Step) -> dict[str, Any]:
    """Return what a step changes to a value that depends on the one before: weights, not caches.

    The values are those before the step, by their paths.
    """
    trace = step.run()
    paths = (path for path in trace.list_changed() if is_carried(step.run, trace, path))
    return {path: trace.before[path] for path in paths}


def is_carried(run: Callable[..., Trace], trace: Trace, path: str) -> bool:
    """Return whether some number that a step changes depends on the one in its place before."""
    old = trace.before[path]
    after = run({path: old + 1e-3 * (1 + np.abs(old))}, "changes").after.get(path)
    if after is None or after.shape != old.shape:
        return False
    changed = old != trace.after[path]
    return not np.array_equal(after[changed], trace.after[path][changed])
