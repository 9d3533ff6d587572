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
    """One array of a side: its value as the inputs are, and its scale in float64.

    u is the roundoff of the coarsest format of inputs and value, length the terms of the longest
    sum. If is_wide is false, the side does not run in float64, and its scale is only its value.
    """

    side: str
    value: Value
    scale: Scale
    u: float
    length: int
    is_wide: bool


def compare_exactly(name: str, a: tuple[str, Value], b: tuple[str, Value]) -> Row | None:
    """Return a row where no rounding has to be judged: shapes, dtypes, integers, texts.

    a and b are the names of the sides and their values.
    """
    (side, x), (other, y) = a, b
    if x.array.shape != y.array.shape:
        text = f"{side} has the shape {x.array.shape}, {other} {y.array.shape}"
        return Row(name, DIFFERENT, text)
    if x.is_rounded and y.is_rounded:
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
        x, y = widen(a.value.array), widen(b.value.array)
        difference = np.where(_are_equal(x, y), 0, np.abs(x - y))
    difference = np.where(np.isfinite(difference), difference, np.inf)
    if a.is_wide and b.is_wide:
        row = _compare_formulas(name, a, b, difference, bounds[0] + bounds[1], reference)
        if row:
            return row
    return _compare_precision(name, (a, b), truth, difference, bounds)


def find_excess(a: Scale, b: Scale) -> Array:
    """Return how far apart two float64 runs are, over what runs of the same function can be.

    Above 1 they are different functions; inf where one alone is not finite.
    """
    with np.errstate(all="ignore"):
        excess = _divide(np.abs(a.value - b.value), limit_same(a, b))
    excess = np.where(np.isfinite(excess), excess, np.inf)
    return np.where(_are_equal(a.value, b.value), 0, excess)


def _compare_formulas(
    name: str, a: Result, b: Result, difference: Array, explained: Array, reference: Scale | None
) -> Row | None:
    """Return a row if the float64 runs are of different functions."""
    excess = find_excess(a.scale, b.scale)
    if not (excess > 1).any():
        return None
    at = _find_largest(excess)
    x, y, here = a.scale.value[at], b.scale.value[at], float(difference[at])
    wide = float(np.abs(x - y))
    by = "the same" if abs(wide - here) <= LARGE * here else show(wide)
    text = f"{show(here)}{_at(at)}; rounding explains {show(float(explained[at]))}. "
    text += f"In float64 they differ by {by}: the formulas differ"
    if not np.isfinite(excess[at]):
        text = f"{a.side} gives {x:.4g}, {b.side} {y:.4g}{_at(at)}, in float64 too"
        here = np.inf
    wrong: tuple[str, ...] = ()
    if reference is not None and reference.value.shape == excess.shape:
        wrong = tuple(r.side for r in (a, b) if (find_excess(r.scale, reference) > 1).any())
        text += f". By the reference {' and '.join(wrong)} {'are' if wrong[1:] else 'is'} wrong"
    return Row(name, DIFFERENT, text, wrong, here, float(explained[at]), at)


def _compare_precision(
    name: str, sides: tuple[Result, Result], truth: Scale, difference: Array, bounds: list[Array]
) -> Row:
    """Return the verdict on two sides that compute the same function."""
    low = max(sides, key=lambda each: ROUNDOFF[each.value.dtype])
    is_mixed = len({each.value.dtype for each in sides}) > 1
    if not difference.any() and not is_mixed:
        return Row(name, AGREE, "exactly equal")
    at = _find_largest(_divide(difference, bounds[0] + bounds[1]))
    here, explained = float(difference[at]), float((bounds[0] + bounds[1])[at])
    text = f"difference {show(here)}{_at(at)}; rounding explains {show(explained)}"
    narrow = " and ".join(each.side for each in sides if not each.is_wide)
    if narrow:
        status = AGREE if here <= explained else UNKNOWN
        return Row(name, status, f"{text}; not in float64: {narrow}", (), here, explained, at)
    with np.errstate(all="ignore"):
        errors = [np.abs(widen(each.value.array) - truth.value) for each in sides]
    is_large = pool(difference) > LARGE * pool(truth.value)
    is_one_sided = SAFETY * min(map(pool, errors)) < max(map(pool, errors))
    if here > explained or (is_large and is_one_sided):
        return _describe_loss(name, sides, truth, bounds, errors)
    if is_large:
        text = f"{text}. That is as large as the value: in {low.value.dtype} it says nothing"
        return Row(name, UNKNOWN, text, (), here, explained, at)
    if is_mixed:
        text = f"{low.side}'s result is {low.value.dtype}; {text}"
        return Row(name, IMPRECISE, text, (low.side,), here, explained, at)
    return Row(name, AGREE, f"largest {text}", (), here, explained, at)


def _describe_loss(
    name: str,
    sides: tuple[Result, Result],
    truth: Scale,
    bounds: list[Array],
    errors: list[Array],
) -> Row:
    """Return a row that says which side is far from float64."""
    errors = [np.where(np.isnan(e) & np.isfinite(truth.value), np.inf, e) for e in errors]
    ratios = [_divide(error, bound) for error, bound in zip(errors, bounds, strict=True)]
    worst = [float(np.nanmax(ratio)) for ratio in ratios]
    i = int(np.argmax(worst))
    at = _find_largest(ratios[i])
    far = tuple(s.side for s, w in zip(sides, worst, strict=True) if w > 1) or (sides[i].side,)
    shown = ", ".join(f"{s.side} {show(float(e[at]))}" for s, e in zip(sides, errors, strict=True))
    explained = float(bounds[i][at])
    text = f"errors{_at(at)} against float64: {shown}; rounding explains {show(explained)}"
    return Row(name, IMPRECISE, text, far, float(errors[i][at]), explained, at)


def _are_equal(x: Array, y: Array) -> Array:
    return (x == y) | (np.isnan(x) & np.isnan(y))


def _divide(difference: Array, explained: Array) -> Array:
    """Return difference / explained; 0 where both are 0."""
    with np.errstate(all="ignore"):
        return np.where(difference == 0, 0, difference / explained)


def _find_largest(array: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(np.argmax(np.nan_to_num(array)), array.shape))


def _at(index: tuple[int, ...]) -> str:
    return f" at {list(index)}" if index else ""
