"""Keeps the state of a live session: what checked code changes in it is set back."""

import builtins
import io
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from types import FunctionType
from typing import Any, NoReturn

import numpy as np

from trainer.checker.live.reaching import Namespace, get_shell, is_local, list_codes, list_methods

MISSING = object()


class Snapshot:
    """The values of objects, and of all that they hold; restore writes them back in place."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._seen: dict[int, object] = {}  # holds the objects, so that no identity is used twice

    def restore(self) -> None:
        """Set everything back; what cannot be set is left."""
        for undo in reversed(self._undo):
            with suppress(Exception):
                undo()

    def add_names(self, space: Namespace, names: Iterable[str]) -> None:
        """Add names of a namespace, and their values."""
        for name in names:
            self._undo.append(_make_reset(space, name, space.get(name, MISSING)))
            self.add(space.get(name))

    def add(self, target: Any) -> None:
        """Add an object with all that it holds, but no modules and nothing of installed classes."""
        waiting = [target]
        while waiting:
            each = waiting.pop()
            if id(each) not in self._seen:
                self._seen[id(each)] = each
                waiting += self._add_one(each)

    def _add_one(self, target: Any) -> list[Any]:
        """Remember one object; return what it holds."""
        torch = sys.modules.get("torch")
        if torch and isinstance(target, torch.Tensor):
            self._undo.append(_make_tensor_reset(target))
            return [target.grad] if target.is_leaf else []
        if torch and isinstance(target, torch.Generator):
            tensor = target.get_state()
            self._undo.append(lambda: target.set_state(tensor))
            return []
        match target:
            case np.ndarray():
                copy = target.copy()
                self._undo.append(partial(np.copyto, target, copy))
            case np.random.Generator():
                state = target.bit_generator.state
                self._undo.append(lambda: setattr(target.bit_generator, "state", state))
            case np.random.RandomState():
                legacy = target.get_state(legacy=False)
                self._undo.append(lambda: target.set_state(legacy))
            case random.Random():
                numbers = target.getstate()
                self._undo.append(lambda: target.setstate(numbers))
            case dict():
                return self._add_container(target, dict(target), list(target.values()))
            case list() | bytearray():
                return self._add_container(target, list(target), list(target))
            case set():
                return self._add_container(target, set(target), list(target))
            case tuple():
                return list(target)
            case type() if _is_own(target):
                self._undo += [_make_attribute_reset(target, dict(vars(target)))]
                return [*vars(target).values(), *target.__mro__[1:]]
            case FunctionType() | staticmethod() | classmethod() | property():
                return _list_held(target)
            case _ if _is_own(type(target)) and hasattr(target, "__dict__"):
                return [vars(target)]
        return []

    def _add_container(self, target: Any, copy: Any, held: list[Any]) -> list[Any]:
        self._undo.append(lambda: _refill(target, copy))
        return held


def _list_held(target: object) -> list[Any]:
    """Return what the functions of a method keep between their calls."""
    held: list[Any] = []
    for function in list_methods(target):
        held += [function.__defaults__, function.__kwdefaults__, function.__dict__]
        held += [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    return held


def _is_filled(cell: Any) -> bool:
    with suppress(ValueError):
        return cell.cell_contents is not cell
    return False


def _is_own(kind: type) -> bool:
    """Return whether a class is the user's."""
    return any(is_local(code.co_filename) for code in list_codes(kind)) or (
        kind.__module__ == "__main__"
    )


def _refill(target: Any, copy: Any) -> None:
    if isinstance(target, dict | set):
        target.clear()
        target.update(copy)
    else:
        target[:] = copy


def _make_reset(space: Namespace, name: str, value: object) -> Callable[[], object]:
    return lambda: space.pop(name, None) if value is MISSING else space.update({name: value})


def _make_attribute_reset(kind: type, before: dict[str, Any]) -> Callable[[], object]:
    def reset() -> None:
        for name in set(vars(kind)) - set(before):
            delattr(kind, name)
        for name, value in before.items():
            if vars(kind).get(name, MISSING) is not value:
                setattr(kind, name, value)

    return reset


def _make_tensor_reset(tensor: Any) -> Callable[[], object]:
    torch = sys.modules["torch"]
    copy, grad = tensor.detach().clone(), tensor.grad if tensor.is_leaf else None

    def reset() -> None:
        if not torch.equal(tensor.detach(), copy):  # A write ends what autograd has recorded.
            with torch.no_grad():
                tensor.copy_(copy)
        if tensor.is_leaf:
            tensor.grad = grad

    return reset


@contextmanager
def keep_state(snapshot: Snapshot) -> Iterator[None]:
    """Restore the snapshot, all global random states and settings afterwards, and print nothing."""
    reset = [snapshot.restore, *_list_global_resets()]
    with ExitStack() as stack:
        for each in reset:
            stack.callback(each)
        for context in (np.errstate(), np.printoptions(), warnings.catch_warnings(), _be_quiet()):
            stack.enter_context(context)
        yield


def _list_global_resets() -> list[Callable[[], object]]:
    """Return functions that set global states back to what they are now."""
    numbers, legacy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    folder, path = os.getcwd(), list(sys.path)
    resets: list[Callable[[], object]] = [
        lambda: random.setstate(numbers),
        lambda: np.random.set_state(legacy),  # noqa: NPY002
        lambda: os.chdir(folder),
        lambda: _refill(sys.path, path),
    ]
    return [*resets, *(_list_torch_resets(sys.modules["torch"]) if "torch" in sys.modules else [])]


def _list_torch_resets(torch: Any) -> list[Callable[[], object]]:
    """Return functions that set torch's global states back to what they are now."""
    state, dtype, grad = torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled()
    states = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return [
        lambda: torch.set_rng_state(state),
        lambda: torch.set_default_dtype(dtype),
        lambda: torch.set_grad_enabled(grad),
        lambda: torch.cuda.set_rng_state_all(states) if states else None,
    ]


@contextmanager
def _be_quiet() -> Iterator[None]:
    """Take what is printed or displayed, and let nothing ask the user for an input."""

    def refuse(*_prompt: object) -> NoReturn:
        raise EOFError("the checked code asks for an input")

    ask = builtins.input
    with ExitStack() as stack:
        stack.callback(setattr, builtins, "input", ask)
        builtins.input = refuse
        if get_shell() is not None:
            from IPython.utils.capture import capture_output

            stack.enter_context(capture_output())
        else:
            stack.enter_context(redirect_stdout(io.StringIO()))
            stack.enter_context(redirect_stderr(io.StringIO()))
        yield
