"""Decide about one array of two results: the same function, and rounding or more?"""

from dataclasses import dataclass

import numpy as np

from trainer.auditing.agreeing.measuring import SAFETY, Scale, find_truth, limit_same, pool
from trainer.auditing.agreeing.result import AGREE, DIFFERENT, IMPRECISE, UNKNOWN, Row, show
from trainer.auditing.agreeing.values import ROUNDOFF, Value, widen
from trainer.book.functions import Array

LARGE = 0.1  # of the value: a difference as large as this says nothing where it is explained


@dataclass(frozen=True)
class Result:
    """One array of a side: its value as the inputs are, again, and its scale in float64.

    input_u is the roundoff of the inputs, length the terms of the longest sum, is_torch whether
    casts inside were seen and widened. If is_wide is false, the side does not run in float64, and
    its scale is only its value.
    """

    side: str
    value: Value
    again: Value
    scale: Scale
    input_u: float
    length: int
    is_torch: bool
    is_wide: bool

    @property
    def u(self) -> float:
        """The roundoff of the coarsest format of inputs and value."""
        return max(self.input_u, ROUNDOFF[self.value.dtype])

    @property
    def is_narrowed(self) -> bool:
        """Whether the value has a narrower format than the inputs."""
        return 0 < self.input_u < ROUNDOFF[self.value.dtype]


def compare_exactly(name: str, a: tuple[str, Value], b: tuple[str, Value]) -> Row | None:
    """Return a row where no rounding has to be judged: shapes, dtypes, integers, texts.

    a and b are the names of the sides and their values.
    """
    (side, x), (other, y) = a, b
    if x.array.shape != y.array.shape:
        text = f"{side} has the shape {x.array.shape}, {other} {y.array.shape}"
        return Row(name, DIFFERENT, text)
    if not x.array.size:
        return Row(name, AGREE, "empty: nothing was compared")
    if x.is_rounded and y.is_rounded:
        if np.isnan(x.array).all() and np.isnan(y.array).all():
            return Row(name, UNKNOWN, "nan alone on both sides")
        return None
    if x.dtype != y.dtype:
        return Row(name, DIFFERENT, f"{side} gives {x.dtype}, {other} {y.dtype}")
    differs = np.asarray(x.array != y.array)
    if not differs.any():
        return Row(name, AGREE, "exactly equal")
    at = _find_largest(differs)
    text = f"{x.array[at]} and {y.array[at]}{_at(at)}; {x.dtype} is compared exactly"
    return Row(name, DIFFERENT, text, index=at)


def compare_rounded(name: str, a: Result, b: Result, reference: Scale | None = None) -> Row:
    """Return the verdict on an array of floating numbers."""
    truth = find_truth(a.scale, b.scale)  # Noise makes the slopes of the other side too large.
    with np.errstate(all="ignore"):
        bounds = [truth.bound_rounding(each.u, each.length) for each in (a, b)]
    for each, bound in zip((a, b), bounds, strict=True):
        if (_subtract(each.again.array, each.value.array) > bound).any():
            text = f"{each.side} gives another result when it is called again"
            return Row(name, UNKNOWN, text, (each.side,))
    difference = _subtract(a.value.array, b.value.array)
    row = None
    if a.is_wide and b.is_wide and not _is_rounded_inside(a, b, truth):
        row = _compare_formulas(name, a, b, difference, bounds[0] + bounds[1], reference)
    row = row or _compare_precision(name, (a, b), truth, difference, bounds)
    if row.status == DIFFERENT or reference is None or _is_same(truth, reference):
        return row
    return Row(name, DIFFERENT, "both differ from the reference", (a.side, b.side))


def find_excess(a: Scale, b: Scale) -> Array:
    """Return how far apart two float64 runs are, over what runs of the same function can be.

    Above 1 they are different functions; inf where one alone is not finite.
    """
    return _divide(_subtract(a.value, b.value), limit_same(a, b))


def _is_same(a: Scale, b: Scale) -> bool:
    return a.value.shape == b.value.shape and not (find_excess(a, b) > 1).any()


def _is_rounded_inside(a: Result, b: Result, truth: Scale) -> bool:
    """Return whether one side alone stays where it is when the inputs move by a little.

    It rounds to a format so narrow that float64 runs do not show its noise, and may be the same
    function as far as that format tells.
    """
    flat = [each for each in (a, b) if each.scale.is_flat]
    if len(flat) != 1 or flat[0].is_torch:
        return False
    bound = truth.bound_rounding(ROUNDOFF["bfloat16"], max(a.length, b.length))
    return bool((_subtract(a.scale.value, b.scale.value) <= bound).all())


