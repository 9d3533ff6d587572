"""Finds the arrays and numbers that a namespace holds, reads them, and sets them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from trainer.checker.adapt.weights import is_tensor, list_shared
from trainer.checker.find.closures import is_closure, list_cells
from trainer.checker.find.columns import Column, list_columns
from trainer.checker.find.tensors import (
    GRAD,
    has_gradient,
    is_module,
    is_numeric_tensor,
    is_of_torch,
    list_module_parts,
    make_tensor,
    read_gradient,
    to_array,
    write_gradient,
    write_tensor,
)
from trainer.checker.load.attributes import has_attributes, read_attributes
from trainer.checker.load.standins import StandIn

DEPTH, INSIDE = 9, 4  # attributes, keys and indices of a namespace, and of one value
MOST, EACH = 400, 250  # leaves of a namespace, and of one name: data are no reason to miss weights
FIXED = (ModuleType, FunctionType, BuiltinFunctionType, type, StandIn)  # what no step changes
Namespace = dict[str, Any]


@dataclass(frozen=True)
class Leaf:
    """An array, a number or a list of numbers of a namespace, and what holds it under which key.

    keys lead to it from the namespace.
    """

    path: str
    keys: tuple[Any, ...]
    holder: Any
    value: Any

    @property
    def key(self) -> Any:
        """The key, the index or the attribute under which the holder has it."""
        return self.keys[-1]

    def as_array(self) -> Any:
        """Return a copy as a NumPy array."""
        return to_array(self.value)

    @property
    def size(self) -> int:
        """How many numbers it is."""
        value = self.value
        return value.size if isinstance(value, np.ndarray) else math.prod(np.shape(value))

    def set(self, values: Any) -> None:
        """Write values of the leaf's shape: in place if others may hold the array.

        Values of another shape or type take the array's place themselves.
        """
        values = np.asarray(values)
        if isinstance(self.key, Column):
            put(self.holder, self.key, values)
        elif self.key == GRAD and is_tensor(self.holder):
            write_gradient(self.holder, values)
        elif is_tensor(self.value) and values.shape == tuple(self.value.shape):
            write_tensor(self.value, values)
        elif is_tensor(self.value):
            put(self.holder, self.key, make_tensor(self.value, values))
        elif isinstance(self.value, np.ndarray):
            takes = self.value.dtype in (values.dtype, object)
            if takes and self.value.shape == values.shape:
                self.value[...] = values
            else:
                put(self.holder, self.key, values)
        elif isinstance(self.value, list) and values.shape == np.shape(self.value):
            _fill(self.value, values)
        elif isinstance(self.value, list):
            put(self.holder, self.key, values.tolist())
        else:
            is_whole = values.dtype.kind in "iub"
            put(self.holder, self.key, int(values) if is_whole else float(values))


def put(holder: Any, key: Any, value: Any) -> None:
    """Give a holder a value under a key."""
    if isinstance(key, Column):
        key.write(holder, value)
    elif isinstance(holder, dict | list | np.ndarray):
        holder[key] = value
    elif is_closure(holder):
        list_cells(holder)[key].cell_contents = value
    elif not isinstance(holder, tuple):  # a cache keeps what it has
        setattr(holder, key, value)


def _fill(values: list[Any], array: Any) -> None:
    """Write numbers into a list; a whole one stays so, since it may be an index."""
    for i, each in enumerate(array):
        if isinstance(values[i], list):
            _fill(values[i], each)
        else:
            is_whole = isinstance(values[i], int) and float(each).is_integer()
            values[i] = int(each) if is_whole else float(each)


def list_leaves(names: Namespace) -> dict[str, Leaf]:
    """Return the leaves of a namespace by their paths, each array once, the newest names first.

    Where there are too many, the names with fewest leaves have theirs.
    """
    seen: set[int] = set()
    shown = [pair for pair in reversed(names.items()) if not pair[0].startswith("__")]
    # A batch before the data that it is of, and a list of samples before what a loop takes of it.
    shown.sort(key=lambda pair: not _has_samples(pair[1]))
    groups = [list(islice(_walk(name, (name,), names, v, seen), EACH)) for name, v in shown]
    left, kept = MOST, {}
    for number in sorted(range(len(groups)), key=lambda i: len(groups[i])):
        kept[number] = groups[number][:left]
        left -= len(kept[number])
    found: dict[str, Leaf] = {}
    for leaf in (leaf for number in range(len(groups)) for leaf in kept[number]):
        found.setdefault(leaf.path, leaf)
    return found


def _has_samples(value: Any) -> bool:
    """Return whether a value is a list of pairs of inputs and targets."""
    if not isinstance(value, list) or is_table(value):
        return False
    pairs = [each for each in value if isinstance(each, list | tuple) and len(each) == 2]
    return len(pairs) == len(value) > 1


def list_inside(value: Any) -> list[Leaf]:
    """Return the leaves that a value holds, as list_leaves does those of a name, without those of
    objects, which were seen when these were made.
    """
    found: dict[str, Leaf] = {}
    for leaf in islice(_walk("", ("",), {"": value}, value, set(), INSIDE), EACH):
        found.setdefault(leaf.path, leaf)
    return list(found.values())


def list_places(names: Namespace) -> dict[int, list[tuple[Any, ...]]]:
    """Return by the id of each value the keys that lead to it from a namespace."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    seen: set[int] = set()
    waiting: list[tuple[tuple[Any, ...], Any]] = [((k,), v) for k, v in names.items()]
    while waiting:
        keys, value = waiting.pop()
        found.setdefault(id(value), []).append(keys)
        if id(value) not in seen and is_holder(value) and not str(keys[0]).startswith("__"):
            seen.add(id(value))
            waiting += [((*keys, key), part) for key, part in list_parts(value)]
    return found


