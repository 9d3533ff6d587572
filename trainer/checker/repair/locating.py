"""Finds the lines whose values, replaced by the right ones, make a step right, one by one."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import combinations, islice
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.counting import Count
from trainer.checker.find.trace import EVENT
from trainer.checker.find.tracing import Site
from trainer.checker.judge.derivatives import arrange, find_factor, is_close, list_forward
from trainer.checker.judge.fit import Fit
from trainer.checker.repair.scoring import ALL, Edits, Effect, Scorer, SpentError
from trainer.checker.repair.values import Values
from trainer.checker.repair.wanted import Wanted

NUMBER = re.compile(r"[\d.e-]+")
MOST_LINES = 7  # mistakes of one step
MOST_PLACES = 4  # lines that may each be the same mistake
MOST_REPEATED = 40  # rounds of a loop in which a line is corrected
MOST_ROUNDS = 200  # in which it is corrected by one rule
MORE = 6  # values of a line that are tried after one with which the step is right
Correct = Callable[[list[int], Edits, int, frozenset[str]], tuple[Edits, int]]
ListValues = Callable[[Effect], Iterator[Array]]


@dataclass(frozen=True, eq=False)
class Place:
    """A line that may be wrong: the value that it had, and the one that it should have.

    formula says what that is, "" where it is no derivative by anything that has a name. settles
    tells that the whole step is right with it and with those before it, is_sure that no value was
    left out, which an earlier line may have been meant to be, and is_exact that no multiple of it
    will do. begins tells that it is the first of several that are wrong, and is_derivative
    that what was found is a derivative. others are values with which the step is right too: where
    ReLU comes before dropout, the derivatives by both.
    """

    site: Site
    event: int
    found: Array
    expected: Array
    formula: str
    edits: Edits = field(repr=False)
    settles: bool = False
    is_sure: bool = True
    is_exact: bool = True
    begins: bool = False
    is_derivative: bool = False
    others: tuple[Array, ...] = ()

    def list_versions(self) -> list["Place"]:
        """Return the place with each of the values that it may be meant to have, once."""
        distinct = [self.expected]
        for value in self.others:
            distinct += [value] if not any(is_close(value, each) for each in distinct) else []
        return [replace(self, expected=value) for value in distinct]


def _list_first(places: list[Place]) -> list[Place]:
    """Return the first places, and the arguments among them, which are no lines to change."""
    lines = [each for each in places if not each.site.is_argument][:MOST_PLACES]
    return [each for each in places if each in lines or each.site.is_argument]


class Locator:
    """Replaces the values of a step by those that they may have been meant to be."""

    def __init__(self, wanted: Wanted, fit: Fit, count: Count):
        self._scorer = Scorer(wanted, fit, count)
        self._values = Values(self._scorer)
        self._model, self._sites = wanted.model, wanted.sites
        self._start = max(list_forward(wanted.model), default=-1) + 1
        self._others: dict[str, list[Array]] = {}  # by the event, that make the step right too

    def find_lines(self) -> list[list[Place]]:
        """Return the lines of each mistake, the first first: any of a list may be the mistake.

        Of several mistakes each is found with the right value in the place of those before. No
        place of the last settles where the step is not right with all of them.
        """
        found: list[list[Place]] = []
        edits: Edits = {}
        while len(found) < MOST_LINES and not self._scorer.count.is_spent:
            places = sorted(self._improve(edits), key=lambda each: each.event)
            places = [replace(p, is_derivative=self._explains(p.found)) for p in places]
            settling = [each for each in places if each.settles]
            settling = [each for each in settling if not self._is_like_others(each)] or settling
            partly = [each for each in places if not each.settles]
            partly = partly if settling else self._leave_symptoms(partly)
            if not (settling or partly):
                break
            found.append([*_list_first(settling), *_list_first(partly)])
            edits = found[-1][0].edits
            if settling:
                return [self._mark_first(found[0]), *found[1:]] if len(found) > 1 else found
        return found

    def _mark_first(self, places: list[Place]) -> list[Place]:
        """Return places that may be the first mistake, the first that is no derivative marked."""
        lines = (each for each in places if not (each.site.is_argument or each.is_derivative))
        first = next(lines, None)
        return [replace(each, begins=each is first) for each in places]

    def _explains(self, value: Array) -> bool:
        """Return whether a value is a derivative of the loss by some other value."""
        like = self._values.derivatives.list_like(value)
        return any(find_factor(value, expected) for _, expected in like)

    def _is_like_others(self, place: Place) -> bool:
        """Return whether a value that seems to lack its sign is a derivative of the same sign as
        the weights that are right have: its sign is lost later.
        """
        if find_factor(place.expected, place.found) >= 0:
            return False
        like = self._values.derivatives.list_like(place.found)
        own = next((f for _, each in like if (f := find_factor(place.found, each))), 0.0)
        return own * self._sign > 0

    @cached_property
    def _sign(self) -> float:
        """The sign of the derivatives by weights that are right, as the step computes them, 0 where
        none is known.
        """
        events, back = self._model.base.events, self._model.weighted & self._model.after_targets
        values = [events[i][2] for i in sorted(back) if events[i][0] >= 0 and events[i][2].size > 1]
        right = (self._values.derivatives.find(w) for w in sorted(self._scorer.score({})[1]))
        pairs = ((v, each.value) for each in right if each for v in values)
        found = (find_factor(v, e) for v, each in pairs for e in arrange(each, v.shape))
        return float(np.sign(next(filter(None, found), 0.0)))

    def _leave_symptoms(self, places: list[Place]) -> list[Place]:
        """Return the places without those that read one variable of the way back which is no
        derivative: that is wrong, and not each line that it spoils.
        """
        read = [{n.id for n in ast.walk(ast.parse(p.site.text)) if isinstance(n, ast.Name)}
                for p in places]  # fmt: skip
        shared = {name for a, b in combinations(read, 2) for name in a & b}
        last = max((each.event for each in places), default=0)
        wrong = {name for name in shared if not self._is_derivative(name, last)}
        return [each for each, names in zip(places, read, strict=True) if not names & wrong]

    def _is_derivative(self, name: str, last: int) -> bool:
        """Return whether the array that a variable gets on the way back is a derivative."""
        events, back = self._model.base.events, self._model.weighted & self._model.after_targets
        found = (events[i] for i in sorted(back) if i < last and events[i][0] >= 0)
        own = ((self._sites[site].name, value) for site, path, value in found if not path)
        values = [value for each, value in own if each == name and value.ndim]
        return not values or self._explains(values[-1])

    def _improve(self, edits: Edits) -> list[Place]:
        """Return the lines with whose right values more weights go down the derivative: numbers
        that solve that alone, which takes few runs, or any values.
        """
        found = list(self._try_sites(self._solve_events, edits))
        if any(each.settles for each in found):
            return found
        return list(self._try_sites(self._correct_events, edits))

    def _try_sites(self, correct: Correct, edits: Edits) -> Iterator[Place]:
        """Yield the lines with whose values, as one rule corrects them, more is right."""
        before, good = self._scorer.score(edits)
        settled = 0
        for number, events in self._list_sites():
            if settled == MOST_PLACES:
                return
            try:
                best, score = correct(events, edits, before, good)
            except SpentError:
                return
            if score > before:
                first = min(int(path[1:]) for path in best if path not in edits)
                value = np.asarray(self._model.base.events[first][2], dtype=np.float64)
                site = self._sites[number]
                expected = best[f"{EVENT}{first}"]
                formula = self._values.describe(expected)
                is_sure = not self._values.derivatives.is_partial
                is_exact = self._scorer.rate > 0 or not value.ndim
                settled += score == ALL and not site.is_argument
                others = tuple(self._others.get(f"{EVENT}{first}", ()))
                yield Place(
                    site, first, value, expected, formula, best, score == ALL, is_sure, is_exact,
                    others=others,
                )  # fmt: skip

    def _solve_events(
        self, events: list[int], edits: Edits, before: int, good: frozenset[str]
    ) -> tuple[Edits, int]:
        """Return the numbers with which most is right, each with those before it."""
        best, score = dict(edits), before
        for i in events[:MOST_REPEATED]:
            if not self._model.base.events[i][2].ndim:
                best, score = self._correct(i, best, score, good, self._values.solve)
        return best, score

    def _correct_events(
        self, events: list[int], edits: Edits, before: int, good: frozenset[str]
    ) -> tuple[Edits, int]:
        """Return the values of the events of one place with which most is right, beside others: of
        all rounds of a loop by one rule, of one after the other, or of all numbers together.
        """
        rounds = self._correct_rounds(events[:MOST_ROUNDS], edits, before, good)
        if rounds[1] == ALL:
            return rounds
        events = events[:MOST_REPEATED]
        best, score = dict(edits), before
        for i in events:
            list_values = partial(self._values.list_values, edits=best)
            best, score = self._correct(i, best, score, good, list_values)
        if score <= before and rounds[1] > before:
            return rounds
        if score <= before and len(events) > 1:
            return self._correct_together(events, edits, good)
        return best, score

    def _correct(
        self, event: int, edits: Edits, score: int, good: frozenset[str], list_values: ListValues
    ) -> tuple[dict[str, Any], int]:
        """Return the value of an event, of those listed, with which most is right, beside others.

        What a right weight depends on is right.
        """
        effect, best = self._scorer.move(event, edits), dict(edits)
        if effect.reached <= good or effect.reached & good:
            return best, score
        values = list_values(effect)
        for value in values:
            trial = {**edits, effect.path: value}
            now = self._scorer.score(trial)[0]
            best, score = (trial, now) if now > score else (best, score)
            if score == ALL:
                self._note_others(effect.path, edits, ({effect.path: each} for each in values))
                break
        return best, score

    def _note_others(self, path: str, edits: Edits, trials: Iterable[Edits]) -> None:
        """Note the arrays of an event in some edits with which a step is right too, no numbers."""
        few = (each for each in islice(trials, MORE) if np.ndim(each[path]))
        right = (each for each in few if self._scorer.score({**edits, **each})[0] == ALL)
        self._others[path] = [each[path] for each in right]

    def _correct_rounds(
        self, events: list[int], edits: Edits, score: int, good: frozenset[str]
    ) -> tuple[dict[str, Any], int]:
        """Return the arrays that the rounds of a loop should compute, each the derivative by a
        value of its own round, and how much is right then.
        """
        best, effect = dict(edits), self._scorer.move(events[0], edits)
        is_open = bool(effect.reached) and not effect.reached & good and effect.path not in edits
        listed = self._values.rounds.list_values(events) if is_open else iter(())
        for given in self._scale_rounds(listed, edits, effect):
            now = self._scorer.score({**edits, **given})[0]
            best, score = ({**edits, **given}, now) if now > score else (best, score)
            if score == ALL:
                self._note_others(effect.path, edits, self._scale_rounds(listed, edits, effect))
                break
        return best, score

    def _scale_rounds(
        self, listed: Iterable[Edits], edits: Edits, effect: Effect
    ) -> Iterator[dict[str, Any]]:
        """Yield the values of all rounds, with the factors that the weights need."""
        for values in listed:
            yield from self._values.scale_rounds(values, edits, effect.reached)

    def _correct_together(
        self, events: list[int], edits: Edits, good: frozenset[str]
    ) -> tuple[dict[str, Any], int]:
        """Return the numbers that the rounds of a loop should compute, and how much is right then:
        one alone may be a part of a weight.
        """
        best = dict(edits)
        for i in events:
            if self._model.base.events[i][2].ndim:
                return dict(edits), -1
            effect = self._scorer.move(i, edits)
            if effect.reached and not effect.reached & good:
                best[effect.path] = next(self._values.solve(effect), effect.value)
        return best, self._scorer.score(best)[0]

    def _list_sites(self) -> list[tuple[int, list[int]]]:
        """Return the places of the source on the way back, with their events, but for numbers that
        are written down: a sum begins with one.
        """
        sites: dict[int, list[int]] = {}
        for i, (site, path, value) in enumerate(self._model.base.events):
            is_real = site >= 0 and not path and (value.dtype.kind == "f" or value.ndim > 0)
            if i >= self._start and is_real and not NUMBER.fullmatch(self._sites[site].text):
                sites.setdefault(site, []).append(i)
        return list(sites.items())
