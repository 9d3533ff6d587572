"""Question 2 of what a file shows: is a number that it calls a loss one of the outputs before it?

It may be computed after the update, or of other samples than those of the step. What counts is how
it changes with these outputs.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT, Trace
from trainer.checker.judge.events import Events, stack
from trainer.checker.judge.influence import Model, find_dependents, name_place
from trainer.checker.judge.losses import ENTROPY, SQUARES, arrange_targets, list_losses
from trainer.checker.judge.moving import move, turn
from trainer.checker.judge.slopes import UNSETTLED, H, choose_vector

# In names, in several languages.
LOSS = "loss|cost|entrop|mse|cout|coût|custo|costo|perte|perda|verlust|kosten|损失|損失"
DERIVATIVE = "^d_?(loss|cost)|grad|deriv|delta|prime"
MOST_NUMBERS, DIRECTIONS = 2000, 8  # that outputs are, and along which a loss is differentiated
FAR = 0.01  # how far outputs are moved that may be those of one layer
FLAT = 1e-9  # of a sum, what it bends by rounding
MOST_TARGETS = 20  # arrays that may be the targets
MOST_EVENTS = 40  # at one place, of which some may depend on others
NONE: Mapping[str, Array] = {}
Describe = Callable[[int], tuple[int, str]]
Places = Sequence[tuple[int, str]]  # in the source, the likeliest first


def list_named(describe: Describe, base: Trace, events: Iterable[int]) -> list[int]:
    """Return the events for which the file has a name of a loss, and not of its derivative."""
    named = ((i, describe(base.events[i][0])[1].lower()) for i in events if base.events[i][0] >= 0)
    return [i for i, text in named if re.search(LOSS, text) and not re.search(DERIVATIVE, text)]


@dataclass(frozen=True)
class Shown:
    """What the file calls a loss: the event, the usual loss of its outputs that it is, "" for none,
    whether it is one with the other sign, the weights on which it has a penalty, and the numbers
    that say how large that is.
    """

    event: int
    usual: str
    is_negative: bool
    pulled: list[str]
    strengths: list[str]


def find_shown_loss(
    describe: Describe, model: Model, weights: list[str], outputs: Places, loss: str = ""
) -> Shown | None:
    """Return the first number that the file calls a loss, of outputs at these places: one that is a
    usual loss, that of this name before others, where there is one; None where none depends on such
    outputs and targets of them.
    """
    events = model.base.events
    last = {site: i for i, (site, *_) in enumerate(events)}  # before it, a sum is not whole
    single = [i for i in last.values() if events[i][2].size == 1 and events[i][2].dtype.kind == "f"]
    moved = {path: move(model.base.before[path]) for path in weights}
    weighted = find_dependents(model, moved) or frozenset()
    named = list_named(describe, model.base, single)
    first = {events[i][2].tobytes(): i for i in reversed(named)}  # others pass it on
    numbers = [_Number(model, i, weights, weighted) for i in sorted(first.values())]
    found = [shown for each in numbers if (shown := each.look(outputs))]
    return max(found, key=lambda each: bool(each.usual) + (each.usual == loss), default=None)


def list_expected(model: Model, event: int, outputs: Places, name: str) -> Iterator[float]:
    """Yield what a number may be meant to be that should be the usual loss of a name, of outputs at
    these places before it: the sum, or its mean over one axis or all numbers, half of it or twice.
    """
    for events in _list_outputs(model.base, event, outputs):
        y = np.asarray(stack([model.base.events[i][2] for i in events]), dtype=np.float64)
        pairs = (pair for t in model.list_targets() for pair in list_losses(y, t))
        for value in (loss(y) for each, loss in pairs if each == name):
            yield from (k * value / n for n in {1, y.size, *y.shape} for k in (1, 2, 0.5))


def _list_outputs(base: Trace, event: int, places: Places) -> Iterator[Events]:
    """Yield the last event at each place before a number, and all that are there together."""
    for place in places:
        found = [i for i, (site, path, _) in enumerate(base.events[:event])
                 if name_place(site, path) == place]  # fmt: skip
        shapes = {base.events[i][2].shape for i in found}
        yield from [(i,) for i in found[-1:]]
        yield from [tuple(found)] if len(found) > 1 and len(shapes) == 1 else []


class _Number:
    """A number that a step computes from outputs; weighted are the events of the weights."""

    def __init__(self, model: Model, event: int, weights: list[str], weighted: frozenset[int]):
        self._model, self._event, self._weights = model, event, weights
        self._run, self._base, self._weighted = model.run, model.base, weighted
        self._value = float(model.base.events[event][2].reshape(()))

    def look(self, outputs: Places) -> Shown | None:
        """Return whether the number is a usual loss of outputs at these places, but for a factor
        and a penalty; None where it does not depend on such outputs, and on targets of them.
        """
        start = _find_update(self._model, self._event)
        listed = map(self._drop_inner, _list_outputs(self._base, self._event, outputs))
        every = [events for events in dict.fromkeys(listed) if events[-1] >= start]
        keys = [tuple(_identify(self._base.events[i][2]) for i in events) for events in every]
        groups = [events for n, events in enumerate(every)  # the first of each value
                  if keys.index(keys[n]) == n and self._is_whole(events)]  # fmt: skip
        found = {events: self._compare(events) for events in groups}
        known = {events: pulls for events, like in found.items() if like is not None
                 and (pulls := self._list_pulled(events)) is not None}  # fmt: skip
        usual, name = next(((e, like[1]) for e in known if (like := found[e]) and like[0] == 1),
                           (None, ""))  # fmt: skip
        pulled = known[usual] if usual else []
        strengths = self._list_strengths(usual) if usual and pulled else []
        is_negative = usual is None and any((found[e] or (0,))[0] == -1 for e in known)
        return Shown(self._event, name, is_negative, pulled, strengths) if known else None

    def _drop_inner(self, events: Events) -> Events:
        """Return the events of some on which no others of them depend: one function may give the
        outputs of all layers. They are moved so far that a saturated one of 1e-13 shows.
        """
        if not 1 < len(events) <= MOST_EVENTS:
            return events
        values = [self._base.events[i][2] for i in events]
        moved = [{f"{EVENT}{i}": v + FAR * (1 + np.abs(v))}
                 for i, v in zip(events, values, strict=True)]  # fmt: skip
        found = [find_dependents(self._model, each) for each in moved]
        return tuple(
            i for i, later in zip(events, found, strict=True)
            if not ((later or frozenset()) - {i}).intersection(events)
        )  # fmt: skip

    def _is_whole(self, events: Events) -> bool:
        """Return whether the number depends on no more values at the place of some events, while
        these stay as they are: it may be the loss of several samples.
        """
        site, path, _ = self._base.events[events[0]]
        others = [i for i, (own, each, _) in enumerate(self._base.events[: self._event])
                  if (own, each) == (site, path) and i not in events]  # fmt: skip
        moved = self._model.move_events(others)
        y = stack([self._base.events[i][2] for i in events])
        return not others or self._compute(events, y, moved) == self._compute(events, y)

    def _list_strengths(self, events: Events) -> list[str]:
        """Return the numbers that change a penalty with these outputs."""
        y = stack([self._base.events[i][2] for i in events])
        numbers = {path: v for path, v in self._base.before.items() if v.dtype.kind == "f"}
        return [path for path, v in numbers.items() if not v.ndim
                and self._compute(events, y, {path: 2 * v}) != self._value]  # fmt: skip

    def _list_pulled(self, events: Events) -> list[str] | None:
        """Return the weights whose sum of squares is a part of the number, None where it depends
        on any weight in another way though these outputs stay as they are: they are not all.
        """
        y = stack([self._base.events[i][2] for i in events])
        before = {path: np.asarray(self._base.before[path], float) for path in self._weights}
        moved = {path: move(values) for path, values in before.items()}
        if not np.isfinite(self._value) or self._compute(events, y, moved) == self._value:
            return []
        pulls = {path: _differentiate(partial(self._pull, events, y, path), values)
                 for path, values in before.items()}  # fmt: skip
        pulled = {p: slopes for p, slopes in pulls.items() if slopes is None or slopes.any()}
        is_penalty = all(slopes is not None and _is_multiple(slopes, _project(before[path]))
                         for path, slopes in pulled.items())  # fmt: skip
        return list(pulled) if is_penalty else None

    def _pull(self, events: Events, y: Array, path: str, values: Array) -> float:
        return self._compute(events, y, {path: values})

    def _compare(self, events: Events) -> tuple[int, str] | None:
        """Return 1 where the number is a usual loss of outputs, −1 where it is minus one, and which
        it is, 0 where it is neither, None where that is not known.
        """
        y = np.asarray(stack([self._base.events[i][2] for i in events]), dtype=np.float64)
        if not 0 < y.size <= MOST_NUMBERS or not np.isfinite(y).all():
            return None
        if not np.isfinite(self._value):  # such as a logarithm of outputs of any sign
            is_of_sign = (y < 0).any() and np.isfinite(self._compute(events, np.abs(y)))
            return (0, "") if is_of_sign else None
        y = _spread(y)
        slopes = _differentiate(lambda other: self._compute(events, other), y)
        if slopes is None or not slopes.any():
            return None
        targets = list(self._list_targets(events, y))
        like = ((sign, name) for sign in (1, -1) for t in targets
                if (name := self._name_loss(y, sign * slopes, events, t)))  # fmt: skip
        return next(like, (0, "")) if targets else None

    def _compute(self, events: Events, y: Array, others: Mapping[str, Array] = NONE) -> float:
        """Return the number for outputs, and for other values of leaves or events."""
        parts = [y] if len(events) == 1 else list(y)
        edits = {f"{EVENT}{i}": part for i, part in zip(events, parts, strict=True)}
        found = self._run({**edits, **others}, (self._event,)).events
        is_same = found and found[0][0] == self._base.events[self._event][0]
        return float(found[0][2].reshape(())) if is_same and found[0][2].size == 1 else np.nan

    def _list_targets(self, events: Events, y: Array) -> Iterator[Array]:
        """Yield the arrays on which the number depends beside the outputs, and that may be targets
        of these.
        """
        arrays = dict(self._base.before)
        arrays |= {f"{EVENT}{i}": value
                   for i, (_, _, value) in enumerate(self._base.events[: self._event])
                   if i not in self._weighted}  # fmt: skip
        distinct = {_identify(v): (p, v) for p, v in reversed(arrays.items()) if v.size}
        likely = [(path, v) for path, v in distinct.values() if _may_be_targets(y, v)]
        now = self._compute(events, y)
        for path, values in likely[-MOST_TARGETS:]:
            if self._compute(events, y, {path: turn(values)}) != now:
                yield values

    def _name_loss(self, y: Array, slopes: Array, events: Events, targets: Array) -> str:
        """Return the usual loss that has such slopes, "" for none."""
        arranged = list(arrange_targets(y, targets))
        usual = ((name, _differentiate(loss, y)) for t in arranged
                 for name, loss in list_losses(y, t) if name != ENTROPY or _are_hot(t))  # fmt: skip
        like = (name for name, each in usual if each is not None and _is_multiple(slopes, each))
        is_square = any(self._is_square(y, slopes, events, t) for t in arranged)
        return next(like, SQUARES if is_square else "")

    def _is_square(self, y: Array, slopes: Array, events: Events, t: Array) -> bool:
        """Return whether the number, or the square of it, is a sum of squares of outputs less
        targets that are given in other units.
        """
        h = 1e-3 * (np.abs(y).max() or 1.0)
        for power in (1, 2):
            values = [self._compute(events, y + n * h) ** power for n in (-1, 0, 1)]
            change = values[0] - 2 * values[1] + values[2]
            bend = change / (y.size * h * h)
            own = slopes if power == 1 else 2 * values[1] ** 0.5 * slopes
            is_bent = change > FLAT * max(map(abs, values))
            if is_bent and _is_affine(_project(y) - own / bend, t):
                return True
        return False


def _are_hot(targets: Array) -> bool:
    """Return whether targets are those of several classes: else cross-entropy is the half of it."""
    axes = [axis for axis, n in enumerate(targets.shape) if n > 1]
    return any(np.allclose(targets.sum(axis=axis), 1) for axis in axes)


def _is_affine(aims: Array, targets: Array) -> bool:
    """Return whether aims, along the directions, are those of a positive multiple of targets that
    differ, and a constant.
    """
    columns = np.stack([_project(targets), _project(np.ones(targets.size))], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(columns, aims, rcond=None)
    rest = np.abs(aims - columns @ (scale, shift)).max()
    spread = scale * np.ptp(targets)
    is_spread = spread > UNSETTLED * np.abs(aims).max() or not np.ptp(targets)
    return is_spread and rest <= UNSETTLED * (spread or np.abs(aims).max())


def _identify(values: Array) -> Hashable:
    """Return what arrays of the same shape and bytes have in common."""
    return values.shape, values.tobytes()


def _find_update(model: Model, event: int) -> int:
    """Return the first event that is a changed weight where a number is computed from these, 0
    where it is computed from the weights before: ahead of them, or from nothing on the way back.
    """
    after = {_identify(model.base.after[weight]) for weight in model.weights}
    values = (np.asarray(value) for _, _, value in model.base.events[:event])
    update = next((i for i, value in enumerate(values) if _identify(value) in after), 0)
    first = min(model.weighted & model.after_targets, default=-1)
    if not update or first < 0:
        return 0
    back = find_dependents(model, model.move_events([first]))
    return update if back is None or event in back else 0


def _may_be_targets(y: Array, values: Array) -> bool:
    with suppress(Exception):
        return values.dtype.kind in "fiub" and next(arrange_targets(y, values), None) is not None
    return False


def _spread(y: Array) -> Array:
    """Return outputs that lie apart, probabilities in between 0 and 1: near the first weights all
    may be about the same.
    """
    noise = np.random.default_rng(5).standard_normal(y.shape)
    if y.min() > 0 and y.max() < 1:
        return 1 / (1 + (1 / y - 1) * np.exp(noise))
    return y + noise * (np.abs(y).max() or 1.0)


@cache
def _list_directions(size: int) -> Array:
    """Return the directions of numbers along which a loss is differentiated."""
    number = min(DIRECTIONS, size)
    return np.stack([choose_vector((size,), k, DIRECTIONS) for k in range(number)])


def _project(y: Array) -> Array:
    """Return the sums of an array along the directions."""
    return _list_directions(y.size) @ y.reshape(-1)


def _differentiate(function: Callable[[Array], float], y: Array) -> Array | None:
    """Return the derivatives along the directions of y, None where one is not settled."""
    h = H * (np.abs(y).max() or 1.0)
    slopes = []
    for direction in h * _list_directions(y.size):
        moved = direction.reshape(y.shape)
        ups = [function(y + n * moved) for n in (-2, -1, 1, 2)]
        slopes.append(((ups[2] - ups[1]) / (2 * h), (ups[3] - ups[0]) / (4 * h)))
    near, far = np.array(slopes).T
    is_settled = np.abs(near - far).max() <= UNSETTLED * np.abs(near).max()
    return near if is_settled else None


def _is_multiple(slopes: Array, usual: Array) -> bool:
    factor = float((slopes * usual).sum() / ((usual * usual).sum() or 1.0))
    return factor > 0 and np.abs(slopes - factor * usual).max() <= UNSETTLED * np.abs(slopes).max()