def _compare_formulas(
    name: str, a: Result, b: Result, difference: Array, explained: Array, reference: Scale | None
) -> Row | None:
    """Return a row if the float64 runs are of different functions."""
    excess = find_excess(a.scale, b.scale)
    if not (excess > 1).any():
        return None
    at = _find_largest(excess)
    x, y, here, can_be = a.scale.value[at], b.scale.value[at], float(difference[at]), explained[at]
    wide, limit = float(np.abs(x - y)), float(limit_same(a.scale, b.scale)[at])
    wrong: tuple[str, ...] = ()
    if not (np.isfinite(x) and np.isfinite(y)):
        wrong = tuple(each.side for each, value in ((a, x), (b, y)) if not np.isfinite(value))
        text, here = f"{a.side} gives {x:.4g}, {b.side} {y:.4g}{_at(at)}, in float64 too", np.inf
    elif here <= can_be:
        text = f"{show(wide)}{_at(at)} in float64, where one formula gives at most {show(limit)}: "
        text += f"the formulas differ, which the rounding of {a.value.dtype} hides"
    else:
        by = "is the same" if abs(wide - here) <= LARGE * here else f"is {show(wide)}"
        text = f"{show(here)}{_at(at)}; rounding explains {show(float(can_be))}. "
        text += f"In float64 the difference {by}: the formulas differ"
    if reference is not None:
        wrong = tuple(each.side for each in (a, b) if not _is_same(each.scale, reference))
        text += f". By the reference {' and '.join(wrong)} {'are' if wrong[1:] else 'is'} wrong"
    return Row(name, DIFFERENT, text, wrong, here, float(can_be), at)


def _compare_precision(
    name: str, sides: tuple[Result, Result], truth: Scale, difference: Array, bounds: list[Array]
) -> Row:
    """Return the verdict on two sides that compute the same function."""
    errors = [_subtract(widen(each.value.array), truth.value) for each in sides]
    at = _find_largest(_divide(difference, bounds[0] + bounds[1]))
    here, explained = float(difference[at]), float((bounds[0] + bounds[1])[at])
    text = f"difference {show(here)}{_at(at)}; rounding explains {show(explained)}"
    narrow = " and ".join(each.side for each in sides if not each.is_wide)
    if narrow and difference.any():
        status = AGREE if here <= explained else UNKNOWN
        return Row(name, status, f"{text}; not in float64: {narrow}", (), here, explained, at)
    value, u = pool(truth.value), max(each.u for each in sides)
    is_zero = value < u**0.5 * pool(difference)  # terms that cancel: what is left is rounding
    is_large = not is_zero and pool(difference) > LARGE * value
    is_one_sided = SAFETY * min(map(pool, errors)) < max(map(pool, errors))
    if not here <= explained or (is_large and is_one_sided):
        return _describe_loss(name, sides, errors, bounds)
    if is_large:
        text = f"{text}. That is as large as the value: in {sides[0].value.dtype} it says nothing"
        return Row(name, UNKNOWN, text, (), here, explained, at)
    dtypes = ", ".join(f"{each.side}'s result is {each.value.dtype}" for each in sides)
    lost = tuple(each.side for each in sides if each.is_narrowed)
    if sides[0].value.dtype != sides[1].value.dtype:
        status = IMPRECISE if len(lost) == 1 else AGREE
        return Row(name, status, f"{dtypes}; {text}", lost, here, explained, at)
    if not difference.any():
        return Row(name, AGREE, "exactly equal")
    return Row(name, AGREE, f"largest {text}", (), here, explained, at)


def _describe_loss(
    name: str, sides: tuple[Result, Result], errors: list[Array], bounds: list[Array]
) -> Row:
    """Return a row that says which side is far from float64."""
    ratios = [_divide(error, bound) for error, bound in zip(errors, bounds, strict=True)]
    worst = [float(np.max(ratio)) for ratio in ratios]
    i = int(np.argmax(worst))
    at = _find_largest(ratios[i])
    far = tuple(s.side for s, w in zip(sides, worst, strict=True) if w > 1) or (sides[i].side,)
    shown = ", ".join(f"{s.side} {show(float(e[at]))}" for s, e in zip(sides, errors, strict=True))
    explained = float(bounds[i][at])
    text = f"errors{_at(at)} against float64: {shown}"
    text += f"; rounding explains {show(explained)}" if worst[i] > 1 else ""
    return Row(name, IMPRECISE, text, far, float(errors[i][at]), explained, at)


def _subtract(x: Array, y: Array) -> Array:
    """Return |x − y| in float64: 0 where both are equal or nan, inf where one is."""
    x, y = widen(x), widen(y)
    with np.errstate(all="ignore"):
        difference = np.abs(x - y)
    is_equal = (x == y) | (np.isnan(x) & np.isnan(y))
    return np.where(is_equal, 0, np.where(np.isfinite(difference), difference, np.inf))


def _divide(difference: Array, explained: Array) -> Array:
    """Return difference / explained; 0 where both are 0, inf where that is no number."""
    with np.errstate(all="ignore"):
        ratio = difference / explained
    return np.where(difference == 0, 0, np.where(np.isnan(ratio), np.inf, ratio))


def _find_largest(array: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(array), array.shape))


def _at(index: tuple[int, ...]) -> str:
    return f" at {list(index)}" if index else ""
