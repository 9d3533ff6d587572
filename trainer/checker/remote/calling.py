"""Calls functions of a worker, and makes exceptions of what it tells about its own."""

import builtins
import inspect
from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import Raised, RemoteError
from trainer.checker.remote.connection import Connection
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import FAILED, WROTE
from trainer.checker.worker.protocol import ProtocolError, decode, encode, take_list, take_text

KINDS = ("absent", "signature", "value", "own")
CAUSES = (None, "unfinished", "misspelt-name")
DEFAULTS: dict[str, Any] = {
    "empty": inspect.Parameter.empty, "none": None, "lists": [[]], "other": 0,
}  # fmt: skip


def make_error(data: dict[str, Any]) -> RemoteError:
    """Return an exception of a worker, of a class that has the same base in builtins."""
    base: Any = getattr(builtins, take_text(data, "base"), Exception)
    is_known = isinstance(base, type) and issubclass(base, Exception) and base is not Exception
    is_known = is_known and not issubclass(base, ExceptionGroup)  # it needs its members
    base = base if is_known else Exception
    bases = (base, RemoteError) if is_known else (RemoteError,)
    kind, cause, line = (data.get(key) for key in ("kind", "cause", "line"))
    if kind not in KINDS or cause not in CAUSES or not isinstance(line, int | None):
        raise ProtocolError
    file = take_text(data, "file") if data.get("file") is not None else None
    message = take_text(data, "message")
    made: Any = type(take_text(data, "type"), bases, {"__str__": lambda _self: message})
    error: RemoteError = base.__new__(made)  # MemoryError has a __new__ of its own
    error.raised = Raised(kind, take_text(data, "text"), take_text(data, "at"), cause, file, line)
    return error


class RemoteFunction:
    """A function of a worker, with its name and its arguments; calling it asks the worker."""

    def __init__(
        self, connection: Connection, question: dict[str, Any], about: dict[str, Any] | None = None
    ):
        self._connection, self._question = connection, question
        if about is not None:
            self.__name__ = take_text(about, "name")
            self.__signature__ = read_signature(about)
            self.keeps_results = about.get("keeps") is True
            self.__code__ = SimpleNamespace(co_names=tuple(map(str, take_list(about, "uses"))))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return what the function returns; write to the arrays what it wrote to them."""
        question = self._question | {
            "args": [_encode_argument(each, len(arguments)) for each in arguments],
            "named": {key: encode(value) for key, value in named.items()},
        }
        return ask_for_value(self._connection, question, *arguments)[0]


class RemotePart:
    """A function or layer of a worker; calling it asks for its results on given inputs."""

    def __init__(self, connection: Connection, name: str, number: int):
        self._connection, self._name, self._number = connection, name, number

    def __call__(self, d: Draw) -> dict[str, Any]:
        """Return its results by name on these inputs; raise what it raises."""
        draw = {field.name: encode(getattr(d, field.name)) for field in fields(d)}
        question = {"do": "part", "name": self._name, "part": self._number, "draw": draw}
        results, answer = ask_for_value(self._connection, question)
        if not isinstance(results, dict):
            raise ProtocolError
        results |= {WROTE: take_text(answer, "changed")}
        failed = answer.get("failed")
        return results | {FAILED: make_error(failed)} if failed is not None else results


def _encode_argument(argument: Any, count: int) -> Any:
    """Return an argument as data; a function is evaluated here, at the last argument."""
    return {"callback": count - 1} if callable(argument) else encode(argument)


def ask_for_value(
    connection: Connection, question: dict[str, Any], *arguments: Any
) -> tuple[Any, dict[str, Any]]:
    """Return the value of an answer, and the answer; raise the exception that it holds.

    What the worker wrote into arrays is written into the arguments. A function among them, the
    first, is called here whenever the worker calls it, at the last argument.
    """
    evaluate = None
    if arguments and callable(arguments[0]):
        evaluate = _make_evaluator(arguments[0], arguments[-1])
    answer = connection.ask(question, evaluate)
    for i, array in enumerate(arguments):
        if isinstance(array, np.ndarray):
            _write_back(array, answer.get("wrote"), str(i))
    if "error" in answer:
        raise make_error(answer["error"])
    return decode(answer.get("value")), answer


def _make_evaluator(function: Callable[[Any], Any], point: Array) -> Callable[[Any], Any]:
    def evaluate(data: Any) -> Any:
        value = decode(data)
        if np.shape(value) != point.shape or isinstance(value, list):
            raise ProtocolError
        point[...] = value
        return encode(function(value))

    return evaluate


def _write_back(array: Array, wrote: Any, name: str) -> None:
    """Set the array to what the worker left in its copy, where that was changed."""
    if not isinstance(wrote, dict) or wrote.get(name) is None:
        return
    value = decode(wrote[name])
    if np.shape(value) == array.shape and isinstance(value, np.ndarray | np.generic | list):
        array[...] = value


def read_signature(about: dict[str, Any]) -> inspect.Signature:
    """Return the signature that a worker describes."""
    try:
        parameters = [
            inspect.Parameter(str(name), inspect._ParameterKind(kind), default=DEFAULTS[default])
            for name, kind, default in take_list(about, "arguments")
        ]
        return inspect.Signature(parameters)
    except (ValueError, TypeError, KeyError):
        raise ProtocolError from None
