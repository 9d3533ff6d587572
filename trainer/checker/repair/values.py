"""Lists what a value on the way back may have been meant to be."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT, Trace
from trainer.checker.judge.derivatives import (
    Derivative,
    Derivatives,
    arrange,
    find_factor,
    is_close,
    list_slopes,
)
from trainer.checker.repair.rounds import Rounds
from trainer.checker.repair.scoring import Edits, Effect, Scorer
from trainer.common.language import translate as _

NEAR = 1e-3  # relative, of what follows from a value


class Values:
    """The values that one event may have been meant to have, for the loss of a scorer.

    Those are derivatives of the loss by a value of their size, with the factor that the weights
    need, derivatives of one value by another, and what a weight should be.
    """

    def __init__(self, scorer: Scorer):
        self._scorer, self._model = scorer, scorer.wanted.model
        self.derivatives = Derivatives(self._model, scorer.fit)
        self._slopes: dict[int, list[Derivative]] = {}  # by the number of their elements
        self.rounds = Rounds(self._model, self.derivatives)

    def list_values(self, effect: Effect, edits: Edits) -> Iterator[Array]:
        """Yield what the value of an effect may have been meant to be, while edits replace others:
        the number that its weights need, what a weight should become, or a derivative.
        """
        if not effect.value.ndim:
            yield from self.solve(effect)
        yield from self._list_moved(effect)
        yield from self._scale(effect, edits, self._list_derivatives(effect))

    def solve(self, effect: Effect) -> Iterator[Array]:
        """Yield the number that a number should be, since what it reaches is linear in it."""
        needs: list[Array] = []
        for path in sorted(effect.reached):
            a, b, wanted = effect.old.get(path), effect.new.get(path), self._find_wanted(path)
            if a is not None and b is not None and wanted is not None:
                if not wanted.shape == a.shape == b.shape:
                    return
                slope, rest = (b - a) / (effect.moved - effect.value), wanted - a
                needs.append((rest[slope != 0] / slope[slope != 0]).reshape(-1))
        need = np.concatenate(needs) if needs else np.zeros(0)
        if need.size and np.ptp(need) <= NEAR * np.abs(need).max():
            yield np.asarray(effect.value + np.median(need))

    def _list_derivatives(self, effect: Effect) -> Iterator[Array]:
        """Yield the derivatives of an event's size, none for one that is the derivative of the
        net's own loss by the only weight that it reaches.
        """
        value, reached = effect.value, effect.reached
        if int(effect.path[1:]) not in self._model.after_targets:
            yield from self._list_slopes_like(value)
        own = self.derivatives.find(min(reached)) if len(reached) == 1 else None
        mine = arrange(own.value, value.shape) if own and self._scorer.fit.is_own else ()
        if any(is_close(each, value) for each in mine):
            return
        if value.ndim:
            like = list(self.derivatives.list_like(value))
            yield from (expected for _, expected in like)
            if own and own.path not in dict(like):  # a weight that the step leaves as it is
                yield from arrange(own.value, value.shape)
        # One number was solved for; or it is a sum over an axis too many, or of something else.
        by_weights = (self.derivatives.find(path) for path in sorted(reached))
        yield from (each.value for each in by_weights if each and _is_repeated(value, each.value))
        if not value.ndim:
            yield from (each.value for each in self.derivatives.list_rows())

    def scale_rounds(
        self, values: Edits, edits: Edits, reached: frozenset[str]
    ) -> Iterator[dict[str, Any]]:
        """Yield the multiples of values with which what they reach moves as far as the others."""
        zero = self._scorer.run({**edits, **{path: 0 * v for path, v in values.items()}})
        now = self._scorer.run({**edits, **values})
        factors = self._list_factors(now, zero, reached) if self._scorer.rate else (1.0, -1.0)
        for factor in dict.fromkeys(factors):
            yield {path: factor * value for path, value in values.items()}

    def _scale(self, effect: Effect, edits: Edits, values: Iterator[Array]) -> Iterator[Array]:
        """Yield the multiples of values with which what they reach moves as far as the others.

        That is linear in them. Where no weights go down at one rate, any factor may be right.
        """
        zero: dict[tuple[int, ...], Trace] = {}
        for value in values:
            if not self._scorer.rate:
                yield from (value, -value)
                continue
            if value.shape not in zero:
                zero[value.shape] = self._scorer.run({**edits, effect.path: 0 * value})
            now = self._scorer.run({**edits, effect.path: value})
            factors = self._list_factors(now, zero[value.shape], effect.reached)
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
        found = self.derivatives.find(weight)
        before = np.asarray(self._model.base.before[weight], dtype=np.float64)
        return before - self._scorer.rate * found.value if found and self._scorer.rate else None

    def _list_moved(self, effect: Effect) -> Iterator[Array]:
        """Yield what a weight should be after the step, for a value that only it depends on."""
        is_one = len(effect.reached) == 1
        wanted = self._find_wanted(min(effect.reached)) if is_one else None
        if wanted is not None:
            yield from arrange(wanted, effect.value.shape)

    def _list_slopes_like(self, value: Array) -> Iterator[Array]:
        """Yield the derivatives of a value by another that have this shape, and other numbers."""
        if value.size not in self._slopes:
            self._slopes[value.size] = list_slopes(self._model, value.size)
        for each in self._slopes[value.size]:
            for expected in arrange(each.value, value.shape):
                if not is_close(expected, value):
                    yield expected

    def describe(self, value: Array) -> str:
        """Return the formula of a right value, of several that with the plainest factor: near 0 the
        slope of an activation is a constant. "" where the source has no name for it, or where it is
        one number, which is a multiple of any other.
        """
        pairs = self.derivatives.list_like(value) if value.size > 1 else ()
        factors = ((find_factor(value, expected), self._name(path)) for path, expected in pairs)
        found = [(factor, name) for factor, name in factors if factor and name]
        if not found:
            return ""
        factor, name = min(found, key=lambda each: abs(math.log(abs(each[0]))))
        return _write_factor(factor) + f"∂loss/∂{name}"

    def _name(self, path: str) -> str:
        """Return the name of a value in the source, "" for one that has none."""
        if path[0] != EVENT:
            return path
        number = self._model.base.events[int(path[1:])][0]
        site = self._scorer.wanted.sites[number] if number >= 0 else None
        if site and site.is_argument and site.function:
            return _("{name} of {function}", name=site.name, function=site.function)
        return site.name if site else ""


def _is_repeated(value: Array, whole: Array) -> bool:
    """Return whether NumPy would repeat a value to give it the shape of another."""
    shape = whole.shape[whole.ndim - value.ndim :]
    return value.size < whole.size and all(
        n in (1, m) for n, m in zip(value.shape, shape, strict=False)
    )


def _write_factor(factor: float) -> str:
    """Return what stands before a derivative that is multiplied: nothing for 1."""
    sign, size = "−" * (factor < 0), abs(factor)
    return sign if abs(size - 1) < NEAR else f"{sign}{size:.3g} · "
