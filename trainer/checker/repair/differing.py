"""Finds the first value of a wrong step that differs from the right ones, whatever is wrong later.

On the way back to a weight every value is a derivative of the loss by some value, or is recovered
by a later one. The first that is neither, after one that is, is wrong; or the one before it, where
the derivative by another value would have made it right: that by what goes into an activation.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.counting import Count
from trainer.checker.find.trace import EVENT
from trainer.checker.judge.derivatives import (
    CLOSE,
    Derivatives,
    arrange,
    differentiate_along,
    find_factor,
    list_forward,
)
from trainer.checker.judge.influence import find_dependents
from trainer.checker.judge.moving import move
from trainer.checker.repair.scoring import Scorer, SpentError
from trainer.checker.repair.wanted import Wanted, begins

MOST = 150  # values on the way back
DIRECTIONS = 4  # along which a value is compared with a derivative: two would do for a multiple


def find_differing(wanted: Wanted, count: Count) -> int | None:
    """Return the event of the first value that differs from the right ones, None where that is not
    known.

    The loss is the net's own or one that some weights go down, else any with whose derivative the
    way back begins.
    """
    if wanted.has_fault:
        return None
    first = wanted.fits[0]
    is_sure = first.is_own or wanted.list_agreeing(first)
    fits = [first] if is_sure else [fit for fit in wanted.fits if begins(wanted.model, fit)]
    found = set()
    with suppress(SpentError):
        found = {_WayBack(wanted, Scorer(wanted, fit, count)).find_first() for fit in fits}
    return found.pop() if len(found) == 1 else None


@dataclass
class _WayBack:
    """The values of a wrong step on the way back, for the loss of a scorer."""

    wanted: Wanted
    scorer: Scorer
    # By the path of a value: directions, and the derivatives along them.
    _slopes: dict[str, tuple[list[Array], Array]] = field(default_factory=dict)

    def find_first(self) -> int | None:
        """Return the first event that differs from the right ones on the way to a weight."""
        _, good = self.scorer.score({})
        back = self.wanted.model.after_targets - self._list_kept()
        events = [i for i in self._list_events() if i in back][:MOST]
        reached = {i: self.scorer.move(i, {}).reached for i in events}
        updated = {i for i in events if self._is_updated(i, good)}
        right = [i for i in events if reached[i] <= good or i in updated
                 or self._is_derivative(self._get(i))]  # fmt: skip
        ways = ([i for i in events if weight in reached[i]] for weight in self.wanted.paths - good)
        pairs = [pair for way in ways if (pair := _find_last_right(way, right))]
        last, first = min(pairs, key=lambda pair: pair[::-1], default=(None, None))
        if last is None or first is None or self._get(first).size < 2:
            return None
        if self._is_summed(first, events, right):
            return None
        if self._get_site(first) in map(self._get_site, updated):
            return None  # a line that updates other weights rightly is right
        is_before = last not in updated and self._is_right_after(last, first, events)
        return self._trace_back(last, first, events) if is_before else first

    def _list_kept(self) -> frozenset[int]:
        """Return the events that depend on what a step keeps of earlier gradients, as Adam does:
        these are not derivatives.
        """
        model = self.wanted.model
        edits = {path: move(model.base.before[path]) for path in model.list_others()}
        return (find_dependents(model, edits) if edits else None) or frozenset()

    def _is_updated(self, event: int, good: frozenset[str]) -> bool:
        """Return whether a value is what a weight becomes that is right: it may be used too early,
        and is right itself.
        """
        value, after = self._get(event), self.wanted.model.base.after
        new = (after[path] for path in good if path in after and value.size > 1)
        return any(np.array_equal(v, value) for each in new for v in arrange(each, value.shape))

    def _get_site(self, event: int) -> int:
        return self.wanted.model.base.events[event][0]

    def _get(self, event: int) -> Array:
        return np.asarray(self.wanted.model.base.events[event][2], dtype=np.float64)

    def _list_events(self) -> list[int]:
        """Return the values on the way back in their order, those in tuples too."""
        start = max(list_forward(self.wanted.model, most=inf), default=-1) + 1
        shown = list(enumerate(self.wanted.model.base.events))[start:]
        found = ((i, path) for i, (site, path, v) in shown if site >= 0 and v.dtype.kind == "f")
        return [i for i, path in found if re.fullmatch(r"(\[\d+\])?", path)]

    def _is_summed(self, event: int, events: list[int], right: list[int]) -> bool:
        """Return whether an event is that of one of several samples, of which a sum is right."""
        rounds = [i for i in events if self._get_site(i) == self._get_site(event)]
        return len(rounds) > 1 and not set(rounds) & set(right)

    def _is_derivative(self, value: Array) -> bool:
        """Return whether an array is a multiple of a derivative of the loss, or what a row of
        weights scales that to.
        """
        weights = (self.wanted.model.base.before[path] for path in self.wanted.model.weights)
        rows = [w for w in weights if w.ndim and w.shape[-1:] == value.shape[-1:] == (w.size,)]
        values = [value, *(value / row for row in rows if row.all())] if value.size > 1 else []
        paths = [path for path, size in self._sizes.items() if size == value.size]
        return any(self._fits(path, each) for each in values for path in paths)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """The weights and the values on the way forward, and how many numbers each is."""
        model = self.wanted.model
        events = (f"{EVENT}{i}" for i in list_forward(model, most=inf))
        return {path: np.size(model.get_value(path)) for path in (*model.weights, *events)}

    def _differentiate(self, path: str) -> tuple[list[Array], Array]:
        """Return directions of a value, and the derivatives of the loss along them."""
        if path not in self._slopes:
            model, fit = self.wanted.model, self.scorer.fit
            shape = np.shape(model.get_value(path))
            vectors = [np.random.default_rng(k).uniform(-1, 1, shape) for k in range(DIRECTIONS)]
            self._slopes[path] = vectors, differentiate_along(model, fit, path, vectors)
        return self._slopes[path]

    def _fits(self, path: str, value: Array) -> bool:
        """Return whether a value is a multiple of the derivative by another one."""
        vectors, slopes = self._differentiate(path)
        size = float(slopes @ slopes)
        for each in arrange(value, vectors[0].shape) if size > 0 else ():
            along = np.array([float((each * vector).sum()) for vector in vectors])
            rest = np.abs(along - float(along @ slopes) / size * slopes).max()
            if rest <= CLOSE * np.abs(along).max() > 0:
                return True
        return False

    def _is_right_after(self, last: int, first: int, events: list[int]) -> bool:
        """Return whether an event is right with the derivative by another value in place of a last
        one: one that nothing before has, or the event has a wrong operand.
        """
        value = self._get(last)
        derivatives = Derivatives(self.wanted.model, self.scorer.fit)
        known = [v for i in events if i < first and (v := self._get(i)).size == value.size]
        for _, other in derivatives.list_like(value):
            shaped = (each for v in known for each in arrange(v, other.shape))
            if any(find_factor(each, other) for each in shaped):
                continue
            found = self.wanted.model.run({f"{EVENT}{last}": other}, (first,)).events
            if found and self._is_derivative(np.asarray(found[0][2], dtype=np.float64)):
                return True
        return False

    def _trace_back(self, last: int, first: int, events: list[int]) -> int:
        """Return where the value of an event comes from: the last line that only passes it on under
        another name, or gives back what it was given, or passes it from one call of a function to
        the next, else the first that computes it.
        """
        same = [i for i in events if i <= last and np.array_equal(self._get(i), self._get(last))]
        sites = {i: self.wanted.sites[self._get_site(i)] for i in (*same, first)}
        lines = (i for i in same if not sites[i].is_argument)
        passed = [i for i in lines if sites[i].function != sites[same[0]].function]
        is_called_again = sites[first].function == sites[same[0]].function
        default = [same[0], *passed][-1] if is_called_again else same[0]
        return max(filter(self._is_idle, same), default=default)

    def _is_idle(self, event: int) -> bool:
        sites = self.wanted.sites
        site = sites[self.wanted.model.base.events[event][0]]
        given = {each.name for each in sites if each.is_argument and each.function == site.function}
        is_kept = site.name.isidentifier() or site.text in given
        return site.text.isidentifier() and is_kept and not site.is_argument


def _find_last_right(way: list[int], right: list[int]) -> tuple[int, int] | None:
    """Return the last event on the way to a weight that is right, and the one after it."""
    last = max((i for i in way if i in right), default=None)
    first = next((i for i in way if last is not None and i > last), None)
    return None if last is None or first is None else (last, first)
