"""Change the form of an input or a module: array or tensor, its dtype, device and numbers."""

import copy
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from trainer.auditing.agreeing.values import get_torch, is_floating, is_module, is_tensor, widen

Change = Callable[[Any], Any]  # of one input


def keep(value: Any) -> Any:
    """Return the value as it is."""
    return value


def to_tensor(value: Any) -> Any:
    """Return an array as a tensor, anything else as it is."""
    import torch

    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def to_array(value: Any) -> Any:
    """Return a tensor as an array, anything else as it is."""
    return value.detach().cpu().numpy() if is_tensor(value) else value


def choose_form(function: Any) -> Change:
    """Return what a function's inputs are made to: tensors where it is written for torch, else as
    they are. Of methods that arrays and tensors share, as x.std(0), its annotations tell, or what
    else it uses, or what its file imports.
    """
    if is_module(function):
        return to_tensor
    names = getattr(function, "__globals__", {})
    used = [names.get(name) for name in _list_names(getattr(function, "__code__", None))]
    shown = " ".join(map(str, getattr(function, "__annotations__", {}).values()))
    signs = [("Tensor" in shown, "ndarray" in shown), _find_libraries(used),
             _find_libraries(names.values())]  # fmt: skip
    decided = next((of_torch for of_torch, of_numpy in signs if of_torch != of_numpy), False)
    return to_tensor if decided else keep


def _find_libraries(values: Iterable[Any]) -> tuple[bool, bool]:
    """Return whether some values are of torch, and of NumPy."""
    of = {str(getattr(v, "__name__", "") if inspect.ismodule(v) else getattr(v, "__module__", ""))
          for v in values}  # fmt: skip
    roots = {name.split(".")[0] for name in of}
    return "torch" in roots, "numpy" in roots


def _list_names(code: Any) -> list[str]:
    """Return the names that a code and those inside it read."""
    inner = [each for each in getattr(code, "co_consts", ()) if hasattr(each, "co_names")]
    return [*getattr(code, "co_names", ()), *(name for each in inner for name in _list_names(each))]


def copy_leaf(value: Any, device: Any = None) -> Any:
    """Return a tensor on the device, with memory of its own; anything else copied."""
    if is_tensor(value):
        return value.detach().clone().to(device or value.device)
    return copy.deepcopy(value)


def list_parameters(function: Any) -> list[Any]:
    """Return the parameters of a module, none of anything else."""
    return list(function.parameters()) if is_module(function) else []


def match_parameters(value: Any, function: Any) -> Any:
    """Return a floating input in the dtype of a module's parameters, else as it is."""
    dtypes = [each.dtype for each in list_parameters(function) if is_floating(each)]
    return value if not dtypes or isinstance(value, float) else to_tensor(value).to(dtypes[0])


def multiply(value: Any, move: float, rng: np.random.Generator) -> Any:
    """Return a floating value in float64, each element times 1 + move or 1 − move."""
    factor = 1 + move * rng.choice((-1.0, 1.0), np.shape(value))
    return widen_leaf(value) * (match_kind(factor, value) if np.ndim(value) else float(factor))


def match_kind(array: Any, value: Any) -> Any:
    """Return an array as a tensor where the value is one, on its device."""
    if not is_tensor(value):
        return array
    return get_torch().from_numpy(np.asarray(array)).to(value.device)


def widen_leaf(value: Any) -> Any:
    """Return a tensor, array or number in float64 or complex128."""
    if is_tensor(value):
        torch = get_torch()
        return value.detach().to(torch.complex128 if value.is_complex() else torch.float64)
    return value if isinstance(value, float) else widen(np.asarray(value))


def copy_module(module: Any, change: Change, device: Any) -> Any:
    """Return a copy of a module on the device with changed parameters and buffers."""
    twin = copy.deepcopy(module)
    for tensor in (*twin.parameters(), *twin.buffers()):
        if change is not keep and is_floating(tensor):
            tensor.data = change(tensor.data)
    return twin if device is None else twin.to(device)
