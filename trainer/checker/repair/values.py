"""Lists what a value on the way back may have been meant to be."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.steps import EVENT, Trace
from trainer.checker.repair.derivatives import Derivative, Derivatives, is_close, list_slopes
from trainer.checker.repair.scoring import Edits, Scorer

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

    def list_values(
        self, event: int, edits: Edits, moved: Array, old: Edits, new: Edits
    ) -> Iterator[Array]:
        """Yield the values of an event beside edits of others.

        old and new are the weights after the step with the event as it is, and moved.
        """
        value = np.asarray(self._model.get_value(f"{EVENT}{event}"), dtype=np.float64)
        reached = list_reached(self._scorer, old, new)
        if not value.ndim:
            yield from self._solve(value, moved, old, new)
        yield from self._list_moved(value, reached)
        derivatives = self._list_derivatives(event, value, reached)
        yield from self._scale(f"{EVENT}{event}", edits, derivatives, reached)

    def _solve(self, value: Array, moved: Array, old: Edits, new: Edits) -> Iterator[Array]:
        """Yield the number that a number should be, since what it reaches is linear in it."""
        needs: list[Array] = []
        for path in sorted(list_reached(self._scorer, old, new)):
            wanted, a, b = self._find_wanted(path), old.get(path), new.get(path)
            if a is not None and b is not None and wanted is not None:
                if not wanted.shape == a.shape == b.shape:
                    return
                slope, rest = (b - a) / (moved - value), wanted - a
                needs.append((rest[slope != 0] / slope[slope != 0]).reshape(-1))
        need = np.concatenate(needs) if needs else np.zeros(0)
        if need.size and np.ptp(need) <= NEAR * np.abs(need).max():
            yield np.asarray(value + np.median(need))

    def _list_derivatives(
        self, event: int, value: Array, reached: frozenset[str]
    ) -> Iterator[Array]:
        """Yield the derivatives of an event's size, none for one that is the derivative of the
        net's own loss by the only weight that it reaches.
        """
        if event not in self._model.after_targets:
            yield from self._list_slopes_like(value)
        known = self.derivatives.list_of_size(value.size)
        expected = [new for each in known for new in arrange(each.value, value.shape)]
        own = self.derivatives.find(min(reached)) if len(reached) == 1 else None
        mine = arrange(own.value, value.shape) if own and self._scorer.fit.is_own else ()
        if any(is_close(each, value) for each in mine):
            return
        if not value.ndim:  # one number is solved for; or it sums over an axis too many
            by_weights = (self.derivatives.find(path) for path in sorted(reached))
            expected = [each.value for each in by_weights if each and each.value.ndim]
        yield from expected

    def _scale(
        self, path: str, edits: Edits, values: Iterator[Array], reached: frozenset[str]
    ) -> Iterator[Array]:
        """Yield the multiples of values with which what they reach moves as far as the others.

        That is linear in them. Where no weights go down at one rate, any factor may be right.
        """
        zero: dict[tuple[int, ...], Trace] = {}
        for value in values:
            if not self._scorer.rate:
                yield from (value, -value)
                continue
            if value.shape not in zero:
                zero[value.shape] = self._scorer.run({**edits, path: 0 * value})
            now = (
                self._scorer.run({**edits, path: value}) if self._scorer.count.spend() else Trace()
            )
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
        found = self.derivatives.find(weight)
        before = np.asarray(self._model.base.before[weight], dtype=np.float64)
        return before - self._scorer.rate * found.value if found and self._scorer.rate else None

    def _list_moved(self, value: Array, reached: frozenset[str]) -> Iterator[Array]:
        """Yield what a weight should be after the step, for a value that only it depends on."""
        wanted = self._find_wanted(min(reached)) if len(reached) == 1 else None
        if wanted is not None:
            yield from arrange(wanted, value.shape)

    def _list_slopes_like(self, value: Array) -> Iterator[Array]:
        """Yield the derivatives of a value by another that have this shape, and other numbers."""
        if value.size not in self._slopes:
            self._slopes[value.size] = list_slopes(self._model, value.size)
        for each in self._slopes[value.size]:
            for expected in arrange(each.value, value.shape):
                if not is_close(expected, value):
                    yield expected

    def describe(self, value: Array) -> str:
        """Return the formula of a right value, "" where the source has no name for it."""
        for each in self.derivatives.list_of_size(value.size):
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
        return self._scorer.wanted.sites[number].name if number >= 0 else ""


def list_reached(scorer: Scorer, old: Edits, new: Edits) -> frozenset[str]:
    """Return the weights that two runs of a step leave differently."""
    return frozenset(p for p in scorer.wanted.paths if _differ(old.get(p), new.get(p)))


def _write_factor(factor: float) -> str:
    """Return what stands before a derivative that is multiplied: nothing for 1."""
    sign, size = "−" * (factor < 0), abs(factor)
    return sign if abs(size - 1) < NEAR else f"{sign}{size:.3g} · "


def _differ(old: Array | None, new: Array | None) -> bool:
    return old is None or new is None or not np.array_equal(old, new)


def arrange(values: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield values in a shape of their size, turned too."""
    if values.shape == shape:
        yield values
    elif values.size == int(np.prod(shape)):
        yield values.reshape(shape)
    if values.ndim == 2 and values.T.shape == shape and 1 not in shape:
        yield values.T
