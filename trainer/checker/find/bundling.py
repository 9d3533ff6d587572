"""Takes the numbers that many alike objects keep as one array: the weights of a net of scalars."""

import re
from typing import Any

import numpy as np

from trainer.checker.find.leaves import Leaf, Namespace, find_leaf, is_number, read_leaf
from trainer.checker.load.attributes import has_attributes

LEAST = 3  # numbers of one array


class Bundle(tuple[tuple[Any, ...], ...]):
    """The keys of numbers that are one array together, in the place of those of a leaf."""


def bundle(leaves: dict[str, Leaf]) -> dict[str, Leaf]:
    """Return the leaves with one array for the numbers that objects in lists have under one name,
    where these are many.
    """
    groups: dict[str, list[Leaf]] = {}
    for path, leaf in leaves.items():
        if is_number(leaf.value) and has_attributes(leaf.holder):
            groups.setdefault(name_alike(path), []).append(leaf)
    many = {path: group for path, group in groups.items() if len(group) >= LEAST}
    taken = {leaf.path for group in many.values() for leaf in group}
    return {path: leaf for path, leaf in leaves.items() if path not in taken} | {
        path: _join(path, group) for path, group in many.items()
    }


def name_alike(path: str) -> str:
    """Return what paths have in common that differ in indices alone."""
    return re.sub(r"\[\d+\]", "[*]", path)


def _join(path: str, group: list[Leaf]) -> Leaf:
    values = np.array([leaf.value for leaf in group])
    return Leaf(path, Bundle(leaf.keys for leaf in group), None, values)


def fits(keys: tuple[Any, ...], values: Any) -> bool:
    """Return whether an array may be written to keys: to those of a bundle, one number to each."""
    return not isinstance(keys, Bundle) or np.size(values) == len(keys)


def set_numbers(names: Namespace, keys: Bundle, values: Any) -> None:
    """Write the elements of an array into the places of a bundle."""
    for each, value in zip(keys, np.ravel(values), strict=True):
        find_leaf(names, each).set(value)


def read(names: Namespace, keys: tuple[Any, ...]) -> Any:
    """Return the array to which keys, or those of a bundle, lead, None where they lead to none."""
    if not isinstance(keys, Bundle):
        return read_leaf(names, keys)
    found = [read_leaf(names, each) for each in keys]
    return None if any(np.shape(each) or each is None for each in found) else np.array(found)
