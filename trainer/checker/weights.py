"""Where a net keeps its weights: found by name first, and by shape after, for D, H, C differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.names import PARAMS, list_arguments, simplify_name


@dataclass
class Weights:
    """Where a net keeps W1, b1, W2, b2: (container, key) each; problems says what is amiss."""

    places: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    turned: set[str] = field(default_factory=set)  # kept as (out, in)
    problems: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    more: set[str] = field(default_factory=set)  # of further layers

    def get(self) -> dict[str, Array]:
        """Copies in the book's shapes, as float64."""
        return {key: self._plain(key, _at(*place)) for key, place in self.places.items()}

    def _plain(self, key: str, array: Any) -> Array:
        array = np.array(array, dtype=np.float64)
        array = array.T if key in self.turned else array
        return array.reshape(-1) if key[0] == "b" else array

    def set(self, values: dict[str, Array]) -> None:
        """Write values over them in place, since layers may hold the same arrays."""
        for key, (container, index) in self.places.items():
            value = values[key].T if key in self.turned else values[key]
            array = _at(container, index)
            value = value.reshape(tuple(array.shape))
            array[...] = __import__("torch").from_numpy(value.copy()) if is_torch(array) else value


def is_torch(array: Any) -> bool:
    """Whether it is a tensor."""
    return type(array).__module__.startswith("torch")


def _at(container: Any, key: Any) -> Any:
    return container[key] if isinstance(container, dict | list) else getattr(container, key)


def find_weights(net: Any, D: int, H: int, C: int) -> Weights:
    """The net's weights, by the names of its params, otherwise by shape."""
    found = list(arrays(net, "", 0, set()))
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    weights = Weights()
    further = re.compile(r"(w|weights?|b|bias)[3-9]")
    weights.more = {str(a[2]) for a in found if further.fullmatch(simplify_name(str(a[2])))}
    for key, shape in shapes.items():
        fitting = [a for a in found if fits(a[3], shape) and key_of(a[2]) in (None, key)]
        named = [a for a in found if key_of(a[2]) == key and "param" in simplify_name(a[0])]
        named = [a for a in named or found if key_of(a[2]) == key]
        right = [a for a in named if fits(a[3], shape)] or fitting
        if right:
            _, container, index, array = right[0]
        elif named:
            _, container, index, array = named[0]
            got = tuple(array.shape)
            weights.problems[key] = f"{index} has shape {got}, where {shape} is needed"
        else:
            weights.absent.add(key)
            continue
        weights.places[key] = (container, index)
        if len(shape) == 2 and tuple(array.shape) == shape[::-1]:
            weights.turned.add(key)
    return weights


def key_of(name: Any) -> str | None:
    """W1, b1, W2 or b2 for the many ways to write them."""
    match = re.fullmatch(r"(w|weights?|b|bias(?:es)?)(?:in|h)?([012])", simplify_name(str(name)))
    return match and match[1][0].replace("w", "W") + match[2]


def fits(array: Any, shape: tuple[int, ...]) -> bool:
    """Whether an array has the shape: a matrix turned or not, a vector as a row or a column too."""
    got = tuple(array.shape)
    if len(shape) == 1:
        return got in (shape, (1, *shape), (*shape, 1))
    return got in (shape, shape[::-1])


def arrays(
    holder: Any, path: str, depth: int, seen: set[int]
) -> Iterator[tuple[str, Any, Any, Any]]:
    """(path, container, key, array) of what a net holds, its params first."""
    if depth > 3 or id(holder) in seen:
        return
    seen.add(id(holder))
    if isinstance(holder, dict):
        items: list[tuple[Any, Any]] = list(holder.items())
    elif isinstance(holder, list | tuple):
        items = list(enumerate(holder))
    elif hasattr(holder, "__dict__") and not isinstance(holder, type | ModuleType):
        items = list(vars(holder).items())
    else:
        return
    for key, value in sorted(items, key=lambda item: (_made(item[0]), not _is_params(item[0]))):
        if isinstance(value, np.ndarray) or is_torch(value):
            if getattr(value, "ndim", 0) and "grad" not in path and not _made(key):
                yield path, holder, key, value
        else:
            yield from arrays(value, f"{path}.{key}", depth + 1, seen)


def _made(key: Any) -> bool:
    """Whether an attribute's name says that it is no weight: a gradient, a momentum, a cache."""
    return bool(re.search("grad|^d[wb]|veloc|moment|cache", simplify_name(str(key))))


def _is_params(key: Any) -> bool:
    return "param" in simplify_name(str(key))


def fixed_sizes(net: Any, weights: Weights) -> tuple[int, int, int] | None:
    """D, H, C of a net whose sizes are set in its own code; None where they are given."""
    if len(weights.places) == len(PARAMS) and not weights.problems:
        return None
    if any(p.default is p.empty for p in list_arguments(type(net))):
        return None
    named = {key_of(a[2]): a[3].shape for a in arrays(net, "", 0, set())}
    if not set(PARAMS) <= set(named):
        return None
    (D, H), (H2, C) = named["W1"][-2:], named["W2"][-2:]
    return (D, H, C) if H == H2 and named["b1"][-1] == H and named["b2"][-1] == C else None
