"""One of two implementations: it is run on the inputs as they are, and in float64.

Every run gets its own copy of the inputs and of a module, and starts from the same seeds.
"""

import copy
import inspect
import random
import traceback
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trainer.auditing.agreeing.forms import (
    Change,
    choose_form,
    copy_leaf,
    copy_module,
    keep,
    list_parameters,
    match_parameters,
    multiply,
    to_array,
    to_tensor,
    widen_leaf,
)
from trainer.auditing.agreeing.values import (
    ROUNDOFF,
    Value,
    get_torch,
    is_floating,
    is_module,
    is_tensor,
    list_leaves,
    map_leaves,
    read_value,
    read_values,
)
from trainer.common.errors import InputError, describe_error

Values = dict[str, Value]
AFTER = " after the call"  # in the name of an input that is compared again


class Side:
    """An implementation with its inputs, its name in messages, and its device (torch only).

    names are those of the arrays among the inputs. wrap changes what is called, such as to one
    that returns gradients too. u is the roundoff of the inputs and parameters as they are, length
    the longest axis or sum that was seen, given the inputs of the last run in the form that the
    function takes, changed the inputs that it writes to.
    """

    def __init__(self, name: str, function: Any, inputs: list[Any], device: Any = None):
        self.name, self.function, self.inputs, self.device = name, function, inputs, device
        self.names = list_input_names(function, inputs)
        self.wrap: Change = keep
        self.runs, self.u, self.length = 0, 0.0, 1
        self.given: list[Any] = []
        self.changed: set[str] = set()
        self.warnings: Literal["ignore", "always"] = "ignore"
        self.form: Change = to_tensor if device else choose_form(function)
        if isinstance(function, type) or not callable(function):
            raise InputError(f"{name} is no function: give one, or an instance of a module")
        _check_device(device)

    @property
    def has_tensors(self) -> bool:
        """Whether the function was given tensors in its last run."""
        return any(map(is_tensor, list_leaves(self.given, "x").values()))

    def run(self, watch: AbstractContextManager[Any] | None = None) -> Values:
        """Return the results on the inputs as they are, watched by a mode of torch if given.

        A function that refuses arrays gets tensors, and the other way round. Raises InputError
        if it refuses both.
        """
        errors: dict[str, BaseException] = {}
        has_tensors = any(map(is_tensor, list_leaves(self.inputs, "x").values()))
        for form in dict.fromkeys((self.form, to_array if has_tensors else to_tensor)):
            self.form = form
            try:
                return self._call(lambda each: match_parameters(each, self.function), watch=watch)
            except InputError:
                raise
            except (Exception, SystemExit) as error:  # The code may raise anything.
                errors.setdefault(describe(error), error)
        first = next(iter(errors.values()))
        raise InputError(f"{self.name} does not run: {', or '.join(errors)}") from first

    def run_wide(self, move: float = 0.0, seed: int = 0, shrink: float = 1.0) -> Values:
        """Return the results in float64, each floating input times shrink · (1 ± move).

        The signs are drawn from the seed; a module's parameters and buffers are moved too.
        """
        rng = np.random.default_rng(seed)
        return self._call(lambda each: multiply(each, move, rng) * shrink, is_wide=True)

    def run_along(self, directions: list[Any], move: float) -> Values:
        """Return the results in float64, each floating input moved along its direction."""
        rest = iter(directions)
        return self._call(lambda each: widen_leaf(each) + move * next(rest), is_wide=True)

    def list_floating(self, inputs: list[Any]) -> dict[str, Any]:
        """Return the arrays, tensors and numbers among the inputs that can be rounded, by name."""
        named = zip(self.names, list_leaves(inputs, "x").values(), strict=True)
        return {name: leaf for name, leaf in named if is_floating(leaf)}

    def _call(self, change: Change, watch: Any = None, is_wide: bool = False) -> Values:
        self.runs += 1
        function, device, form = self.function, self.device, self.form
        given = map_leaves(
            lambda each: copy_leaf(form(change(each)) if is_floating(each) else form(each), device),
            self.inputs,
        )
        leaves = list(list_leaves(given, "x").values())  # also those that the function takes out
        before = {name: value.array.copy() for name, value in self._read_inputs(leaves).items()}
        if is_module(function):
            function = copy_module(function, change if is_wide else keep, device)
        elif not hasattr(function, "__code__"):  # an object, which may keep what it computes
            with suppress(Exception):  # A compiled function, for instance, has no copy.
                function = copy.deepcopy(function)
        with ExitStack() as stack:
            stack.enter_context(_keep_randomness())
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter(self.warnings)
            if is_wide and get_torch() is not None:
                watch = stack.enter_context(_compute_in_float64())
            elif watch is not None:
                stack.enter_context(watch)
            result = self.wrap(function)(*given)
        after = self._read_inputs(leaves)
        self.changed |= {
            name + AFTER
            for name, array in before.items()
            if not np.array_equal(array, after[name].array, equal_nan=array.dtype.kind in "fc")
        }
        values = read_values({} if result is None else result)
        if not is_wide:
            self.given = given
        self._note([*after.values()], values, 1 if watch is None else watch.longest)
        return values | {name + AFTER: value for name, value in after.items()}

    def _read_inputs(self, leaves: list[Any]) -> Values:
        named = zip(self.names, leaves, strict=True)
        return {name: read_value(leaf) for name, leaf in named if np.ndim(leaf)}

    def _note(self, given: list[Value], values: Values, longest: int) -> None:
        # Of NumPy no sums are seen: none is taken to be longer than the longest axis.
        arrays = () if self.form is to_tensor or self.has_tensors else (*given, *values.values())
        axes = [max(value.array.shape, default=1) for value in arrays]
        self.length = max(self.length, longest, *axes)
        if not self.u:  # in the first run, whose inputs are as they were given
            given += [read_value(each) for each in list_parameters(self.function)]
            self.u = max((ROUNDOFF.get(value.dtype, 0.0) for value in given), default=0.0)


