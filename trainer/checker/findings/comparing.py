"""Compare two arrays, and hold what was found about a quantity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from trainer.book.functions import Array

# Errors relative to the largest value.
EXACT = 1e-9  # float64 with another order of summation
CLOSE = 1e-5  # an epsilon in a logarithm, or a numerical gradient
FLOAT32 = 1e-4  # float32

Verdict = Literal["ok", "differs", "raises", "missing", "note"]


@dataclass
class Finding:
    """One line of the report; cause is the id of a mistake in the catalogue, where it is known.

    line is that of the checked code, in a file of that name, where something was raised. In a
    notebook it is the line of a cell, counted from 1. credit does not change the verdict.
    """

    quantity: str
    verdict: Verdict
    message: str = ""
    cause: str | None = None
    checked: bool = True  # False where the quantity could not be checked
    file: str | None = None
    line: int | None = None
    is_explained: bool = True  # False where values differ and nothing says how
    cell: int | None = None
    credit: str = ""  # why the part is right by itself, although it differs


def report_unchecked(quantity: str, reason: str) -> Finding:
    """Return the finding on a quantity that could not be checked, for a reason outside the net."""
    return Finding(quantity, "missing", reason, checked=False)


def show_safely(value: object, show: Callable[[object], str] = str) -> str:
    """Return the text of somebody's object; its type's name where making the text raises."""
    try:
        return show(value)
    except Exception:
        return f"({type(value).__name__} without a text)"


def as_array(value: Any) -> Array | None:
    """Return a float64 copy of an array, a tensor or numbers, or None for any other value."""
    if value is None:  # NumPy would convert None to nan.
        return None
    try:
        value = value.detach().cpu() if hasattr(value, "detach") else value
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        return None


def as_number(value: object) -> float | None:
    """Return the only element of a value as a float, or None if it has not exactly one."""
    array = as_array(value)
    return float(array.item()) if array is not None and array.size == 1 else None


def compute_error(got: object, expected: object) -> float:
    """Return max |got − expected| / max |expected|; the divisor is 1 where expected is all 0.

    Axes of length 1 are ignored. The error is inf where the shapes differ, or got is not finite
    or not numbers.
    """
    array, want = as_array(got), as_array(expected)
    if array is None or want is None:
        return np.inf
    if not (np.isfinite(array).all() and np.isfinite(want).all()):
        return np.inf
    array, want = array.squeeze(), want.squeeze()
    if array.shape != want.shape:
        return np.inf
    scale = np.abs(want).max(initial=0.0)
    return float(np.abs(array - want).max(initial=0.0) / (scale or 1.0))


def describe_difference(got: object, expected: ArrayLike) -> str:
    """Return how a value differs from the expected one, with the element that differs most.

    A difference of more than the largest expected value is no percentage: the values show it.
    """
    if got is None:
        return "is None: a return is missing"
    array, want = as_array(got), np.asarray(expected, dtype=np.float64)
    if array is None:
        shown = show_safely(got, repr)
        shown = shown if len(shown) < 60 else type(got).__name__
        return f"is {shown}, expected numbers of shape {want.shape}"
    if array.squeeze().shape != want.squeeze().shape:
        return f"has shape {array.shape}, expected {want.shape or 'a single number'}"
    array, error = array.reshape(want.shape), compute_error(got, want)
    away = np.nan_to_num(np.abs(array - want), nan=np.inf, posinf=np.inf)
    at = tuple(int(i) for i in np.unravel_index(np.argmax(away), want.shape))
    place = f" at {list(at)}" if at else ""
    value, wanted = f"{array[at]:.4g}", f"{want[at]:.4g}"
    if error > 1 or not want.any():
        return f"is {value}{place}, expected {wanted}"
    whole = "its largest value" if at else "the expected value"
    values = f": {value}, expected {wanted}" if value != wanted else ""
    return f"differs by {100 * error:.3g}% of {whole}{place}{values}"
