"""Runs a program until it trains, and returns the rounds of its loops that may be one step."""

import ast
from collections.abc import Callable, Iterator
from itertools import chain
from types import FrameType
from typing import Any

import numpy as np

from trainer.checker.find.changes import Changes, find_changes
from trainer.checker.find.randomness import run_quietly
from trainer.checker.find.steps import Step, capture
from trainer.checker.find.trace import Trace
from trainer.checker.find.tracing import Tracer

MOST_ROUNDS = 500_000  # of all loops before the training begins
MOST_LATER_ROUNDS = 20_000  # of those after a training that is passed over
MANY_ROUNDS = 5_000  # after which a loop that trains is enough, though others are around it
MOST_CAPTURES = 80
MOST_STEPS = 5  # of a program, with what follows the loop of the first
ROUNDS, EACH = 4, 2  # of a loop that are seen and judged: samples of zeros move few numbers


class FoundError(BaseException):
    """Raised to leave a program when its training loop was seen."""


class Discovery:
    """Follows the loops of a program, and captures each at its first rounds. The first times that
    it trains, as often as skipped says, are ended early and forgotten.
    """

    def __init__(self, tracer: Tracer, skipped: int = 0):
        self._tracer, self._is_later = tracer, skipped > 0
        self._left = skipped  # how many trainings are yet to be passed
        self._ended: set[int] = set()  # the loops of one that is passed, which are to end
        self.captures: dict[tuple[int, int], Step] = {}  # by loop and round
        self._active: list[int] = []
        self._seen: dict[int, int] = {}  # rounds of each loop that were captured
        self._outer: dict[int, set[int]] = {}  # the loops around each
        self._rounds, self._most = 0, MOST_ROUNDS
        self._changes: dict[tuple[int, int], Changes] = {}  # by loop and round
        self._has_trained = False  # whether a loop was known to train, and ended the program
        self.error: Exception | None = None  # that ended it

    def follow(self, program: Callable[[], object]) -> list[Step]:
        """Run the program; return its steps, the ones that change most first, of these the inner.
        After trainings that are passed over there are only those of another one.
        """
        self._tracer.enter, self._tracer.leave = self._enter, self._leave
        try:
            with run_quietly():
                program()
        except Exception as error:
            self.error = error
        except (SystemExit, FoundError):
            pass
        finally:
            self._tracer.enter = self._tracer.leave = None
        return self._rank_steps() if self._has_trained or not self._is_later else []

    @property
    def changes_arrays(self) -> bool:
        """Whether a round that was seen carries on any array."""
        every = (self._find_changes(key) for key in self.captures if key[1] < 3)
        return any(each.before[path].ndim for each in every for path in each.carried)

    def _order_captures(self) -> list[tuple[int, int]]:
        """Return the captures, those of inner loops first, of a loop the first round first."""
        order = list(dict.fromkeys(loop for loop, _ in self.captures))
        return sorted(self.captures, key=lambda key: (-order.index(key[0]), key[1]))

    def _enter(self, loop: int, frame: FrameType) -> bool:
        """Note that a round of a loop begins, and copy the names there at its first rounds; end the
        run when a loop is known to train. Return whether the loop is to end.
        """
        if loop in self._ended:
            return True
        self._rounds += 1
        if self._rounds > self._most:
            raise FoundError
        if self._rounds == MANY_ROUNDS:
            for each in [loop for loop in self._active if (loop, 2) in self.captures]:
                self._stop_if_training(each)
        if loop in self._active:
            while self._active[-1] != loop:
                self._active.pop()
            if len(self._active) == 1 and (loop, 2) in self.captures:
                self._stop_if_training(loop)
            if loop not in self._ended:
                self._capture(loop, frame)
            return loop in self._ended
        self._outer.setdefault(loop, set(self._active))
        self._active.append(loop)
        if self._seen.get(loop, 0) < EACH:  # few samples may be one batch, and one round each time
            self._capture(loop, frame)
        return False

    def _capture(self, loop: int, frame: FrameType) -> None:
        number = self._seen.get(loop, 0) + 1
        if number <= ROUNDS and len(self.captures) < MOST_CAPTURES:
            self._tracer.enter = None  # of what is copied: a generator has loops of its own
            after = chain.from_iterable(self._list_after(loop))
            step = capture(self._tracer, self._tracer.loops[loop], frame, after)
            self._tracer.enter = self._enter
            self.captures[loop, number] = step
            self._seen[loop] = number

    def _leave(self, loop: int) -> None:
        if loop in self._active:
            while self._active.pop() != loop:
                pass
            if not self._active:
                self._stop_if_training(loop)
                self._ended.clear()

    def _stop_if_training(self, loop: int) -> None:
        if (loop, 1) in self._changes or (loop, 1) not in self.captures:
            return
        enter, leave = self._tracer.enter, self._tracer.leave
        is_training = self._trains(loop)
        self._tracer.enter, self._tracer.leave = enter, leave
        if is_training and not self._left:
            self._has_trained = True
            raise FoundError
        if is_training:
            self._pass(loop)

    def _pass(self, loop: int) -> None:
        """Forget the training that a loop is, and end that and the loops around it."""
        self._left -= 1
        self._rounds, self._most = 0, MOST_LATER_ROUNDS
        self._ended = {*self._active[: self._active.index(loop) + 1]} if self._active else set()
        for known in (self.captures, self._seen, self._outer, self._changes):
            known.clear()

    def _trains(self, loop: int) -> bool:
        """Return whether a loop carries on several arrays, and the same numbers in each round.

        A loop that scales the samples changes other rows of them in each.
        """
        return len(self._list_common(loop)) > 1

    def _is_part(self, loop: int) -> bool:
        """Return whether each round of a loop, which is in another, changes other numbers."""
        return bool(self._outer[loop]) and not self._list_common(loop)

    def _list_common(self, loop: int) -> set[str]:
        """Return what a loop carries on, and of which two rounds change the same numbers."""
        start = self._find_first_round(loop)
        carried = self._find_changes((loop, start)).carried
        if (loop, start + 1) not in self.captures:
            return carried if start == 1 else set()  # of which the next round was not seen yet
        first, second = (self.captures[loop, n].run() for n in (start, start + 1))
        return {path for path in carried if _overlap(first, second, path)}

    def _carry_same(self, inner: int, outer: int) -> bool:
        """Return whether two loops begin with the same arrays, or numbers with decimals, which both
        carry on: a sample may have no error at first.
        """
        firsts = map(self._find_first_changes, (inner, outer))
        values = [[each.before[path] for path in each.carried] for each in firsts]
        return any(np.array_equal(a, b) for a in values[0] for b in values[1]
                   if b.ndim or b % 1)  # fmt: skip

    def _are_of_one(self, inner: int, outer: int) -> bool:
        """Return whether two loops begin with the same arrays, or carry on what has one name."""
        first, second = map(self._find_first_changes, (inner, outer))
        return bool(first.carried & second.carried) or self._carry_same(inner, outer)

    def _find_first_changes(self, loop: int) -> Changes:
        return self._find_changes((loop, self._find_first_round(loop)))

    def _find_first_round(self, loop: int) -> int:
        """Return the number of the first round of a loop that carries anything on, 1 for none."""
        rounds = sorted(number for each, number in self.captures if each == loop)
        return next((n for n in rounds if self._find_changes((loop, n)).carried), 1)

    def _find_changes(self, key: tuple[int, int]) -> Changes:
        if key not in self._changes:
            self._changes[key] = find_changes(self.captures[key])
        return self._changes[key]

    def _rank_steps(self) -> list[Step]:
        """Return the steps that change most arrays: a loop that changes fewer is a part of a step,
        and one around a loop of steps has several. One around a loop that changes others is first.

        Those count that any loop carries on. Single numbers count where no arrays change: a rate
        that decays is no weight.
        """
        order = [key for key in self._order_captures() if key[1] < 3 or self._varies(key[0])]
        keys = [key for key in order if self._find_changes(key).carried]
        changes = [self._find_changes(key) for key in keys]
        carried = set().union(*(each.carried for each in changes))
        values = [[v for path, v in each.before.items() if path in carried] for each in changes]
        arrays = [_count_arrays(each) for each in values]
        sizes = arrays if any(arrays) else [len(each) for each in values]
        most = max(sizes, default=0)
        best = [key for key, n in zip(keys, sizes, strict=True) if n == most > 0]
        parts = {loop for loop in {key[0] for key in best} if self._is_part(loop)}
        best = [key for key in best if key[0] not in parts] or best
        several = {outer for loop, number in best if number == 2 for outer in self._outer[loop]
                   if self._carry_same(loop, outer)}  # fmt: skip
        chosen = [key for key in best if key[0] not in several]
        chosen = [key for i, key in enumerate(chosen)
                  if sum(loop == key[0] for loop, _ in chosen[:i]) < EACH]  # fmt: skip
        grown = [(loop, 1) for loop, number in chosen if number == 2 and self._grows(loop)]
        around = {outer for loop, _ in chosen for outer in self._outer[loop]
                  if not self._are_of_one(loop, outer)}  # fmt: skip
        chosen.sort(key=lambda key: key[0] not in around)
        keys = list(dict.fromkeys([*grown, *chosen]))[: MOST_STEPS - 1]
        following = self._list_following(keys[0][0]) if keys else []
        return [*map(self.captures.__getitem__, keys), *following]

    def _list_following(self, loop: int) -> list[Step]:
        """Return what follows a loop in the one around it, as a step, [] where nothing does."""
        body = next(self._list_after(loop), None)
        if body is None:
            return []
        step = self.captures[loop, 1].make_following(body)
        step.given = {} if step.run().error else step.given
        return [step]

    def _list_after(self, loop: int) -> Iterator[list[ast.stmt]]:
        """Yield the statements that follow a loop in one around it."""
        inner = self._tracer.loops[loop].loop
        for outer in self._outer[loop]:
            body = self._tracer.loops[outer].loop.body
            if inner in body[:-2]:  # behind it is the call that leaves it
                yield body[body.index(inner) + 2 :]

    def _varies(self, loop: int) -> bool:
        """Return whether the second round of a loop carries on other numbers than the first, or
        both none.
        """
        first, second = (self._find_changes((loop, n)).carried for n in (1, 2))
        return first != second or not first

    def _grows(self, loop: int) -> bool:
        """Return whether the first round of a loop gives another shape to what it carries on."""
        before = self.captures[loop, 1].run().before
        later = self._find_changes((loop, 2))
        return any(p in before and before[p].shape != later.before[p].shape for p in later.carried)


def _count_arrays(values: list[Any]) -> int:
    """Return how many arrays there are, without those that are a row of another one."""
    arrays = [value for value in values if value.ndim]
    return sum(not any(_is_row(each, other) for other in arrays) for each in arrays)


def _is_row(array: Any, other: Any) -> bool:
    """Return whether an array is a row of another; one of zeros is like any other of zeros."""
    is_deeper = array.any() and other.ndim == array.ndim + 1 and other.shape[1:] == array.shape
    return is_deeper and any(np.array_equal(array, row) for row in other)


def _overlap(first: Trace, second: Trace, path: str) -> bool:
    """Return whether two rounds change a number in common, as far as both have it."""
    if path not in second.before or second.before[path].shape != first.before[path].shape:
        return True
    changed = [each.before[path] != each.after.get(path) for each in (first, second)]
    return bool(np.any(changed[0] & changed[1])) or not np.any(changed[1])
