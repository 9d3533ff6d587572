"""What the judge and a worker send each other: a JSON object a line, arrays in base64.

An answer comes from a process that nobody trusts. So it is bounded, it holds numbers and texts
only, and what does not have the expected form raises ProtocolError.
"""

import base64
import json
import math
from typing import Any

import numpy as np

from trainer.checker.findings.comparing import as_array, show_safely

MOST_BYTES = 1 << 25  # of one answer
MOST_ELEMENTS = 1 << 19  # of one array
MOST_AXES = 8
MOST_INT = 1 << 53  # what a float64 holds exactly
TEXT = 2000  # characters of a message
DTYPES = ("float64", "float32", "float16", "int64", "int32", "bool")


class ProtocolError(BaseException):
    """A line that no worker would have written.

    It is no Exception, since what catches those of the code must not catch this.
    """


class Opaque:
    """A value that is no array of numbers; its repr is that of the value."""

    def __init__(self, text: str):
        self._text = text

    def __repr__(self) -> str:
        return self._text


def encode(value: Any) -> Any:
    """Return an array, a number, a dict of them, or the text of any other value, as JSON."""
    if value is None:
        return None
    if type(value) in (int, bool):
        return {"int": min(max(int(value), -MOST_INT), MOST_INT)}
    if isinstance(value, dict):
        return {"dict": {str(key): encode(each) for key, each in list(value.items())[:100]}}
    array = as_array(value)
    if array is None or array.size > MOST_ELEMENTS or array.ndim > MOST_AXES:
        return {"text": show_safely(value, repr)[:TEXT]}
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"shape": list(array.shape), "data": data, "dtype": dtype if dtype in DTYPES else ""}


def decode(data: Any) -> Any:
    """Return the value of what encode returned; raises ProtocolError for anything else."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise ProtocolError
    if isinstance(inner := data.get("dict"), dict):
        return {str(key): decode(value) for key, value in inner.items()}
    if isinstance(number := data.get("int"), int):
        return number
    if "text" in data:
        return Opaque(take_text(data, "text"))
    array = _decode_array(data.get("shape"), data.get("data"))
    dtype = data.get("dtype")
    if dtype not in DTYPES:
        return array.tolist()
    return (array if dtype == "float64" else _convert(array, dtype))[()]


def _decode_array(shape: Any, data: Any) -> Any:
    if not isinstance(shape, list) or not isinstance(data, str) or len(shape) > MOST_AXES:
        raise ProtocolError
    if not all(isinstance(n, int) and 0 <= n <= MOST_ELEMENTS for n in shape):
        raise ProtocolError
    try:
        raw = base64.b64decode(data, validate=True)
    except ValueError:
        raise ProtocolError from None
    if math.prod(shape) > MOST_ELEMENTS or len(raw) != 8 * math.prod(shape):
        raise ProtocolError
    return np.frombuffer(raw, dtype=np.float64).reshape(shape).copy()


def _convert(array: Any, dtype: str) -> Any:
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def take_text(data: Any, key: str, most: int = TEXT) -> str:
    """Return a text of an answer, cut to a length."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise ProtocolError
    return value[:most]


def take_list(data: Any, key: str, most: int = 1000) -> list[Any]:
    """Return a list of an answer, cut to a length."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, list):
        raise ProtocolError
    return value[:most]


def take_number(data: Any, key: str) -> int:
    """Return a whole number of an answer."""
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ProtocolError
    return value


def write_line(data: dict[str, Any]) -> bytes:
    """Return an object as one line."""
    return json.dumps(data).encode("ascii") + b"\n"


def read_line(line: bytes) -> dict[str, Any]:
    """Return the object on a line; raises ProtocolError where there is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError from None
    if not isinstance(found, dict):
        raise ProtocolError
    return found
