"""A simulated device: tensors with real numbers that no CPU tensor may meet.

They say that they are on the device "meta". Nothing but a copy may mix them with tensors of the
CPU. Each copy, each wait for a number and each operation on the CPU is counted with the function
of the project that asked for it. What torch accepts on CUDA is an error too, if it makes the CPU
wait or copy: a scalar or row numbers on the CPU.
"""

import sys
from collections import Counter
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
COPY = torch.ops.aten._to_copy.default
COPY_INTO = torch.ops.aten.copy_.default
READ_NUMBER = torch.ops.aten._local_scalar_dense.default
SIZE_BY_VALUE = {  # the size of their result, or their result, makes the CPU wait for the device
    "aten::nonzero", "aten::masked_select", "aten::equal", "aten::_unique2", "aten::bincount",
}  # fmt: skip
PROJECT = str(Path(__file__).parents[2] / "trainer")
NO_COMPUTATION = {  # on the CPU too; the last two are those of copy.deepcopy
    "aten::_to_copy", "aten::copy_", "aten::_local_scalar_dense", "aten::detach",
    "aten::new_empty", "aten::set_",
}  # fmt: skip
CROSSINGS: Counter = Counter()  # of all threads, by "what function"
HELPERS = ("_to_numpy", "native", "map", "compute", "count_correct")


class MixedDevicesError(Exception):
    """A tensor of the device meets one of the CPU."""


class DeviceTensor(torch.Tensor):
    """A tensor on the simulated device; values is a tensor on the CPU with its numbers."""

    @staticmethod
    def __new__(cls, values):
        """Return a tensor of the shape and type of values."""
        return torch.Tensor._make_wrapper_subclass(
            cls, values.shape, strides=values.stride(), dtype=values.dtype, device=DEVICE
        )

    def __init__(self, values):
        self.values = values

    def __tensor_flatten__(self):
        """Return the name of the inner tensor; with it Module.double() swaps the numbers too."""
        return ["values"], None

    @staticmethod
    def __tensor_unflatten__(inner, *_):
        """Return the tensor with this inner one."""
        return DeviceTensor(inner["values"])

    def tolist(self):
        """Return the numbers as Python's, by a copy as on CUDA."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        """Compute in a thread in which no Simulation is entered."""
        return compute(func, args, kwargs or {})


class Simulation(TorchDispatchMode):
    """A context in which the device "meta" has numbers, and what leaves or enters it is counted."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Compute, also where only the argument device names the simulated device."""
        return compute(func, args, kwargs or {})

    def take_crossings(self):
        """Return what was counted since the last call."""
        found = dict(CROSSINGS)
        CROSSINGS.clear()
        return found


def compute(func, args, kwargs):
    """Return func's result, on the simulated device if its tensors are; raise if they mix."""
    tensors = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)]
    ours = [isinstance(each, DeviceTensor) for each in tensors]
    goes_to = kwargs.get("device")
    is_result_ours = any(ours) if goes_to is None else torch.device(goes_to) == DEVICE
    count_crossing(func, ours, is_result_ours)
    if func is not COPY_INTO and any(ours) and not all(ours):
        raise MixedDevicesError(f"{func} mixes devices in {find_place()}")
    if goes_to is not None:
        kwargs = kwargs | {"device": "cpu"}
    inner = tree_map(lambda each: each.values if isinstance(each, DeviceTensor) else each, args)
    result = func(*inner, **kwargs)
    if func._schema.is_mutable:
        return args[0] if result is not None else None
    return tree_map(wrap, result) if is_result_ours else result


def count_crossing(func, ours, is_result_ours):
    """Count a copy from or to the device, what makes the CPU wait, and what the CPU computes."""
    if func is COPY and ours[0] != is_result_ours:
        CROSSINGS[f"{'to' if is_result_ours else 'from'} device: {find_place()}"] += 1
    if func is COPY_INTO and ours[0] != ours[1]:
        CROSSINGS[f"{'to' if ours[0] else 'from'} device: {find_place()}"] += 1
    is_computed = not func.is_view and func._schema.name not in NO_COMPUTATION
    if is_computed and ours and not any(ours):
        CROSSINGS[f"computed on the CPU: {find_place()}"] += 1
    if any(ours) and (func is READ_NUMBER or func._schema.name in SIZE_BY_VALUE):
        CROSSINGS[f"wait: {find_place()}"] += 1


def wrap(each):
    """Return a tensor as one on the device, and anything else as it is."""
    return DeviceTensor(each) if isinstance(each, torch.Tensor) else each


def find_place():
    """Return the innermost function of the project that is running, and its caller's file.

    Such as "params in recorder.save". Helpers are left out, since others call them for a reason.
    """
    names, frame = [], sys._getframe(1)
    while frame:
        code = frame.f_code
        is_helper = code.co_name.startswith("<") or code.co_name in HELPERS
        if code.co_filename.startswith(PROJECT) and not is_helper:
            names.append((Path(code.co_filename).stem, code.co_name))
        frame = frame.f_back
    callers = [".".join(name) for name in names if name[0] != "torch_net"]
    inside = [function for file, function in names if file == "torch_net"]
    return " in ".join([*inside[:1], *callers[:1]]) or "a test"