def find_leaf(names: Namespace, keys: tuple[Any, ...]) -> Leaf:
    """Return the leaf to which keys lead."""
    holder: Any = names
    for key in keys[:-1]:
        holder = _take(holder, key)
    return Leaf("", keys, holder, _take(holder, keys[-1]))


def _take(holder: Any, key: Any) -> Any:
    if isinstance(key, Column):
        return key.read(holder)
    if key == GRAD and is_tensor(holder):
        return read_gradient(holder)
    if is_closure(holder):
        return list_cells(holder)[key].cell_contents
    return holder[key] if is_list_like(holder) else getattr(holder, key)


def read_leaf(names: Namespace, keys: tuple[Any, ...]) -> Any:
    """Return the array to which keys lead, None where they lead to none any more."""
    value: Any = names
    try:
        for key in keys:
            value = _take(value, key)
    except (AttributeError, IndexError, KeyError, TypeError):
        return None
    is_leaf = is_number(value) or is_numeric_array(value) or is_table(value) or is_tensor(value)
    return to_array(value) if is_leaf else None


def _walk(
    path: str, keys: tuple[Any, ...], holder: Any, value: Any, seen: set[int], depth: int = DEPTH
) -> Iterator[Leaf]:
    """Yield the numbers and arrays in a value, each once, through lists, tables and objects.

    holder is what the value is stored in, under the last of the keys; the path shows these.
    """
    is_array = is_numeric_array(value)
    if not is_array and is_number(value):
        if not isinstance(holder, tuple):  # which cannot be given another number
            yield Leaf(path, keys, holder, value)
        return
    if id(value) in seen or len(keys) > depth:
        return
    if is_array or is_table(value) or is_numeric_tensor(value):
        seen.add(id(value))
        yield Leaf(path, keys, holder, value)
        if not is_array and is_tensor(value) and has_gradient(value):
            yield Leaf(f"{path}.{GRAD}", (*keys, GRAD), value, read_gradient(value))
    elif is_list_like(value) or (depth == DEPTH and is_holder(value)):
        seen.add(id(value))
        for column in list_columns(value):
            yield Leaf(f"{path}[*]{column}", (*keys, column), value, column.read(value))
        is_object = has_attributes(value)
        for inner, part in list_parts(value):
            shown = f".{inner}" if is_object else f"[{inner!r}]"
            yield from _walk(path + shown, (*keys, inner), value, part, seen, depth)


def is_number(value: object) -> bool:
    """Return whether a value is a float or a whole number, Python's or NumPy's."""
    return is_real(value) or type(value) is int or isinstance(value, np.integer)


def is_real(value: object) -> bool:
    """Return whether a value is a float, Python's or NumPy's."""
    return isinstance(value, float | np.floating)


def is_numeric_array(value: object) -> bool:
    """Return whether a value is an array of numbers, perhaps of dtype object."""
    if not isinstance(value, np.ndarray) or value.size == 0:
        return False
    return value.dtype.kind in "fiub" or (
        value.dtype.kind == "O" and all(map(is_number, value.flat))
    )


def is_list_like(value: object) -> bool:
    """Return whether a value holds others under keys or indices."""
    return isinstance(value, dict | list | tuple) or _is_ragged(value)


def _is_ragged(value: object) -> bool:
    """Return whether a value is an array of other arrays, as those of layers of other sizes are."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "O" and value.ndim == 1


def is_table(value: object) -> bool:
    """Return whether a value is a list, perhaps of lists of one shape, of numbers only.

    One whose rows are the same list is none: to set one row would set another.
    """
    return isinstance(value, list) and _find_shape(value) is not None


def _find_shape(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return () if isinstance(value, float | int | np.number) else None
    rows = [id(each) for each in value if isinstance(each, list)]
    shapes = {_find_shape(each) for each in value} if len(set(rows)) == len(rows) else set()
    shape = shapes.pop() if len(shapes) == 1 else None
    return None if shape is None else (len(value), *shape)


def is_holder(value: object) -> bool:
    """Return whether a value is a dict, a list, a tuple, a function that keeps names of another, or
    an object of a class in Python.
    """
    if is_list_like(value) or is_module(value) or is_closure(value):
        return True
    if is_of_torch(value):  # such as an optimizer
        return False
    return has_attributes(value) and not isinstance(value, (*FIXED, MethodType, np.generic))


def list_parts(value: Any) -> list[tuple[Any, Any]]:
    """Return what a holder holds, under its keys, indices or attributes."""
    if isinstance(value, dict):
        return list(value.items())
    if is_list_like(value):
        return list(enumerate(value))
    if is_module(value):
        return list(list_module_parts(value).items())
    if is_closure(value):
        return [(name, cell.cell_contents) for name, cell in list_cells(value).items()]
    kept = read_attributes(value).items()
    own = {name: part for name, part in kept if not _leads_back(part, type(value))}
    return list((list_shared(value, (dict, list, np.ndarray)) | own).items())


def _leads_back(part: Any, kind: type) -> bool:
    """Return whether an attribute is a tuple or set of objects of the class that has it, or a
    function that keeps some: it leads through a graph of them, as that of an automatic derivative.
    """
    if isinstance(part, tuple | set | frozenset):
        return any(isinstance(each, kind) for each in part)
    cells = list_cells(part).values() if is_closure(part) else ()
    return any(isinstance(cell.cell_contents, kind) for cell in cells)
