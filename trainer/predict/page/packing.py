"""Pack arrays and JSON into one base64 text, which template.html unpacks.

The bytes are a length (4 bytes, little-endian), that many bytes of JSON, then the arrays. They are
compressed by zlib, which browsers read. Base64 has no character that could be taken for markup,
whatever the names of the run and of its classes are.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np

from trainer.book.functions import Array


def pack(facts: dict[str, Any], arrays: dict[str, Array]) -> str:
    """Return facts (values for JSON) and arrays (uint8, int16, int32 or float32) as base64."""
    parts, layout, start = [], {}, 0
    for name, array in arrays.items():
        layout[name] = {"start": start, "dtype": array.dtype.name, "shape": array.shape}
        parts.append(_group_bytes(array))
        start += array.nbytes
    header = json.dumps(facts | {"arrays": layout}, separators=(",", ":")).encode()
    content = len(header).to_bytes(4, "little") + header + b"".join(parts)
    return base64.b64encode(zlib.compress(content, 9)).decode()


def _group_bytes(array: Array) -> bytes:
    """Return the lowest bytes of all elements, then the next ones: the highest compress well."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(array.size, array.itemsize).T.tobytes()


def choose_step(series: list[Array], finest: float, dtype: str) -> float:
    """Return finest, or its smallest power-of-two multiple by which the steps fit the dtype."""
    largest = max((float(np.abs(array).max()) for array in series), default=0.0)
    step = finest
    while largest / step >= np.iinfo(dtype).max:
        step *= 2
    return step


def round_to_steps(array: Array, step: float) -> Array:
    """Return the elements rounded to whole multiples of step, as the page has them, in float64."""
    return np.rint(array.astype(np.float64) / step) * step


def encode_changes(series: list[Array], step: float) -> list[Array]:
    """Return each array as int16 steps of change from the one before it, the first from 0.

    The changes wrap around at 16 bits, as the sums of them do.
    """
    steps = [np.rint(array / step).astype(np.int64) for array in series]
    before = [np.zeros_like(steps[0]), *steps[:-1]] if steps else []
    return [(now - then).astype(np.int16) for now, then in zip(steps, before, strict=True)]
