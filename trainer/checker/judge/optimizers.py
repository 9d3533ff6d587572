"""Recognises how a step uses its gradients where it keeps a state: as momentum or Adam does.

g is the gradient of a weight, s and q are what the step keeps for it: a mean of gradients, and one
of their squares. What moves a weight, and what becomes of s and q, is fitted to the numbers.

- momentum: s' = a s + b g, and the weight moves by α s + β g (Polyak 1964; Nesterov 1983)
- AdaGrad, RMSprop: q' = a q + b g², and it moves by −g / (k √q' + ε) (Duchi et al. 2011; Hinton)
- Adam: both, and it moves by −s' / (k √q' + ε) (Kingma and Ba 2015, algorithm 1)

ε may be under the root. Without a root the last two are a mistake.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.descent import find_slopes
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model
from trainer.common.language import N_

CLOSE = 1e-6  # relative, of what rounding alone parts
DIGITS = 1  # of a learning rate that somebody wrote down
MOST_STEPS = 10  # before the one that is looked at
LEAST = 6  # numbers of a weight, which fit no two factors by chance
MOMENTUM = N_("momentum")
Pair = tuple[float, float]
Form = Literal["k √q' + ε", "√(k² q' + ε)", "k q' + ε"]


@dataclass(frozen=True)
class Rule:
    """How all weights move: mean are the factors of s and g in s', square those of q and g² in q',
    None for no such state. moves are α and β, or k and ε; form says where the root of q' is.
    """

    mean: Pair | None
    square: Pair | None
    moves: Pair
    form: Form = "k √q' + ε"

    @property
    def name(self) -> str:
        """The name of the algorithm."""
        if self.square is None:
            return MOMENTUM
        return "Adam" if self.mean else "AdaGrad" if _is_near(self.square[0], 1) else "RMSprop"

    @property
    def is_turned(self) -> bool:
        """Whether a weight moves up the derivatives of earlier steps, or of every second."""
        if self.square or not self.mean:
            return False
        return self.mean[0] < 0 or self.moves[0] * self.mean[1] > 0

    @property
    def lacks_root(self) -> bool:
        """Whether a weight moves the less, the larger its derivatives are."""
        return self.form == "k q' + ε"

    def predict(self, s: Array, q: Array, g: Array) -> tuple[Array, Array, Array]:
        """Return s', q' and how far the weight moves."""
        s_new = self.mean[0] * s + self.mean[1] * g if self.mean else s
        q_new = self.square[0] * q + self.square[1] * g * g if self.square else q
        if self.square is None:
            return s_new, q_new, self.moves[0] * s + self.moves[1] * g
        top, below = s_new if self.mean else g, self._compute_divisor(q_new)
        return s_new, q_new, np.nan_to_num(-top / below)

    def _compute_divisor(self, q: Array) -> Array:
        k, epsilon = self.moves
        if self.form == "√(k² q' + ε)":
            return np.sqrt(k * k * q + epsilon)
        return k * (q if self.lacks_root else np.sqrt(q)) + epsilon


@dataclass(frozen=True)
class Moved:
    """A step with numbers of ours in the place of what it keeps: all arrays before and after it."""

    before: Mapping[str, Array]
    after: Mapping[str, Array]

    def measure(self, weight: str) -> Array:
        """Return how far a weight moves."""
        return self.after[weight] - self.before[weight]

    def list_states(self, weight: str) -> list[tuple[Array, Array]]:
        """Return what is kept in arrays of the shape of a weight, before and after the step."""
        pairs = ((self.before[p], self.after.get(p)) for p in self.before if p != weight)
        shape = self.before[weight].shape
        return [(s, new) for s, new in pairs if new is not None
                and s.shape == new.shape == shape and (s != new).any()]  # fmt: skip


def find_rule(model: Model, fit: Fit) -> Rule | None:
    """Return the rule by which all weights move by their derivatives, None where none is known."""
    gradients = {weight: find_slopes(model, fit, weight) for weight in model.weights}
    known = {weight: g for weight, g in gradients.items() if g is not None}
    largest = max(known, key=lambda weight: known[weight].size, default="")
    if len(known) < len(gradients) or known[largest].size < LEAST:
        return None
    with np.errstate(all="ignore"):
        step = _move(model, float(np.abs(known[largest]).max()))
        rules = _list_rules(step, largest, known[largest])
        fitting = (r for r in rules if all(_follows(step, w, g, r) for w, g in known.items()))
        return next(fitting, None)


def is_consistent(model: Model, rule: Rule) -> bool | None:
    """Return whether each mean of a rule takes in, and is divided by, what its own rate leaves to
    it, False where that of the other stands in its place, None where neither explains the numbers.
    """
    if rule.square is None:
        return True
    keep, c = rule.square
    a, b = rule.mean or (0.0, (c / _leave(keep)) ** 0.5)
    shares = _leave(a), _leave(keep)
    # The gradient may be a multiple of ours: by that, s' has it once, and q' twice.
    sources = [_is_near((b / x) ** 2, c / y) for x, y in (shares, *product(shares, shares))]
    if not sources[0]:
        return False if rule.mean and any(sources) else None
    numbers = [float(value) for value in model.base.before.values() if not value.ndim]
    right, mixed = _list_scales(a, keep)
    k = rule.moves[0] * (1 if rule.mean else b)
    for is_rate in (partial(_is_among, numbers), _is_round):
        for scales, answer in ((right, True), (mixed, False)):
            if any(is_rate(1 / (k * scale)) for scale in scales):
                return answer
    return None


def _leave(kept: float) -> float:
    """Return what a mean takes in that keeps so much, all for a sum, as AdaGrad has."""
    return 1.0 if _is_near(kept, 1) else 1 - kept


def _list_scales(a: float, keep: float) -> tuple[list[float], list[float]]:
    """Return by what a rate may be multiplied, after any number of steps, with right corrections of
    the means or none, and with those that take the rate of the other, or multiply it by the number.
    """
    pairs = [(1 - a**n, 1 - keep**n) for n in range(1, MOST_STEPS) if keep < 1]
    right = [1.0, *(s**0.5 / f for f, s in pairs)]
    mixed = [x**0.5 / y for f, s in pairs for x, y in ((f, f), (s, s), (f, s))]
    falling = ((1 - a * n, 1 - keep * n) for n in range(2, MOST_STEPS))
    return right, mixed + [s**0.5 / f for f, s in falling if f > 0 and s > 0]


def _is_among(numbers: list[float], rate: float) -> bool:
    return any(_is_near(rate, number) for number in numbers)


def _is_round(rate: float) -> bool:
    return _is_near(rate, float(f"{rate:.{DIGITS}g}"))


def _is_near(a: float, b: float) -> bool:
    return abs(a - b) <= CLOSE * abs(b)


def _move(model: Model, size: float) -> Moved:
    """Take the step with positive numbers in the arrays that it keeps, of gradients of a size."""
    rng, shapes = np.random.default_rng(6), {model.base.before[w].shape for w in model.weights}
    arrays = {path: model.base.before[path] for path in model.list_others()}
    edits = {path: size**1.5 * rng.uniform(0.5, 1, value.shape)
             for path, value in arrays.items() if value.ndim and value.shape in shapes}  # fmt: skip
    return Moved({**model.base.before, **edits}, model.run(edits, "changes").after)


def _list_rules(step: Moved, weight: str, g: Array) -> Iterator[Rule]:
    """Yield the rules that the numbers of one weight fit."""
    moved, states = step.measure(weight), step.list_states(weight)
    means = [(s, new, law) for s, new in states if (law := _solve(new, s, g))]
    squares = [(new, law) for q, new in states if (law := _solve(new, q, g * g))]
    for s, _, law in means:
        if moves := _solve(moved, s, g):
            yield Rule(law, None, moves)
    tops = [(g, None), *((new, law) for _, new, law in means)]
    is_moved = moved != 0
    for (top, mean), (q, law) in product(tops, squares):
        below, q, one = -(top / moved)[is_moved], q[is_moved], np.ones(is_moved.sum())
        if found := _solve(below, np.sqrt(q), one):
            yield Rule(mean, law, found)
        if found := _solve(below**2, q, one):
            yield Rule(mean, law, (float(np.sqrt(found[0])), found[1]), "√(k² q' + ε)")
        if found := _solve(below, q, one):
            yield Rule(mean, law, found, "k q' + ε")


def _solve(value: Array, first: Array, second: Array) -> Pair | None:
    """Return how many times each of two arrays is in a value, the first at least once, None where
    it is no such sum.
    """
    rows = np.stack([first.reshape(-1), second.reshape(-1)], axis=1)
    sizes, largest = np.abs(rows).max(axis=0, initial=0), np.abs(value).max(initial=0)
    if len(rows) < LEAST or not np.isfinite([*sizes, largest]).all() or not sizes.all():
        return None
    found, *_ = np.linalg.lstsq(rows / sizes, value.reshape(-1))
    if np.abs(rows / sizes @ found - value.reshape(-1)).max() > CLOSE * largest:
        return None
    pair = [float(f / s) if abs(f) > CLOSE * largest else 0.0
            for f, s in zip(found, sizes, strict=True)]  # fmt: skip
    return (pair[0], pair[1]) if pair[0] else None


def _follows(step: Moved, weight: str, g: Array, rule: Rule) -> bool:
    """Return whether a weight, and what is kept for it, become what a rule says."""
    states = [*step.list_states(weight), (0 * g, 0 * g)]
    means, squares = (states if law else states[-1:] for law in (rule.mean, rule.square))
    return any(
        all(map(_is_close, rule.predict(s, q, g), (s_new, q_new, step.measure(weight))))
        for (s, s_new), (q, q_new) in product(means, squares)
    )


def _is_close(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max() <= 10 * CLOSE * np.abs(b).max())
