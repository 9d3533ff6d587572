"""Lines up the values of two runs of a step."""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import Trace

Events = tuple[int, ...]  # numbers of events, which together are one quantity
Values = list[Array | None]


def stack(arrays: list[Array]) -> Array:
    """Return the arrays as one, or the only one as it is."""
    return arrays[0] if len(arrays) == 1 else np.stack(arrays)


def read_events(values: Values, events: Events) -> Array | None:
    """Return the value of a quantity, None where an event is absent."""
    found = [values[i] for i in events]
    return None if any(each is None for each in found) else stack(found)  # type: ignore[arg-type]


def align(base: Trace, other: Trace) -> Values:
    """Return the value of another run for each event of the base, None where it has none."""
    keys = [event[:2] for event in base.events]
    if keys == [event[:2] for event in other.events]:
        return [match(a[2], b[2]) for a, b in zip(base.events, other.events, strict=True)]
    found = dict(zip(_count_keys(other), (event[2] for event in other.events), strict=True))
    pairs = zip(_count_keys(base), base.events, strict=True)
    return [match(event[2], found.get(key)) for key, event in pairs]


def match(mine: Array, other: Array | None) -> Array | None:
    """Return the other value, None where it is absent or has another shape."""
    return other if other is not None and other.shape == mine.shape else None


def _count_keys(trace: Trace) -> list[tuple[int, str, int]]:
    """Return the site, the path and the occurrence of each event."""
    seen: dict[tuple[int, str], int] = {}
    keys = []
    for site, path, _ in trace.events:
        seen[site, path] = number = seen.get((site, path), 0) + 1
        keys.append((site, path, number))
    return keys
