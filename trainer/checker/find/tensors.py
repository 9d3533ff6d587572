"""Tensors of torch as arrays: read, written, copied, and computed in float64; without torch, none.

Only code that imports torch itself has any: nothing here imports it.
"""

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.weights import is_tensor

MOST_BATCHES = 5  # of a loop over a DataLoader
GRAD = "grad"  # the key under which a tensor has its gradient


def is_numeric_tensor(value: object) -> bool:
    """Return whether a value is a tensor of numbers."""
    return is_tensor(value) and value.numel() > 0 and not value.is_complex()  # type: ignore[attr-defined]


def is_of_torch(value: object) -> bool:
    """Return whether the class of a value, or one that it extends, is torch's."""
    kind: Any = type(value)
    return "torch" in sys.modules and extends_torch(kind)


@cache
def extends_torch(kind: Any) -> bool:
    """Return whether a class, or one that it extends, is torch's."""
    return "torch" in (each.__module__.partition(".")[0] for each in kind.__mro__)


def is_module(value: object) -> bool:
    """Return whether a value is a module of torch."""
    return is_of_torch(value) and hasattr(value, "_parameters")


def is_recurrent(value: object) -> bool:
    """Return whether a value is a recurrent layer of torch, which reads past smaller weights."""
    return is_module(value) and hasattr(value, "_flat_weights")


def list_module_parts(module: Any) -> dict[str, Any]:
    """Return the parameters, the buffers, the modules and the other attributes of a module."""
    own = {k: v for k, v in vars(module).items() if not k.startswith("_")}
    return {**module._parameters, **module._buffers, **module._modules, **own}


def to_array(value: Any) -> Array:
    """Return a copy of numbers, or of a tensor, as an array."""
    is_array = isinstance(value, np.ndarray)
    made = np.array(value.detach().cpu().numpy() if not is_array and is_tensor(value) else value)
    return made.astype(float) if made.dtype.kind == "O" else made


def has_gradient(tensor: Any) -> bool:
    """Return whether backward gives a tensor a gradient."""
    return bool(tensor.requires_grad and tensor.is_leaf)


def read_gradient(tensor: Any) -> Array:
    """Return the gradient of a tensor as an array, zeros where it has none."""
    return np.zeros(tuple(tensor.shape)) if tensor.grad is None else to_array(tensor.grad)


def write_tensor(tensor: Any, values: Array) -> None:
    """Write numbers into a tensor of their shape."""
    tensor.data[...] = make_tensor(tensor.data, values)


def write_gradient(tensor: Any, values: Array) -> None:
    """Give a tensor these numbers as its gradient."""
    tensor.grad = make_tensor(tensor.data, values).clone()


def replace_tensor(tensor: Any, values: Array) -> Any:
    """Return a tensor with other numbers, whose derivatives are those of the first."""
    if tuple(tensor.shape) != np.shape(values):
        return tensor
    made = make_tensor(tensor.data, values)
    return tensor + (made - tensor.detach()) if tensor.requires_grad else made


def make_tensor(tensor: Any, values: Array) -> Any:
    """Return numbers as a tensor of the kind of another one."""
    torch = sys.modules["torch"]
    made = torch.as_tensor(np.array(values), dtype=tensor.dtype, device=tensor.device)
    return torch.nn.Parameter(made) if isinstance(tensor, torch.nn.Parameter) else made


def is_loader_iterator(value: object) -> bool:
    """Return whether a value gives the batches of a DataLoader one by one."""
    return _is_of_data(value) and hasattr(type(value), "__next__")


def _is_of_data(value: object) -> bool:
    """Return whether a value is a part of torch's way to read data, which no step changes."""
    return type(value).__module__.startswith("torch.utils.data")


def copy_of_torch(value: Any, memo: dict[int, Any]) -> Any:
    """Return a copy of a tensor with its gradient, or of an object of torch; the object itself
    where it cannot be copied, or only reads data.
    """
    if _is_of_data(value):
        return value
    if is_tensor(value) and not value.is_leaf:
        return memo.setdefault(id(value), value.detach().clone())
    with suppress(Exception):
        made = copy.deepcopy(value, memo)
        parameters = value.parameters() if is_module(value) else [value] * is_tensor(value)
        for each in parameters:
            if each.grad is not None:
                memo[id(each)].grad = each.grad.clone()
        return made
    return value


def _end_early(batches: Any) -> tuple[Any, str, Any]:
    """Return what a class of iterators over batches has under a name, with which these end early: a
    round of a loop over epochs may take hundreds.
    """
    go_on = batches.__next__

    def give_few(self: Any) -> Any:
        if self._num_yielded >= MOST_BATCHES:
            raise StopIteration
        return go_on(self)

    return batches, "__next__", give_few


@contextmanager
def compute_in_double() -> Iterator[None]:
    """Let NumPy and torch, where it is loaded, compute in float64 for a while, also where code asks
    for less, and torch with fixed random numbers and few batches of a DataLoader.
    """
    torch: Any = sys.modules.get("torch")
    changed: list[tuple[Any, str, Any]] = [(np, "float32", np.float64), (np, "float16", np.float64)]
    if torch:
        before = torch.get_default_dtype()
        changed += [(torch, "float32", torch.float64), (torch, "float", torch.float64),
                    (torch, "FloatTensor", torch.DoubleTensor),
                    (torch.Tensor, "float", torch.Tensor.double)]  # fmt: skip
        if loading := sys.modules.get("torch.utils.data.dataloader"):
            changed.append(_end_early(loading._BaseDataLoaderIter))
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(0)
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in changed]
    for owner, name, value in changed:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
        if torch:
            torch.set_default_dtype(before)
