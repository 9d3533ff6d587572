"""Finds where a net keeps its weights, first by name, then by shape: D, H and C all differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import PARAMS, simplify_name
from trainer.checker.adapt.parameter_names import choose_names, identify_parameter
from trainer.checker.load.attributes import has_attributes, read_attributes
from trainer.common.language import translate as _


@dataclass
class WeightPlaces:
    """Where a net keeps W1, b1, W2, b2, as (container, key); problems describes wrong shapes."""

    places: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    transposed: set[str] = field(default_factory=set)  # those kept as (out, in)
    problems: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)  # the names of weights of further layers
    numbers: set[str] = field(default_factory=set)  # biases that are plain numbers
    shared: set[str] = field(default_factory=set)  # what belongs to the class, and holds weights

    def get_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the net's own arrays."""
        return {key: tuple(self.get_array(key).shape) for key in self.places}

    def get_array(self, key: str) -> Any:
        """Return the net's own array or tensor."""
        container, name = self.places[key]
        return container[name] if isinstance(container, dict | list) else getattr(container, name)

    def has_tensors(self) -> bool:
        """Return whether any of the weights is a torch tensor."""
        return any(is_tensor(self.get_array(key)) for key in self.places)

    def get(self) -> dict[str, Array]:
        """Return copies in the book's shapes, as float64."""
        found = {key: self.get_array(key) for key in self.places}
        found = {k: v.detach().numpy() if is_tensor(v) else v for k, v in found.items()}
        arrays = {key: np.array(value, dtype=np.float64) for key, value in found.items()}
        arrays = {k: v.T if k in self.transposed else v for k, v in arrays.items()}
        return {k: v.reshape(-1) if k[0] == "b" else v for k, v in arrays.items()}

    def set(self, values: dict[str, Array]) -> None:
        """Write the values into the net's arrays, which its layers may hold too."""
        for key in self.places:
            value = values[key].T if key in self.transposed else values[key]
            array = self.get_array(key)
            value = value.reshape(tuple(array.shape))
            if is_tensor(array):
                array.data[...] = __import__("torch").from_numpy(value.copy())
            else:
                array[...] = value


def is_tensor(array: object) -> bool:
    """Return whether the array is a torch tensor, without importing torch."""
    return type(array).__module__.startswith("torch") and hasattr(array, "detach")


def get_shapes(D: int, H: int, C: int) -> dict[str, tuple[int, ...]]:
    """Return the book's shapes of W1, b1, W2, b2."""
    return {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}


def make_zeros(D: int, H: int, C: int) -> dict[str, Array]:
    """Return W1, b1, W2 and b2 of zeros in the book's shapes."""
    return {key: np.zeros(shape) for key, shape in get_shapes(D, H, C).items()}


def find_weights(net: object, D: int, H: int, C: int) -> WeightPlaces:
    """Return where the net keeps its weights, by the names of its params, otherwise by shape."""
    leaves = list(find_values(net, "", 0, set()))
    found = [leaf for leaf in leaves if is_array(leaf[3])]
    weights = WeightPlaces()
    numbers = {identify_parameter(key) for *_holder, key, value in leaves if is_number(value)}
    weights.numbers = {"b1", "b2"} & numbers
    further = re.compile(r"(w|weights?|b|bias)[03-9]")  # counted from 0, or more than two
    weights.extra = {str(a[2]) for a in found if further.fullmatch(simplify_name(str(a[2])))}
    weights.extra |= set(_find_normalizations(net))
    identify = choose_names([a[2] for a in found])
    for key, shape in get_shapes(D, H, C).items():
        named = [a for a in found if identify(a[2]) == key]
        named = [a for a in named if "param" in simplify_name(a[0])] or named
        unnamed = [a for a in found if identify(a[2]) in (None, key)]
        fitting = [a for a in [*named, *unnamed] if fits_shape(a[3], shape)]
        if not fitting and not named:
            weights.absent.add(key)
            continue
        _path, container, name, array = (fitting or named)[0]
        if not fitting:
            weights.problems[key] = _describe_shape(name, tuple(array.shape), shape, leaves)
        weights.places[key] = (container, name)
        if len(shape) == 2 and tuple(array.shape) == shape[::-1]:
            weights.transposed.add(key)
    weights.extra |= _find_more(weights)
    holders = [container for container, _ in weights.places.values()]
    weights.shared = {k for k, v in list_shared(net).items() if any(v is h for h in holders)}
    return weights


