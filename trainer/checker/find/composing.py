"""Calls functions and methods that train a net, with values by the roles of their arguments."""

import inspect
import re
from collections import deque
from collections.abc import Callable, Generator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from trainer.checker.adapt.names import (
    FLAG,
    METHODS,
    call_by_role,
    find_argument_role,
    find_call_roles,
    find_method,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.applying import read_arrays, subtract_gradients, trains
from trainer.checker.find.guessing import DIMS
from trainer.checker.find.leaves import list_leaves
from trainer.checker.find.modules import give_of_torch, make_tensors
from trainer.checker.find.trace import DERIVED, JOINED, SUBTRACTED

FORWARD = r"(feed)?forward(pass|prop.*)?"
UPDATE = r"update.*|step|optimi[sz]e.*|apply.*|adjust.*|.*des?cen.*"
BACK = METHODS["gradient"] + r"|.*back.*"
MOST_VALUES = 1000  # of a function that gives one after the other
Function = Callable[..., Any]
Returned = Mapping[str, tuple[str, int | None]]  # name: the method that returns it, and where
# Samples, targets and sizes by role; "named" are values by the names of arguments, and to "asked"
# the names of the arguments are added that functions require.
Values = dict[str, Any]


def call_method(net: Any, values: Values, name: str, returned: Returned) -> str | None:
    """Call a method that trains, or that returns gradients, which are subtracted then."""
    given = _add_returned(net, _get_method(net, name), values, returned)
    return _subtract_returned(net, lambda: _call(getattr(net, name), given))


def call_alone(_net: None, values: Values, function: Function) -> str | None:
    """Call a function that trains weights among its arguments, or that returns their gradients."""
    is_moved = "lr" in find_call_roles(function)  # a rate makes weights of gradients
    return _subtract_returned(values["named"], lambda: _call(function, values), is_moved)


def call_with_net(net: Any, values: Values, function: Function, argument: str, text: str) -> Any:
    """Call a function of a file with this text that is given a net as one argument."""
    given = give_of_torch(function, net, values, text)
    tensors = dict(zip("xt", make_tensors(values), strict=True)) if given else {}
    return _call(_fix(function, given | {argument: net}), values | tensors)


def _subtract_returned(
    net: object, run: Callable[[], object], is_moved: bool = False
) -> str | None:
    """Run what trains a net; where that changes nothing, subtract the gradients that it returns, or
    set the weights that it has moved.
    """
    before = read_arrays(net)
    result = run()
    if isinstance(result, Generator):
        deque(islice(result, MOST_VALUES), maxlen=0)  # it trains as these are asked for
    is_given = not trains(net, before) and subtract_gradients(net, result, is_moved=is_moved)
    return SUBTRACTED if is_given and not is_moved else None


def _get_method(net: Any, name: str) -> Function:
    """Return a method of a net by the name that its class gives it, which may be a private one."""
    is_private = name.startswith("__") and not name.endswith("__")
    found: Function = getattr(
        net, f"_{type(net).__name__.lstrip('_')}{name}" if is_private else name
    )
    return found


def _add_returned(net: Any, function: Function, values: Values, returned: Returned) -> Values:
    """Return the values with those of arguments that other methods return under their names."""
    found: dict[str, Any] = {}
    for parameter in list_arguments(function):
        method, place = returned.get(parameter.name, ("", None))
        is_asked = parameter.default is parameter.empty and method not in ("", function.__name__)
        if is_asked and find_argument_role(function, parameter.name) not in values:
            given = _call(_get_method(net, method), values)
            found[parameter.name] = given if place is None else given[place]
    return values | {"named": found | values["named"]}


def _call(function: Function, values: Values) -> Any:
    """Call a function by the roles of its arguments; the sizes of layers are a list, and those of
    "named" are given by name.
    """
    arguments = list_arguments(function)
    required = list_required(function)
    may_hold_both = "t" not in find_call_roles(function) and "composed" not in values
    known = {"t"} if may_hold_both else {"x", "t"}
    asked = [name for name in required if find_argument_role(function, name) not in known]
    asked += [p.name for p in arguments if re.fullmatch(FLAG, simplify_name(p.name))]
    values.setdefault("asked", []).extend(asked)
    own = [p for p in arguments if type(p.default) is not int]  # a number is no list of sizes
    dims = [p.name for p in own if re.fullmatch(DIMS, simplify_name(p.name))]
    fixed = dict.fromkeys(dims, values["dims"])
    fixed |= {name: values["named"][name] for name in asked if name in values["named"]}
    option = values.get("option", {})
    fixed |= {p.name: option[p.name] for p in arguments if p.name in option}
    return call_by_role(_fix(function, fixed) if fixed else function, values)


def _fix(function: Function, fixed: dict[str, Any]) -> Function:
    """Return the function without the arguments that are fixed."""
    signature = inspect.signature(function)
    rest = [p for p in signature.parameters.values() if p.name not in fixed]

    def call(*args: Any, **named: Any) -> Any:
        given = dict(zip((p.name for p in rest), args, strict=False))
        return function(**given, **named, **fixed)

    call.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    return call


def compose(net: Any, values: Values, returned: Returned) -> str | None:
    """Run forward, the loss, backward and the update of a net, one after the other; return JOINED
    where there is no update, and the gradients were subtracted.
    """
    values["composed"] = True
    forward = next(iter(_list_named(net, FORWARD)), find_method(net, "predict"))
    loss = find_method(net, "loss")
    outputs = _call(forward, values) if forward else None
    known = values | {"y": lambda: outputs, "kept": lambda: [outputs]}
    result = _call(loss, _add_outputs(forward, loss, known)) if loss else None
    back = next((each for each in _list_named(net, BACK) if each != loss), None)
    if back:
        known = _add_returned(net, back, known, returned)
    grads = _call(back, _add_outputs(forward, back, known)) if back else result
    update = next(iter(_list_named(net, UPDATE)), None)
    if update:
        names = [p.name for p in list_arguments(update) if "grad" in simplify_name(p.name)]
        _call(_fix(update, dict.fromkeys(names, grads)) if names else update, known)
        return None
    return JOINED if subtract_gradients(net, grads) else None


def _add_outputs(forward: Function | None, function: Function, values: Values) -> Values:
    """Return the values with the outputs for the argument beside targets that has an unknown name,
    which forward does not take: A of backward(A, Y).
    """
    if forward is None or find_call_roles(function) != {"t", None}:
        return values
    taken = list_required(forward)
    names = [name for name in list_required(function) if name not in taken]
    unknown = [name for name in names if find_argument_role(function, name) is None]
    given = {unknown[0]: values["y"]()} if len(unknown) == 1 else {}
    return values | {"named": given | values["named"]}


def move_by_loss(net: Any, values: Values) -> str:
    """Compute the loss of a net that has no gradients, and move the arrays of the net by it, which
    shows that they are its weights.
    """
    loss = find_method(net, "loss")
    assert loss is not None
    number = float(_call(loss, values))
    for array in (leaf.value for leaf in list_leaves({"net": net}).values()):
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            array -= number
    return DERIVED


def _list_named(net: Any, form: str) -> list[Function]:
    names = [n for n in dir(net) if not n.startswith("__") and re.fullmatch(form, simplify_name(n))]
    return [getattr(net, n) for n in sorted(names, key=len) if callable(getattr(net, n, None))]
