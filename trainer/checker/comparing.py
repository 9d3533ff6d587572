"""Two arrays held against each other, and a finding about a quantity."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array

EXACT = 1e-9  # of the largest value: what float64 gives, with room for another order of sums
CLOSE = 1e-5  # what an epsilon in a logarithm or a numerical gradient may change
FLOAT32 = 1e-4  # what float32 may change


@dataclass
class Finding:
    """A line of the report: verdict is ok, differs, raises, missing or note."""

    quantity: str
    verdict: str
    message: str = ""
    cause: str | None = None
    checked: bool = True  # False: nothing of the net's own is to blame


def as_array(value: Any) -> Array | None:
    """A float64 copy of numbers, or None for what is none."""
    if value is None:  # NumPy would make nan of it
        return None
    try:
        value = value.detach().cpu() if hasattr(value, "detach") else value
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        return None
    return array


def error(got: Any, want: Any) -> float:
    """The largest difference over the largest value of want; inf where the shapes differ."""
    got, want = as_array(got), as_array(want)
    if got is None or want is None:
        return np.inf
    if got.shape != want.shape:
        if got.size != want.size or _lean(got.shape) != _lean(want.shape):
            return np.inf
        got = got.reshape(want.shape)
    if not np.isfinite(got).all():
        return np.inf
    scale = np.abs(want).max(initial=0.0)
    return float(np.abs(got - want).max(initial=0.0) / (scale or 1.0))


def _lean(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def describe(got: Any, want: Any) -> str:
    """By how much, and one element with both values."""
    array, want = as_array(got), np.asarray(want, dtype=np.float64)
    if got is None:
        return "is None: a return is missing"
    if array is None:
        return f"is {_short(got)}, where numbers of shape {want.shape} are needed"
    if _lean(array.shape) != _lean(want.shape):
        return f"has shape {array.shape}, where {want.shape} is needed"
    array = array.reshape(want.shape)
    if not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        return f"is {array[at]}{_index(at)}, where {want[at]:.6g} is right"
    away = np.abs(array - want)
    at = tuple(int(i) for i in np.unravel_index(np.argmax(away), want.shape))
    part = error(array, want)
    share = f"{part:.1%}" if part >= 1e-3 else f"{part:.1e}"
    values = f"{array[at]:.6g} where {want[at]:.6g} is right"
    return f"differs by {share} of its largest value{_index(at)}: {values}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else type(value).__name__


def _index(at: tuple[int, ...]) -> str:
    return f" at {list(at)}" if at else ""
