"""Lists the attributes of an object, also those in slots, and those that its methods set."""

import dis
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

KEEPS = "keeps_results"  # the attribute of a method in another process


def has_attributes(value: object) -> bool:
    """Return whether an object keeps attributes."""
    return hasattr(value, "__dict__") or bool(_find_slots(value))


def read_attributes(value: object) -> dict[str, Any]:
    """Return the attributes of an object by name, {} where it keeps none."""
    own: dict[str, Any] = getattr(value, "__dict__", {})
    slots = {n: getattr(value, n) for n in _find_slots(value) if hasattr(value, n)}
    return slots | own if slots else own


def _find_slots(value: object) -> list[str]:
    kind: Any = type(value)
    return _list_slots(kind)


@cache
def _list_slots(kind: type) -> list[str]:
    """Return the slots of a class and those above it, without private ones."""
    found = (vars(each).get("__slots__", ()) for each in reversed(kind.__mro__))
    names = [name for each in found for name in ([each] if isinstance(each, str) else each)]
    return [name for name in names if not name.startswith("__")]


def list_stored(methods: Iterable[Callable[..., Any]]) -> set[str]:
    """Return the attributes that some methods set, of whatever objects."""
    lines = (line for method in methods for line in dis.get_instructions(method))
    return {line.argval for line in lines if line.opname == "STORE_ATTR"}


def keeps_results(method: Callable[..., Any]) -> bool:
    """Return whether a method sets an attribute, or an item of an array, list or dictionary.

    A method in another process knows it itself.
    """
    if hasattr(method, KEEPS):
        return bool(getattr(method, KEEPS))
    if not hasattr(method, "__code__"):
        return False
    names = {line.opname for line in dis.get_instructions(method)}
    return not names.isdisjoint(("STORE_ATTR", "STORE_SUBSCR"))
