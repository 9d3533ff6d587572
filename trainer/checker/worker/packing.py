"""Packs what a step did into one text, since a step has hundreds of small arrays."""

import base64
import math
from typing import Any

import numpy as np

from trainer.checker.find.trace import GAVE, KINDS, Trace
from trainer.checker.worker.protocol import MOST_AXES, MOST_BYTES, MOST_ELEMENTS, ProtocolError

MOST = 20_000  # arrays of a step
WIDTH = 8  # bytes of a number, whatever its kind was


def pack(trace: Trace) -> dict[str, Any]:
    """Return a trace as JSON: places and shapes, and the bytes of all arrays in their order."""
    is_digest = not trace.after and any(site < 0 for site, *_rest in trace.events)
    events = [event for event in trace.events if event[0] >= 0 or is_digest]
    places = [[site, path, *_describe(value)] for site, path, value in events]
    before = [[path, *_describe(value)] for path, value in trace.before.items()]
    after = [[path, *_describe(value)] for path, value in trace.after.items()]
    arrays = [value for *_place, value in events]
    arrays += [*trace.before.values(), *trace.after.values()]
    if not _can_send(arrays):
        return pack(Trace(error="too large"))
    data = b"".join(np.ascontiguousarray(a, dtype=KINDS[a.dtype.kind]).tobytes() for a in arrays)
    return {
        "events": places, "before": before, "after": after, "failed": trace.error[:200],
        "gave": trace.gave, "dropped": trace.dropped,
        "data": base64.b64encode(data).decode("ascii"),
    }  # fmt: skip


def _can_send(arrays: list[Any]) -> bool:
    """Return whether unpack takes arrays, by how many and how large they are."""
    if len(arrays) > MOST or WIDTH * sum(array.size for array in arrays) > MOST_BYTES // 2:
        return False
    return all(array.size <= MOST_ELEMENTS and array.ndim <= MOST_AXES for array in arrays)


def _describe(value: Any) -> list[Any]:
    return [value.dtype.kind, list(value.shape)]


def unpack(answer: dict[str, Any]) -> Trace:
    """Return the trace that pack made an answer of; raises ProtocolError for anything else."""
    try:
        data = base64.b64decode(answer["data"], validate=True)
        lists = [answer[key] for key in ("events", "before", "after")]
        if sum(map(len, lists)) > MOST:
            raise ProtocolError
        reader = _Reader(data)
        events = [(int(site), str(path), reader.read(*rest)) for site, path, *rest in lists[0]]
        before, after = ({str(path): reader.read(*rest) for path, *rest in part}
                         for part in lists[1:])  # fmt: skip
        failed, gave = str(answer["failed"]), str(answer["gave"])
        dropped = [str(name) for name in answer["dropped"][:MOST]]
        trace = Trace(events, before, after, failed, gave if gave in GAVE else "", dropped)
    except (KeyError, TypeError, ValueError):
        raise ProtocolError from None
    watched = trace.list_changed() if before else after
    trace.events += [(-1, path, after[path]) for path in watched]
    return trace


class _Reader:
    """Takes arrays from bytes, one after the other."""

    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def read(self, kind: str, shape: list[int]) -> Any:
        """Return the next array."""
        if len(shape) > MOST_AXES or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ProtocolError
        dtype, count = np.dtype(KINDS[kind]), math.prod(shape)
        if count > MOST_ELEMENTS:
            raise ProtocolError
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at += count * dtype.itemsize
        return found.reshape(shape).copy()
