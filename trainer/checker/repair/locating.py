"""Finds the lines whose values, replaced by the right ones, make a step right, one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.counting import Count
from trainer.checker.find.steps import EVENT, Trace
from trainer.checker.find.tracing import Site
from trainer.checker.judge.descent import Fit
from trainer.checker.repair.derivatives import (
    CLOSE,
    Derivatives,
    is_close,
    list_forward,
    list_slopes,
)
from trainer.checker.repair.wanted import Wanted

MOST_LINES = 7  # mistakes of one step
MOST_PLACES = 4  # lines that may each be the same mistake
ALL = 10**6  # the score of a step that is right
LEAST = 1e-3  # by which a value that may be 0 is moved
NEAR = 1e-3  # relative, of what follows from a value
MOST_REPEATED = 40  # rounds of a loop in which a line is corrected
Edits = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Place:
    """A line that may be wrong: the value that it had, and the one that it should have.

    formula says what that is, "" where it is no derivative by anything that has a name. settles
    tells that the whole step is right with it and with those before it.
    """

    site: Site
    event: int
    found: Array
    expected: Array
    formula: str
    edits: Edits = field(repr=False)
    settles: bool = False


class Locator:
    """Replaces values of a step by derivatives of one loss. count counts what is run."""

    def __init__(self, wanted: Wanted, fit: Fit, count: Count):
        self._wanted, self._fit, self._count = wanted, fit, count
        model = self._model = wanted.model
        self._derivatives, self._slopes = Derivatives(model, fit), list_slopes(model)
        self._start = max(list_forward(model), default=-1) + 1
        now = np.array([each.moved for each in wanted.directions])
        self._rate = wanted.rate or find_common_rate(now, fit)

    def find_lines(self) -> list[list[Place]]:
        """Return the lines of each mistake, the first first: any of a list may be the mistake.

        Of several mistakes each is found with the right value in the place of those before. Returns
        [] where the step is not right with all of them.
        """
        found: list[list[Place]] = []
        edits: Edits = {}
        while len(found) < MOST_LINES and not self._count.is_spent:
            places = sorted(self._improve(edits), key=lambda each: each.event)
            if not places:
                return []
            settling = [each for each in places if each.settles]
            found.append((settling or places)[:MOST_PLACES])
            edits = found[-1][0].edits
            if settling:
                return found
        return []

    def _improve(self, edits: Edits) -> Iterator[Place]:
        """Yield the lines with whose right values more weights go down the derivative."""
        before, good = self._score(edits)
        for number, events in self._list_sites():
            if self._count.is_spent:
                return
            best, score = dict(edits), before
            for i in events[:MOST_REPEATED]:
                trial, reached = self._correct(i, best, score, good)
                best, score = (trial, reached) if reached > score else (best, score)
            if score > before:
                first = min(int(path[1:]) for path in best if path not in edits)
                value = np.asarray(self._model.base.events[first][2], dtype=np.float64)
                site = self._wanted.sites[number]
                expected = best[f"{EVENT}{first}"]
                formula = self._describe(expected)
                yield Place(site, first, value, expected, formula, best, score == ALL)

    def _correct(
        self, event: int, edits: Edits, score: int, good: frozenset[str]
    ) -> tuple[dict[str, Any], int]:
        """Return the value of an event with which most is right, beside others.

        What a right weight depends on is right.
        """
        path = f"{EVENT}{event}"
        value = np.asarray(self._model.get_value(path), dtype=np.float64)
        moved = value + max(0.1 * np.abs(value).max(), LEAST)
        old, new = (self._run(each).after for each in (edits, {**edits, path: moved}))
        self._count.spend(2)
        paths = self._wanted.paths
        reached = frozenset(p for p in paths if _differ(old.get(p), new.get(p)))
        if reached <= good or reached & good:
            return dict(edits), score
        solved = () if value.ndim else self._solve(value, moved, reached, old, new)
        best = dict(edits)
        values = self._list_values(event, reached)
        known = chain(self._list_moved(value, reached), self._scale(path, edits, values, reached))
        for value in chain(solved, known):
            if score == ALL or not self._count.spend():
                break
            trial = {**edits, path: value}
            now = self._score(trial)[0]
            best, score = (trial, now) if now > score else (best, score)
        return best, score

    def _solve(
        self, value: Array, moved: Array, reached: frozenset[str], old: Edits, new: Edits
    ) -> Iterator[Array]:
        """Yield the number that a number should be, since what it reaches is linear in it.

        old and new are the weights after the step with the number as it is, and moved.
        """
        needs: list[Array] = []
        for path in sorted(reached):
            wanted = self._find_wanted(path)
            if wanted is not None:
                slope, rest = (new[path] - old[path]) / (moved - value), wanted - old[path]
                needs.append((rest[slope != 0] / slope[slope != 0]).reshape(-1))
        need = np.concatenate(needs) if needs else np.zeros(0)
        if need.size and np.ptp(need) <= NEAR * np.abs(need).max():
            yield np.asarray(value + np.median(need))

    def _list_sites(self) -> list[tuple[int, list[int]]]:
        """Return the places of the source on the way back, with their events."""
        sites: dict[int, list[int]] = {}
        for i, (site, path, value) in enumerate(self._model.base.events):
            if i >= self._start and site >= 0 and not path and value.dtype.kind == "f":
                sites.setdefault(site, []).append(i)
        return list(sites.items())

    def _list_values(self, event: int, reached: frozenset[str]) -> Iterator[Array]:
        """Yield what an event may have been meant to be, nothing for one that is the derivative of
        the net's own loss by the weight that it reaches. reached are the weights that it reaches.
        """
        value = np.asarray(self._model.base.events[event][2], dtype=np.float64)
        if event not in self._model.after_targets:
            yield from self._list_slopes_like(value)
        known = self._derivatives.list_of_size(value.size)
        expected = [new for each in known for new in arrange(each.value, value.shape)]
        own = self._derivatives.find(min(reached)) if len(reached) == 1 else None
        if (
            own
            and self._fit.is_own
            and any(is_close(each, value) for each in arrange(own.value, value.shape))
        ):
            return
        if not value.ndim:  # one number is solved for; or it sums over an axis too many
            mine = (self._derivatives.find(path) for path in sorted(reached))
            expected = [each.value for each in mine if each and each.value.ndim]
        yield from expected

    def _scale(
        self, path: str, edits: Edits, values: Iterator[Array], reached: frozenset[str]
    ) -> Iterator[Array]:
        """Yield the multiples of values with which what they reach moves as far as the others.

        That is linear in them. Where no weights go down at one rate, any factor may be right.
        """
        zero: dict[tuple[int, ...], Trace] = {}
        for value in values:
            if not self._rate:
                yield from (value, -value)
                continue
            if value.shape not in zero:
                zero[value.shape] = self._run({**edits, path: 0 * value})
            now = self._run({**edits, path: value}) if self._count.spend() else Trace()
            factors = self._list_factors(now, zero[value.shape], reached)
            yield from (factor * value for factor in dict.fromkeys(factors))

    def _list_factors(self, now: Trace, zero: Trace, reached: frozenset[str]) -> Iterator[float]:
        """Yield by how much to multiply what was changed so that one weight or another is right.

        now is the step with it, zero the step with 0 in its place.
        """
        for weight in sorted(reached):
            a, b, wanted = zero.after.get(weight), now.after.get(weight), self._find_wanted(weight)
            if a is None or b is None or wanted is None or not wanted.shape == a.shape == b.shape:
                continue
            slope, rest = (b - a).reshape(-1), (wanted - a).reshape(-1)
            factor = float(slope @ rest) / (float(slope @ slope) or 1.0)
            if factor and np.abs(factor * slope - rest).max() <= NEAR * np.abs(rest).max():
                yield float(f"{factor:.7g}")

    def _find_wanted(self, weight: str) -> Array | None:
        """Return what a weight should be after the step, None where that is not known."""
        found = self._derivatives.find(weight)
        before = np.asarray(self._model.base.before[weight], dtype=np.float64)
        return before - self._rate * found.value if found and self._rate else None

    def _list_moved(self, value: Array, reached: frozenset[str]) -> Iterator[Array]:
        """Yield what a weight should be after the step, for a value that only it depends on."""
        wanted = self._find_wanted(min(reached)) if len(reached) == 1 else None
        if wanted is not None:
            yield from arrange(wanted, value.shape)

    def _list_slopes_like(self, value: Array) -> Iterator[Array]:
        """Yield the derivatives of a value by another that have this shape, and other numbers."""
        for each in self._slopes:
            for expected in arrange(each.value, value.shape):
                if not is_close(expected, value):
                    yield expected

    def _describe(self, value: Array) -> str:
        """Return the formula of a right value, "" where the source has no name for it."""
        for each in self._derivatives.list_of_size(value.size):
            for expected in arrange(each.value, value.shape):
                size = float((expected * expected).sum())
                factor = float((value * expected).sum()) / size
                if (name := self._name(each.path)) and is_close(factor * expected, value):
                    return _write_factor(factor) + f"∂loss/∂{name}"
        return ""

    def _name(self, path: str) -> str:
        """Return the name of a value in the source, "" for one that has none."""
        if path[0] != EVENT:
            return path
        number = self._model.base.events[int(path[1:])][0]
        return self._wanted.sites[number].name if number >= 0 else ""

    def _score(self, edits: Edits) -> tuple[int, frozenset[str]]:
        """Return how much goes down the derivative at one rate, ALL for all, and which weights."""
        trace = self._run(edits)
        fit = None if trace.error else self._wanted.fit(self._fit, trace.after)
        if fit is None:
            return -1, frozenset()
        agreeing = self._wanted.list_agreeing(fit)
        return ALL if self._wanted.is_whole(fit) else self._count_right(fit, trace), agreeing

    def _count_right(self, fit: Fit, trace: Trace) -> int:
        """Return along how many directions the weights move as far as most of them."""
        moved = np.array([each.moved for each in self._wanted.move(trace.after)])
        rate = self._wanted.rate or find_common_rate(moved, fit) or fit.rate
        rest = np.abs(moved + rate * fit.slopes) - 2 * abs(rate) * fit.errors
        return int((rest <= CLOSE * np.abs(rate * fit.slopes)).sum())

    def _run(self, edits: Edits) -> Trace:
        """Run the step; what it left is told of the weights that it moved, or should move."""
        is_left = self._wanted.paths - set(self._model.weights)
        return self._model.run(edits, "full" if is_left else "changes")


def _write_factor(factor: float) -> str:
    """Return what stands before a derivative that is multiplied: nothing for 1."""
    sign, size = "−" * (factor < 0), abs(factor)
    return sign if abs(size - 1) < NEAR else f"{sign}{size:.3g} · "


def _differ(old: Array | None, new: Array | None) -> bool:
    return old is None or new is None or not np.array_equal(old, new)


def find_common_rate(moved: Array, fit: Fit) -> float:
    """Return the positive rate at which the weights move along most directions, 0 for none."""
    is_sure = np.abs(fit.slopes) > 1e3 * fit.errors
    rates = [-m / s for m, s in zip(moved[is_sure], fit.slopes[is_sure], strict=True) if m * s < 0]
    counts = [sum(abs(other - rate) <= 1e-4 * rate for other in rates) for rate in rates]
    most = max(counts, default=0)
    return float(rates[counts.index(most)]) if most > 1 else 0.0


def arrange(values: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield values in a shape of their size, turned too."""
    if values.shape == shape:
        yield values
    elif values.size == int(np.prod(shape)):
        yield values.reshape(shape)
    if values.ndim == 2 and values.T.shape == shape and 1 not in shape:
        yield values.T
