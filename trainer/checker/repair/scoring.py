"""Runs a step with some of its values replaced, and tells how much of it is right then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.counting import Count
from trainer.checker.find.trace import EVENT, Form, Trace
from trainer.checker.judge.derivatives import CLOSE
from trainer.checker.judge.fit import Fit
from trainer.checker.repair.wanted import Wanted, find_most_common

ALL = 10**6  # the score of a step that is right
BY_CHANCE = 2  # rates that may be alike where no weight goes down a loss
LEAST = 1e-3  # by which a value that may be 0 is moved
Edits = Mapping[str, Any]


class SpentError(Exception):
    """Raised where a search has run a step as often as it may."""


@dataclass(frozen=True)
class Effect:
    """What a value of a step does to the weights: path is that of its event.

    old and new are the weights after the step with the value as it is, and moved. reached are the
    weights that differ.
    """

    path: str
    value: Array
    moved: Array
    old: Edits
    new: Edits
    reached: frozenset[str]


class Scorer:
    """Runs a wrong step for one loss that it may go down. count counts the runs.

    rate is that at which most weights go down, or have to, 0 where no two go down at one.
    """

    def __init__(self, wanted: Wanted, fit: Fit, count: Count):
        self.wanted, self.fit, self.count = wanted, fit, count
        now = np.array([each.moved for each in wanted.directions])
        self.rate = wanted.rate or find_rate(now, fit)
        wanted.model.run({}, "full")  # later runs tell of what the last full one changed
        self._form: Form = "full" if wanted.paths - set(wanted.model.weights) else "changes"

    def run(self, edits: Edits) -> Trace:
        """Run the step; its trace has the weights that it moved, or should move.

        Raises SpentError where there were as many runs as may be.
        """
        if not self.count.spend():
            raise SpentError
        return self.wanted.model.run(edits, self._form)

    def move(self, event: int, edits: Edits) -> Effect:
        """Return what an event does, beside edits of others."""
        path = f"{EVENT}{event}"
        value = np.asarray(self.wanted.model.get_value(path), dtype=np.float64)
        moved = value + max(0.1 * np.abs(value).max(), LEAST)
        old, new = (self.run(each).after for each in (edits, {**edits, path: moved}))
        paths = self.wanted.paths
        reached = frozenset(path for path in paths if _differ(old.get(path), new.get(path)))
        return Effect(path, value, moved, old, new, reached)

    def score(self, edits: Edits) -> tuple[int, frozenset[str]]:
        """Return how much goes down the derivative at one rate, ALL for all, and which weights."""
        trace = self.run(edits)
        fit = None if trace.error else self.wanted.fit(self.fit, trace.after)
        if fit is None:
            return -1, frozenset()
        agreeing = self.wanted.list_agreeing(fit)
        return ALL if self.wanted.is_whole(fit) else self._count_right(fit, trace), agreeing

    def _count_right(self, fit: Fit, trace: Trace) -> int:
        """Return along how many directions the weights move as far as most of them."""
        moved = np.array([each.moved for each in self.wanted.move(trace.after)])
        rate = self.wanted.rate or find_rate(moved, fit) or fit.rate
        rest = np.abs(moved + rate * fit.slopes) - 2 * abs(rate) * fit.errors
        return int((rest <= CLOSE * np.abs(rate * fit.slopes)).sum())


def _differ(old: Array | None, new: Array | None) -> bool:
    return old is None or new is None or not np.array_equal(old, new)


def find_rate(moved: Array, fit: Fit) -> float:
    """Return the positive rate at which most weights move, or else along most directions, 0 for
    none.
    """
    if agreeing := fit.list_agreeing():
        return fit.rates[agreeing[0]] or 0.0
    rate, most = find_most_common(moved, fit)
    return rate if most > BY_CHANCE else 0.0
