"""Compare two arrays, and hold what was found about a quantity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from trainer.book.functions import Array
from trainer.common.language import N_
from trainer.common.language import translate as _

# Errors relative to the largest value.
EXACT = 1e-9  # float64 with another order of summation
CLOSE = 1e-5  # an epsilon in a logarithm, or a numerical gradient
FLOAT32 = 1e-4  # float32

MOST_SHOWN = 1.001  # as a percentage: where a value is missing, rounding moves the error about 1

# What a finding says, where a program has to know: gradient works only after another call, samples
# are columns, parameters are lacking, a module is missing, the form of a function is not known,
# only one kind of targets gives right results, a gradient is not that of the net's own penalty, or
# a function is right for one sample alone.
TOPICS = NOT_ALONE, COLUMNS, LACKING, ABSENT, UNKNOWN_FORM, OTHER_TARGETS, OWN_PENALTY, SINGLE = (
    "not alone", "samples as columns", "lacking parameters", "missing module", "unknown form",
    "other targets", "own penalty", "one sample",
)  # fmt: skip
Verdict = Literal["ok", "differs", "raises", "missing", "note"]


@dataclass
class Finding:
    """One line of the report; cause is the id of a mistake in the catalogue, where it is known.

    line is that of the checked code, in a file of that name, where something was raised. In a
    notebook it is the line of a cell, counted from 1. credit does not change the verdict. topic
    is one of TOPICS where a program has to know what the message says, in whatever language.
    """

    quantity: str
    verdict: Verdict
    message: str = ""
    cause: str | None = None
    checked: bool = True  # False where the quantity could not be checked
    file: str | None = None
    line: int | None = None
    is_explained: bool = True  # False where values differ and nothing says how
    cell: int | str | None = None
    credit: str = ""  # why the part is right by itself, although it differs
    topic: str = ""


def report_unchecked(quantity: str, reason: str, topic: str = "") -> Finding:
    """Return the finding on a quantity that could not be checked, for a reason outside the net."""
    return Finding(quantity, "missing", reason, checked=False, topic=topic)


def accept(findings: list[Finding], wrong: list[Finding], quantity: str, message: str) -> None:
    """Make the wrong ones of some findings right, with a note on a quantity."""
    for finding in wrong:
        finding.verdict, finding.message, finding.cause = "ok", "", None
    findings.append(Finding(quantity, "note", message))


LONGEST = 300  # characters of a text of somebody's object


def show_safely(value: object, show: Callable[[object], str] = str) -> str:
    """Return the text of somebody's object, its beginning where it is long; its type's name where
    making the text raises.
    """
    try:
        text = show(value)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    except Exception:
        return f"({type(value).__name__} without a text)"


def as_array(value: Any) -> Array | None:
    """Return a float64 copy of an array, a tensor or numbers, or None for any other value."""
    if value is None:  # NumPy would convert None to nan.
        return None
    try:
        value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError, AttributeError):
        return None


def as_number(value: object) -> float | None:
    """Return the only element of a value as a float, or None if it has not exactly one."""
    array = as_array(value)
    return float(array.item()) if array is not None and array.size == 1 else None


def compute_error(got: object, expected: object, least: float = 0.0) -> float:
    """Return max |got − expected| / max |expected|; the divisor is at least least, and 1 where it
    would be 0.

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
    scale = np.abs(want).max(initial=least)
    return float(np.abs(array - want).max(initial=0.0) / (scale or 1.0))


def describe_difference(got: object, expected: ArrayLike) -> str:
    """Return how a value differs from the expected one, with the element that differs most.

    A difference of more than the largest expected value is no percentage: the values show it.
    """
    if got is None:
        return _("is None: a return is missing")
    array, want = as_array(got), np.asarray(expected, dtype=np.float64)
    if array is None:
        shown = show_safely(got, repr)
        shown = shown if len(shown) < 60 else type(got).__name__
        message = _("is {value}, expected numbers of shape {shape}")
        return message.format(value=shown, shape=want.shape)
    if array.squeeze().shape != want.squeeze().shape:
        if not want.shape:
            return _("has shape {shape}, expected a single number").format(shape=array.shape)
        message = _("has shape {shape}, expected {expected}")
        return message.format(shape=array.shape, expected=want.shape)
    return _describe_values(array.reshape(want.shape), want)


def _describe_values(array: Array, want: Array) -> str:
    """Return how numbers differ from the expected ones of the same shape."""
    away = np.nan_to_num(np.abs(array - want), nan=np.inf, posinf=np.inf)
    at = tuple(int(i) for i in np.unravel_index(np.argmax(away), want.shape))
    error = compute_error(array, want)
    words = {"place": list(at), "value": f"{array[at]:.4g}", "expected": f"{want[at]:.4g}"}
    is_percentage = error <= MOST_SHOWN and bool(want.any())
    is_shown = words["value"] != words["expected"]
    message = _(_choose_wording(bool(at), is_percentage, is_shown))
    return message.format(percent=f"{100 * error:.3g}%", **words)


def _choose_wording(has_place: bool, is_percentage: bool, is_shown: bool) -> str:
    """Return the untranslated sentence on a difference; is_shown where the digits show it."""
    if not is_percentage:
        return WORDINGS["values", has_place]
    return WORDINGS["percentage" if is_shown else "bare percentage", has_place]


WORDINGS = {  # what is reported of a difference, and whether it is that of one element of an array
    ("values", False): N_("is {value}, expected {expected}"),
    ("values", True): N_("is {value} at {place}, expected {expected}"),
    ("percentage", False): N_(
        "differs by {percent} of the expected value: {value}, expected {expected}"
    ),
    ("percentage", True): N_(
        "differs by {percent} of its largest value at {place}: {value}, expected {expected}"
    ),
    ("bare percentage", False): N_("differs by {percent} of the expected value"),
    ("bare percentage", True): N_("differs by {percent} of its largest value at {place}"),
}
