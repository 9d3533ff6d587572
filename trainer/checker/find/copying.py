"""Copies namespaces: what holds the same objects, or shows parts of one array, does so again."""

import copy
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice, tee
from types import GeneratorType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from trainer.checker.find.closures import copy_closure, is_closure
from trainer.checker.find.leaves import (
    FIXED,
    Leaf,
    Namespace,
    is_holder,
    is_numeric_array,
    list_parts,
    put,
)
from trainer.checker.find.tensors import copy_of_torch, is_loader_iterator, is_of_torch

PLAIN = (list, dict, tuple)  # and no class that extends them
ATOMS = {bool, int, float, str, type(None)}  # what is copied with the list that holds it
UNCHANGED = (*FIXED, str, int, float)
DRAWN = 2  # values of a generator that are drawn before a step asks for them
_again: WeakKeyDictionary[Any, "_Again"] = WeakKeyDictionary()  # what takes a generator's place


class _Again:
    """Gives copies of what a generator gives from now on, to each copy of itself from here.

    next is what it gives next, the parts of a tuple as a list, so that a step can be given other
    data; [] where nothing was drawn.
    """

    def __init__(self, given: Any):
        self._given = given  # by tee, which can be copied as no generator can
        self.next: Any = []
        self._kind: type = list

    def __iter__(self) -> "_Again":
        return self

    def __next__(self) -> Any:
        if not len(self.next):
            return copy.deepcopy(next(self._given))
        given, self.next = self.next, []
        return given if self._kind is list else self._kind(given)

    def __copy__(self) -> "_Again":
        made = _Again(copy.copy(self._given))
        made.next, made._kind = copy.deepcopy(self.next), self._kind
        return made

    def draw(self) -> None:
        """Draw what it gives next, where that is an array or has parts."""
        given = next(copy.copy(self._given), None)
        if isinstance(given, tuple | list | np.ndarray) and len(given):
            given = next(self._given)
            is_tuple = isinstance(given, tuple)
            self.next, self._kind = (list(given), tuple) if is_tuple else (given, list)


def list_views(leaves: dict[str, Leaf], paths: Iterable[str]) -> list[Any]:
    """Return the arrays of leaves that have numbers in common with another leaf, one at a path."""
    arrays = [leaf.value for leaf in leaves.values() if is_numeric_array(leaf.value)]
    counts = Counter(id(_find_whole(each)) for each in arrays)
    chosen = {id(_find_whole(leaves[p].value)) for p in paths
              if p in leaves and is_numeric_array(leaves[p].value)}  # fmt: skip
    shared = {whole for whole in chosen if counts[whole] > 1}
    return [each for each in arrays if id(_find_whole(each)) in shared]


def copy_together(
    shared: Namespace,
    names: Namespace | None,
    kept: Iterable[Any] = (),
    views: Iterable[Any] = (),
) -> tuple[Namespace, Namespace | None]:
    """Return copies of the names of a module and of a function, which may hold the same objects.

    What is kept or cannot be copied is shared. views are arrays that show parts of others, as their
    copies do too.
    """
    memo: dict[int, Any] = {id(each): each for each in kept}
    for each in views:
        _copy_view(each, memo)
    own = None if names is None else _copy_names(names, memo)
    return _copy_names(shared, memo), own


def _copy_names(names: Namespace, memo: dict[int, Any]) -> Namespace:
    return {k: v if k.startswith("__") else _copy(v, memo) for k, v in names.items()}


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of a value that shares no array with it, the same one for a value met again.
    Modules, functions and what cannot be copied are returned themselves.
    """
    kind = type(value)
    if kind in PLAIN or (isinstance(value, np.ndarray) and _is_plain(value)):
        return memo[id(value)] if id(value) in memo else _copy_plain(value, kind, memo)
    if is_closure(value):
        return memo[id(value)] if id(value) in memo else copy_closure(value, memo, _copy)
    if isinstance(value, UNCHANGED) or _is_of_library(value):
        return value
    if isinstance(value, GeneratorType | _Again) or is_loader_iterator(value):
        return _copy_generator(value)
    if is_of_torch(value):
        return copy_of_torch(value, memo)
    if isinstance(value, list | dict | tuple) or is_holder(value):
        return _copy_holder(value, memo)
    with suppress(Exception):
        return copy.deepcopy(value, memo)
    return value


def _is_plain(array: np.ndarray[Any, Any]) -> bool:
    """Return whether an array holds numbers alone, also one of a class of its own."""
    return not array.dtype.hasobject and not getattr(array, "__dict__", None)


def _copy_plain(value: Any, kind: type, memo: dict[int, Any]) -> Any:
    """Copy an array or what holds most of somebody's data, which the general way copies slowly."""
    made: Any
    if isinstance(value, np.ndarray):
        made = memo[id(value)] = value.copy(order="K")
    elif kind is tuple:  # which may not hold itself
        made = memo[id(value)] = tuple([_copy(each, memo) for each in value])
    elif kind is list and ATOMS.issuperset(map(type, value)):
        made = memo[id(value)] = value[:]
    elif kind is list:
        made = memo[id(value)] = []
        made += [_copy(each, memo) for each in value]
    else:
        made = memo[id(value)] = {}
        made.update({key: _copy(each, memo) for key, each in value.items()})
    return made


def _copy_generator(value: Any) -> Any:
    """Return what gives to each copy what a generator gives from now on."""
    if isinstance(value, _Again):
        return copy.copy(value)
    if value not in _again:
        _again[value] = _Again(tee(value, 1)[0])
        with suppress(Exception):
            list(islice(copy.copy(_again[value]), DRAWN))
            _again[value].draw()
    return copy.copy(_again[value])


def _is_of_library(value: object) -> bool:
    """Return whether a value is a method such as random.seed, whose object no step holds."""
    return isinstance(value, MethodType) and not is_holder(value.__self__)


def _find_whole(value: Any) -> Any:
    """Return the array whose numbers an array shows, itself for most."""
    while is_numeric_array(value.base):
        value = value.base
    return value


def _copy_view(value: Any, memo: dict[int, Any]) -> None:
    """Copy the array whose numbers a value shows, and show the same part of the copy."""
    whole = _find_whole(value)
    made = memo.setdefault(id(whole), whole.copy(order="K"))
    if whole is value:
        return
    first, own = (each.__array_interface__["data"][0] for each in (whole, value))
    part = np.ndarray(value.shape, value.dtype, made, own - first, value.strides)
    memo[id(value)] = part.view(type(value))


def _copy_holder(value: Any, memo: dict[int, Any]) -> Any:
    """Copy what a holder holds one by one, since one part may not be copied."""
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, tuple):
        with suppress(Exception):
            parts = [_copy(each, memo) for each in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value
    try:
        made = copy.copy(value)
    except Exception:
        return value
    memo[id(value)] = made
    for key, part in list_parts(value):
        with suppress(Exception):
            put(made, key, _copy(part, memo))
    return made