def describe(error: BaseException) -> str:
    """Return an error in one line, as "TypeError: … (port.py, line 3)"."""
    text = describe_error(error)
    ours = str(Path(__file__).parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith(ours) and "site-packages" not in f.filename]  # fmt: skip
    return (
        f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else text
    )


def list_input_names(function: Any, inputs: list[Any]) -> list[str]:
    """Return the names of the arrays of the inputs, by the parameters of the function if known."""
    try:
        call = function.forward if is_module(function) else function
        found = [p.name for p in inspect.signature(call).parameters.values()
                 if p.kind is not p.VAR_POSITIONAL][: len(inputs)]  # fmt: skip
    except (TypeError, ValueError):
        found = []
    names = [*found, *(f"input {i}" for i in range(len(found), len(inputs)))]
    return list(list_leaves(dict(zip(names, inputs, strict=True)), ""))


def _check_device(device: Any) -> None:
    if device is not None:
        import torch

        try:
            torch.empty(0, device=device)
        except Exception as error:
            reason = describe_error(error)
            raise InputError(f"device {device}: torch cannot use it here: {reason}") from error


def _compute_in_float64() -> AbstractContextManager[Any]:
    from trainer.auditing.agreeing.widening import compute_in_float64  # not above: imports torch

    return compute_in_float64()


@contextmanager
def _keep_randomness() -> Iterator[None]:
    """Start a run from the same seeds, then put the caller's generators back."""
    torch, state = get_torch(), random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 (the code may use the global generator)
    with nullcontext() if torch is None else torch.random.fork_rng():
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        if torch is not None:
            torch.manual_seed(0)
        try:
            yield
        finally:
            random.setstate(state)
            np.random.set_state(numpy_state)  # noqa: NPY002
