"""Subtracts the gradients that a net has from its weights, where no code of its own does."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from trainer.checker.adapt.names import simplify_name
from trainer.checker.find.leaves import Leaf, Namespace, list_leaves


def subtract_gradients(
    net: object, returned: object, given: Collection[object] = (), is_moved: bool = False
) -> int:
    """Subtract each gradient from the weight that it belongs to; return how many there are.

    Arrays that the net was given are no weights. is_moved tells that what was returned are no
    gradients but the weights after a step, which take the place of those before.

    A gradient has the shape of its weight, and its name, with a d or grad before or after it, in
    what a method returned or beside the weight. Without names the shapes show it, where they are
    those of the weights.
    """
    weights = [w for w in _list_arrays({"net": net}) if all(w.value is not x for x in given)]
    grads = list(_list_sums({"grads": returned}))
    others = [*grads, *_list_sums({"net": net})]
    pairs = [(w, g) for w in weights if (g := _find_gradient(w, others)) is not None]
    pairs = pairs or _pair_by_shape(weights, [g for g in grads if np.ndim(g.value)])
    for weight, gradient in pairs:
        weight.value[...] = gradient if is_moved else weight.value - gradient
    return len(pairs)


def subtract_from(arguments: Namespace, net: object, returned: Namespace, is_named: bool) -> None:
    """Subtract from arrays that a layer was given the gradients that it returned, by their names,
    or that it keeps.

    Where names do not tell, arrays of the same shape belong together in their order, unless
    is_named. Raises ValueError where one of the name has another shape.
    """
    weights = [each for name in arguments for each in _list_arrays({name: arguments[name]})]
    given = list(_list_sums({"grads": returned}))[::-1]
    own = list(_list_sums({"net": net}))
    _raise_for_shapes([*list_leaves(arguments).values(), *own], [*given, *own])
    pairs = [(w, g) for w in weights if (g := _find_gradient(w, [*given, *own])) is not None]
    rest = [] if is_named else [g for g in given if not any(_fits(w, g) for w in weights)]
    taken = {id(w) for w, _ in pairs}
    pairs += _pair_in_order([w for w in weights if id(w) not in taken], rest)
    for weight, gradient in pairs:
        weight.value[...] = weight.value - gradient


def _pair_in_order(weights: list[Leaf], given: list[Leaf]) -> Iterator[tuple[Leaf, Any]]:
    """Yield each weight with the first array of its shape that no other weight has."""
    rest = [*given]
    for weight in weights:
        if same := [g for g in rest if g.value.shape == weight.value.shape]:
            rest = [g for g in rest if g is not same[0]]
            yield weight, same[0].as_array()


def _pair_by_shape(weights: list[Leaf], given: list[Leaf]) -> list[tuple[Leaf, Any]]:
    """Return the arrays that have other shapes than all others, and the weights of these shapes."""
    shapes = [leaf.value.shape for leaf in given]
    if len(set(shapes)) < len(shapes):
        return []
    found = [(w, g.as_array()) for g in given for w in weights if w.value.shape == g.value.shape]
    return found if len(found) == len(given) else []


def _raise_for_shapes(weights: list[Leaf], given: list[Leaf]) -> None:
    for weight in weights:
        named = [g for g in given if _is_named_after(weight, g)]
        if named and not any(_can_subtract(g, weight) for g in named):
            raise ValueError(f"{named[0].path} has the shape {named[0].value.shape}")


def trains(net: object, before: Mapping[str, Any]) -> bool:
    """Return whether arrays of a net are others than before, but for its gradients."""
    now = list(_list_arrays({"net": net}))
    changed = [
        leaf
        for leaf in now
        if leaf.path in before and not np.array_equal(leaf.value, before[leaf.path])
    ]
    return any(not any(_is_named_after(w, leaf) for w in now if w is not leaf) for leaf in changed)


def read_arrays(net: object) -> dict[str, Any]:
    """Return copies of the arrays of a net by their paths."""
    return {leaf.path: leaf.as_array() for leaf in _list_arrays({"net": net})}


def _list_sums(names: dict[str, Any]) -> Iterator[Leaf]:
    """Yield the arrays of names, and the numbers that NumPy's sums are."""
    for leaf in list_leaves(names).values():
        if isinstance(leaf.value, np.ndarray | np.floating) and leaf.value.dtype.kind == "f":
            yield leaf


def _list_arrays(names: dict[str, Any]) -> Iterator[Leaf]:
    return (leaf for leaf in _list_sums(names) if isinstance(leaf.value, np.ndarray))


def _find_gradient(weight: Leaf, others: list[Leaf]) -> Any:
    """Return a copy of the gradient of a weight, None where no name and shape fits."""
    if _is_gradient(weight):
        return None
    for other in others:
        is_near = other.keys[0] == "grads" or _lie_together(weight, other)
        if other.path != weight.path and is_near and _fits(weight, other):
            return other.as_array()
    return None


def _lie_together(weight: Leaf, other: Leaf) -> bool:
    """Return whether two leaves are in one object, or a gradient under the same number in a list or
    in an object for gradients beside that of the weight: not in two layers.
    """
    numbers = [[key for key in leaf.keys if isinstance(key, int)] for leaf in (weight, other)]
    is_beside = other.keys[:-2] == weight.keys[:-2] and numbers[0] == numbers[1]
    is_apart = _is_gradient(other) or isinstance(other.keys[-1], int)
    return other.keys[:-1] == weight.keys[:-1] or (is_beside and is_apart)


def _fits(weight: Leaf, other: Leaf) -> bool:
    """Return whether a value is named as the gradient of a weight, and can be subtracted from it:
    a sum over an axis too many can.
    """
    return _is_named_after(weight, other) and _can_subtract(other, weight)


def _can_subtract(other: Leaf, weight: Leaf) -> bool:
    """Return whether a value can be subtracted from a weight; one number from a matrix is none of
    its gradients: what was meant for several samples was given one.
    """
    if not np.ndim(other.value) and np.ndim(weight.value) == 2 and min(weight.value.shape) > 1:
        return False
    try:
        shape = np.broadcast_shapes(np.shape(other.value), np.shape(weight.value))
    except ValueError:
        return False
    return shape == np.shape(weight.value)


def _is_named_after(weight: Leaf, other: Leaf) -> bool:
    name, given = _name(weight), _name(other)
    is_other_place = _is_gradient(other)
    marked = {f"d{name}", f"g{name}", f"grad{name}", f"{name}grad", f"delta{name}", f"nabla{name}"}
    return given in marked or (is_other_place and given == name)


def _name(leaf: Leaf) -> str:
    """Return the names on the way to a leaf, without the net and words for all gradients, and of
    lists without the s of a plural, with w for weights and b for biases; y and y_ are two names.
    """
    last = [str(key).removesuffix("s") if isinstance(leaf.keys[-1], int) else str(key)
            for key in leaf.keys[-2:] if str(key) not in ("net", "grads", "params")]  # fmt: skip
    name = "".join(last if isinstance(leaf.keys[-1], int) else last[-1:])
    short = re.sub("bias(es)?", "b", re.sub("weights?", "w", simplify_name(name)))
    return short + "_" * name.endswith("_")


def _is_gradient(leaf: Leaf) -> bool:
    return any("grad" in str(key).lower() for key in leaf.keys)