def list_shared(net: object, kinds: tuple[type, ...] = (dict, list)) -> dict[str, Any]:
    """Return what is of these kinds in a net's class, which all its instances have in common."""
    own = read_attributes(net)
    return {
        name: value
        for kind in reversed(type(net).__mro__)
        for name, value in vars(kind).items()
        if isinstance(value, kinds) and not name.startswith("__") and name not in own
    }


def _find_more(weights: WeightPlaces) -> set[str]:
    """Return the matrices of the list that W1 and W2 are in, which belong to further layers."""
    holders = [weights.places[key][0] for key in ("W1", "W2") if key in weights.places]
    if len(holders) < 2 or holders[0] is not holders[1] or not isinstance(holders[0], list):
        return set()
    known = {weights.places[key][1] for key in ("W1", "W2")}
    more = [i for i, each in enumerate(holders[0]) if i not in known and np.ndim(each) == 2]
    return {f"W{i + 1}" for i in more}


def _describe_shape(
    name: object, got: tuple[int, ...], wanted: tuple[int, ...], leaves: list[Any]
) -> str:
    """Return that a weight has another shape than expected, in a net of columns as columns."""
    is_turned = any(
        identify_parameter(key) in ("b1", "b2") and np.shape(value)[1:] == (1,)
        for _path, _holder, key, value in leaves
    )
    expected = wanted if not is_turned else wanted[::-1] if len(wanted) == 2 else (*wanted, 1)
    message = _("{name} has shape {shape}, expected {expected}")
    return message.format(name=name, shape=got, expected=expected)


def fits_shape(array: Any, shape: tuple[int, ...]) -> bool:
    """Return whether an array has the shape, where matrices may be transposed, vectors columns."""
    got = tuple(array.shape)
    if len(shape) == 1:
        return got in (shape, (1, *shape), (*shape, 1))
    return got in (shape, shape[::-1])


def is_array(value: object) -> bool:
    """Return whether a value is an array or a tensor of at least one axis."""
    is_any = isinstance(value, np.ndarray) or is_tensor(value)
    return is_any and getattr(value, "ndim", 0) > 0


def is_number(value: object) -> bool:
    """Return whether a value is a single number."""
    return isinstance(value, int | float | np.number) or getattr(value, "shape", None) == ()


def find_values(
    holder: object, path: str, depth: int, seen: set[int]
) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield (path, container, key, value) for each array and number of a net, its params first."""
    if depth > 3 or id(holder) in seen:
        return
    seen.add(id(holder))
    items: list[tuple[Any, Any]] = []
    if isinstance(holder, dict):
        items = list(holder.items())
    elif isinstance(holder, list | tuple):
        items = list(enumerate(holder))
    elif has_attributes(holder) and not isinstance(holder, type | ModuleType):
        items = list((list_shared(holder) | read_attributes(holder)).items())
    items.sort(key=lambda item: (_is_derived(item[0]), "param" not in simplify_name(str(item[0]))))
    for key, value in items:
        if not isinstance(value, np.ndarray | int | float | np.number) and not is_tensor(value):
            yield from find_values(value, f"{path}.{key}", depth + 1, seen)
        elif "grad" not in path and not _is_derived(key):
            yield path, holder, key, value


def _find_normalizations(holder: object, depth: int = 3) -> Iterator[str]:
    """Yield the class names of the layers in a net that normalise batches: these have weights."""
    if isinstance(holder, dict | list | tuple):
        held = list(holder.values() if isinstance(holder, dict) else holder)
    else:
        held = list(read_attributes(holder).values())
    if re.search(r"batch_?norm|layer_?norm", name := type(holder).__name__, re.IGNORECASE):
        yield name
    for each in held if depth and not isinstance(holder, type | ModuleType) else ():
        yield from _find_normalizations(each, depth - 1)


def _is_derived(key: object) -> bool:
    """Return whether an attribute's name shows that it is no weight, but a gradient or a cache."""
    return bool(re.search("grad|^d[wb]|veloc|moment|cache", simplify_name(str(key))))


def infer_sizes(weights: WeightPlaces) -> tuple[int, int, int] | None:
    """Return D, H, C of weights that fit together, None if they do not or one is missing."""
    shapes = weights.get_shapes()
    if len(shapes) < len(PARAMS):
        return None
    biases = {key: int(np.prod(shapes[key])) for key in ("b1", "b2")}
    for turn in (1, -1):  # (in, out), or (out, in)
        (D, H), (H2, C) = (shapes[key][-2:][::turn] for key in ("W1", "W2"))
        if H == H2 and biases == {"b1": H, "b2": C}:
            return D, H, C
    return None
