"""What a step did: the values that were seen, and all arrays before and after it."""

import hashlib
import math
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import numpy as np

from trainer.checker.find.leaves import (
    is_list_like,
    is_numeric_array,
    is_real,
    is_table,
    list_inside,
)
from trainer.checker.find.tensors import extends_torch, is_numeric_tensor, replace_tensor, to_array
from trainer.checker.find.tracing import Site

# How much a trace tells; a tuple of numbers: the values of these events, and nothing else.
Form = Literal["full", "changes", "digests"] | tuple[int, ...]
LIST = "(list)"  # ends the path of a list of numbers
PART = "(part of it)" + LIST  # of one of which a part was set
OPERAND = "(operand)"  # the path of what is subtracted, or from which something is
NAMED = "(named operand)"  # that of one which has a name
ELEMENT = "(element)"  # that of a whole number in a list or an array, as a label is
KINDS = {"f": "f8", "i": "i8", "u": "i8", "b": "b1"}  # as which arrays are compared and sent
RESULT, SUBTRACTED, JOINED, DERIVED = GAVE = "result", "subtracted", "joined", "derived"
STRAIGHT = "(script)"  # the name of the one step that a script takes without a loop
NAMES = "(names)"  # the path of whether names that are subtracted are seen
TWICE = "(twice)"  # that of whether a step is taken again where it ended
EVENT = "@"  # before the number of an event, in place of the path of a leaf
HOLDING = (float, int, np.generic, np.ndarray, dict, list, tuple)  # numbers, and what has some
MOST_EVENTS = 10_000
ROUNDING = 1e-14  # relative
MOST_ELEMENTS = 20_000  # of an array that is kept


class TooLongError(BaseException):
    """Raised where a step has more rounds or values than one step of a small net has."""


@dataclass
class Trace:
    """What a step did: the values that were seen, and all arrays before and after.

    An event is a site, the path inside its value, and the value as an array. A site of −1 is what
    the step left in the namespace. error says what stopped the step, "" for nothing. gave is RESULT
    where a call returned anything, SUBTRACTED where that were gradients, which were subtracted,
    JOINED where methods gave them one after the other, and DERIVED where none did, and the step is
    one of ours; "" for nothing. dropped are the names that stood for an array which something else
    holds, and which stays as it was, and that stand for another array after the step.
    """

    events: list[tuple[int, str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    gave: str = ""
    dropped: list[str] = field(default_factory=list)

    @property
    def gives_gradients(self) -> bool:
        """Whether calls gave gradients, which a step of ours subtracted."""
        return self.gave in (SUBTRACTED, JOINED)

    def list_changed(self) -> list[str]:
        """Return the paths of the numbers that the step changed."""
        return [
            path
            for path, old in self.before.items()
            if (new := self.after.get(path)) is not None
            and "f" in (old.dtype.kind, new.dtype.kind)
            and old.shape == new.shape
            and _differ(old, new)
        ]

    def list_sites(self) -> set[int]:
        """Return the places of the source whose values the step computes."""
        return {site for site, *_value in self.events if site >= 0}

    def outline(self) -> Hashable:
        """Return what a step computes without its values: shapes and kinds, and what changes."""
        events = tuple((site, path, np.shape(v), v.dtype.kind) for site, path, v in self.events)
        leaves = tuple((path, np.shape(v), v.dtype.kind) for path, v in self.before.items())
        return events, leaves, tuple(self.list_changed()), self.error


def _differ(old: Any, new: Any) -> bool:
    """Return whether numbers change by more than rounding, as a sum of what is 0 in all leaves."""
    if np.array_equal(old, new, equal_nan=True):
        return False
    with np.errstate(all="ignore"):
        return not np.abs(new - 1.0 * old).max() <= ROUNDING * np.abs(old).max()


def keep(
    trace: Trace, number: int, value: Any, changes: dict[int, Any], site: Site,
    kept: set[int] | None,
) -> Any:  # fmt: skip
    """Add the arrays and numbers of a value to the events; return it, or what replaces it.

    kept are the events whose values are asked for, None for all.
    """
    if len(trace.events) >= MOST_EVENTS:
        raise TooLongError("too many values")
    may_be_label = (site.is_part or site.is_argument) and isinstance(value, int | np.integer)
    is_number = is_real(value) or may_be_label
    is_array = not is_number and (is_numeric_array(value) or is_numeric_tensor(value))
    if is_number or (is_array and math.prod(value.shape) <= MOST_ELEMENTS):
        value = _replace(value, changes.get(len(trace.events)), site.is_update)
        is_element = may_be_label and site.is_part
        path = NAMED if site.is_name else OPERAND if site.is_operand else ELEMENT * is_element
        _add(trace, number, path, value, kept)
    elif is_list_like(value) and not site.is_argument:
        if site.is_update and not is_table(value):  # whose new part was seen before
            return value
        numbers = [(i, each) for i, each in enumerate(value) if is_real(each)]
        for i, each in numbers if isinstance(value, tuple) else ():
            _add(trace, number, f"[{i}]", each, kept)
        for leaf in list_inside(value):
            if leaf.size <= MOST_ELEMENTS:
                of_list = PART if site.is_update else LIST
                mark = of_list if isinstance(leaf.value, list) else ""
                other = changes.get(len(trace.events))
                is_set = mark or (isinstance(value, tuple) and is_numeric_array(leaf.value))
                if is_set and other is not None and np.shape(other) == np.shape(leaf.value):
                    leaf.set(other)
                _add(trace, number, leaf.path + mark, leaf.value, kept)
    return value


@cache
def has_numbers(kind: Any) -> bool:
    """Return whether values of a class may be, or hold, what is added to the events."""
    return issubclass(kind, HOLDING) or extends_torch(kind)


def _add(trace: Trace, number: int, path: str, value: Any, kept: set[int] | None) -> None:
    """Add an event, with a copy of its value where that is asked for."""
    is_kept = kept is None or len(trace.events) in kept
    trace.events.append((number, path, to_array(value) if is_kept else None))


def _replace(value: Any, other: Any, is_update: bool) -> Any:
    """Return what takes the place of a value; one that was updated is changed itself."""
    if other is None:
        return value
    if is_numeric_tensor(value):
        return replace_tensor(value, other)
    if is_update and np.shape(value) == np.shape(other) and isinstance(value, np.ndarray):
        value[...] = other
        return value
    if np.shape(other) != np.shape(value):  # as where an axis of a sum is missing
        return value if is_update or np.ndim(other) < np.ndim(value) else np.array(other)
    return np.array(other) if isinstance(value, np.ndarray) else np.asarray(other).item()


def digest_events(trace: Trace) -> Trace:
    """Return a trace with a number for each array, the same for the same shapes and bytes."""
    events = [(site, path, digest(value)) for site, path, value in trace.events]
    return replace(trace, events=events, before={}, after={})


def digest(array: Any) -> Any:
    """Return a number that arrays of the same shape, kind and values have in common."""
    array = np.asarray(array)
    if not array.ndim and array.dtype.kind == "f":
        return np.float64(array).view(np.int64)
    kind = KINDS[array.dtype.kind]
    numbers = array if array.dtype == kind else array.astype(kind)
    shown = f"{array.shape}{kind}".encode() + numbers.tobytes()
    return np.int64(int.from_bytes(hashlib.blake2b(shown, digest_size=7).digest(), "big"))
