"""Recognises a step that leaves infinite numbers, or none, whatever weights and data are."""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import Trace
from trainer.checker.judge.influence import Run
from trainer.checker.judge.moving import leave

SMALL = 1e-3  # by which numbers are multiplied, so that none is too large
AWAY = 0.5  # relative to the largest


def list_infinite(run: Run, base: Trace) -> tuple[list[str], int] | None:
    """Return the arrays that a step leaves infinite, with small numbers in the place of its own
    too, and the first event that is so; None for none.
    """
    found = _list_spoilt(base)
    first = _find_first(base)
    if not found or first is None:
        return None
    floats = {path: value for path, value in base.before.items() if value.dtype.kind == "f"}
    small = {path: SMALL * leave(value, AWAY) for path, value in floats.items() if value.ndim}
    other = run(small, "full")
    again = _find_first(other)
    is_same = again is not None and other.events[again][0] == base.events[first][0]
    return (found, first) if is_same and set(found) & {*_list_spoilt(other)} else None


def _list_spoilt(trace: Trace) -> list[str]:
    """Return the arrays that are finite before the step, and after it not numbers, or infinite as a
    whole: those of a mask are so in part.
    """
    pairs = ((path, old, trace.after.get(path)) for path, old in trace.before.items())
    return [path for path, old, new in pairs if new is not None and old.ndim
            and _is_finite(old) and not _is_finite(new)
            and (np.isnan(new).any() or not np.isfinite(new).any())]  # fmt: skip


def _find_first(trace: Trace) -> int | None:
    events = enumerate(trace.events)
    return next((i for i, (site, _, v) in events if site >= 0 and not _is_finite(v)), None)


def _is_finite(values: Array) -> bool:
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())
