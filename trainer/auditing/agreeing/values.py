"""Nested inputs and results as arrays by name: y, y[1], loss; NumPy's and torch's alike."""

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array

# Half the distance from 1 to the next number of the format.
ROUNDOFF = {
    "float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8,
    "complex128": 2.0**-53, "complex64": 2.0**-24,
    "float8_e4m3fn": 2.0**-4, "float8_e5m2": 2.0**-3,
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """One array of a result: its numbers, and the name of the format that they had."""

    array: Array
    dtype: str  # float32, bfloat16, int64 …

    @property
    def is_rounded(self) -> bool:
        """Whether the format rounds: not for integers, booleans and texts."""
        return self.dtype in ROUNDOFF


def get_torch() -> Any:
    """Return torch if anything has imported it, else None: without it there are no tensors."""
    return sys.modules.get("torch")


def is_tensor(value: Any) -> bool:
    """Return whether the value is a tensor of torch."""
    torch = get_torch()
    return torch is not None and isinstance(value, torch.Tensor)


def is_module(value: Any) -> bool:
    """Return whether the value is a torch.nn.Module."""
    torch = get_torch()
    return torch is not None and isinstance(value, torch.nn.Module)


def is_floating(value: Any) -> bool:
    """Return whether the value is an array, tensor or number that can be rounded."""
    if is_tensor(value):
        return bool(value.is_floating_point() or value.is_complex())
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "fc"
    return isinstance(value, float)


def list_leaves(value: Any, name: str) -> dict[str, Any]:
    """Return what is in nested dicts, lists and tuples, by name: {"y": 1, "y[1]": 2}.

    The entries of a dict at the top have their own keys as names.
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = vars(value)
    if isinstance(value, Mapping):
        names = {key: f"{name}[{key!r}]" if name else str(key) for key in value}
        pairs = [(names[key], value[key]) for key in value]
    elif isinstance(value, list | tuple):
        pairs = [(f"{name or 'y'}[{i}]", each) for i, each in enumerate(value)]
    else:
        return {name or "y": value}
    return {key: leaf for under, each in pairs for key, leaf in list_leaves(each, under).items()}


def map_leaves(change: Callable[[Any], Any], value: Any) -> Any:
    """Return the nested value with each leaf changed, in the order of list_leaves."""
    if isinstance(value, Mapping):
        return {key: map_leaves(change, each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        twin = copy.copy(value)
        for name, each in vars(value).items():
            object.__setattr__(twin, name, map_leaves(change, each))
        return twin
    if isinstance(value, list | tuple):
        changed = [map_leaves(change, each) for each in value]
        return type(value)(*changed) if hasattr(value, "_fields") else type(value)(changed)
    return change(value)


def read_value(leaf: Any) -> Value:
    """Return a leaf as an array of NumPy, and its dtype; bfloat16 and narrower as float32."""
    if is_tensor(leaf):
        torch, dtype = get_torch(), str(leaf.dtype).removeprefix("torch.")
        leaf = leaf.detach().cpu().resolve_conj().resolve_neg()
        if dtype.startswith(("bfloat", "float8")):
            leaf = leaf.to(torch.float32)
        return Value(leaf.numpy(), dtype)
    array = np.asarray(leaf)
    return Value(
        array, {"O": type(leaf).__name__, "U": "text"}.get(array.dtype.kind, array.dtype.name)
    )


def widen(array: Array) -> Array:
    """Return an array in float64, or complex128."""
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def read_values(result: Any) -> dict[str, Value]:
    """Return the arrays of a result by name."""
    leaves = list_leaves(list(result) if isinstance(result, Iterator) else result, "")
    return {name: read_value(leaf) for name, leaf in leaves.items()}
