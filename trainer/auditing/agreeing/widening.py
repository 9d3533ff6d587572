"""Run torch code in float64 whatever it casts to inside, and see what it does.

A TorchDispatchMode sees each operation of a run, also those of torch's own functions.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from trainer.auditing.agreeing.values import ROUNDOFF, is_floating, list_leaves, map_leaves

# Of operations that sum along an axis, also where the result is as large as the input.
SUMS = r"mm|mv|dot|linear|softmax|norm|cumsum|fft|var|std|logsumexp|attention|einsum"
WIDE = {
    dtype: torch.complex128 if dtype.is_complex else torch.float64
    for dtype in (getattr(torch, name) for name in ROUNDOFF)
}


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the formats of the results of operations, the longest sum, and the first overflow."""

    def __init__(self, sees_overflow: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._sees_overflow = sees_overflow
        self.dtypes: set[str] = set()
        self.longest = 1  # elements that one element of a result may be a sum of
        self.overflow = ""  # the first operation with a result that is not finite

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation and note what it did."""
        result = func(*args, **(kwargs or {}))
        outputs = [each for each in list_leaves(result, "y").values() if _is_data(each)]
        inputs = [each for each in list_leaves(list(args), "x").values() if _is_data(each)]
        self.dtypes |= {str(each.dtype).removeprefix("torch.") for each in outputs}
        self._measure_sums(func, inputs, outputs)
        if (
            self._sees_overflow
            and not self.overflow
            and inputs
            and not _is_finite(outputs)
            and _is_finite(inputs)
        ):
            self.overflow = func.__name__.partition(".")[0].strip("_")
        return result

    def _measure_sums(self, func: Any, inputs: list[Any], outputs: list[Any]) -> None:
        if not (inputs and outputs):
            return
        lengths = [inputs[0].numel() // max(1, outputs[0].numel())]
        if "conv" in func.__name__:
            lengths.append(max(math.prod(each.shape[1:]) for each in inputs[1:2] or inputs))
        elif re.search(SUMS, func.__name__):
            lengths += [max(each.shape, default=1) for each in inputs]
        self.longest = max(self.longest, *lengths)


class Widen(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Makes every operation one of float64: its tensors, and the dtypes that it is given."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation with wide arguments; those that it writes to stay as they are."""
        written = {
            argument.name
            for argument in func._schema.arguments
            if argument.alias_info is not None and argument.alias_info.is_write
        }
        names = [argument.name for argument in func._schema.arguments]

        def widen(name: str, value: Any) -> Any:
            return value if name in written else map_leaves(_widen, value)

        wide = [widen(name, each) for name, each in zip(names, args, strict=False)]
        named = {name: widen(name, each) for name, each in (kwargs or {}).items()}
        return func(*wide, **named)


def _widen(value: Any) -> Any:
    """Return a tensor in float64, and float64 in the place of a narrower dtype."""
    if isinstance(value, torch.Tensor):
        return value.to(WIDE[value.dtype]) if value.dtype in WIDE else value
    return WIDE.get(value, value) if isinstance(value, torch.dtype) else value


def _is_data(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and is_floating(value)


def _is_finite(tensors: list[Any]) -> bool:
    return all(bool(torch.isfinite(each).all()) for each in tensors)


@contextmanager
def compute_in_float64() -> Iterator[Watch]:
    """Run torch in float64 inside: operations, casts, and the default dtype of new tensors."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with Watch() as watch, Widen():  # type: ignore[no-untyped-call]
            yield watch
    finally:
        torch.set_default_dtype(before)
