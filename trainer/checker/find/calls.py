"""Calls functions and methods that train somebody's net, with small data in each usual layout."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from trainer.checker.adapt.names import (
    METHODS,
    call_by_role,
    find_argument_role,
    find_call_roles,
    find_method,
    list_arguments,
    simplify_name,
)
from trainer.checker.find.applying import read_arrays, subtract_gradients
from trainer.checker.find.datasets import draw_samples
from trainer.checker.find.discovering import Discovery
from trainer.checker.find.guessing import DIMS
from trainer.checker.find.instances import REG, SIZES, Instance, guess_sizes, list_instances
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.shortening import shorten
from trainer.checker.find.steps import SUBTRACTED, Step, capture_call
from trainer.checker.find.tracing import Tracer

N = 7  # samples: no usual size, and not as many of each class
LAYOUTS = 10
NET = r".*net(work)?|model|nn|mlp|classifier|clf"
UPDATE = r"update.*|step|optimi[sz]e.*|apply.*|adjust.*|.*descen.*"
BACK = METHODS["gradient"] + r"|.*back.*"
Function = Callable[..., Any]
Returned = Mapping[str, tuple[str, int | None]]  # name: the method that returns it, and where


def list_data(D: int, C: int) -> list[tuple[Any, Any, int]]:
    """Return inputs, targets and the number of outputs in each layout."""
    return list(_make_data(D, C))


def _make_data(D: int, C: int) -> Iterator[tuple[Any, Any, int]]:
    labels = np.arange(N) % max(C, 2)
    x, hot = draw_samples(labels, D, C)
    yield x, hot, C
    yield x.T, hot.T, C
    yield x[0], hot[1], C
    yield x, labels, C
    yield x, labels.reshape(-1, 1).astype(float), 1
    yield x.T, labels.reshape(1, -1).astype(float), 1
    pairs = zip(x, hot, strict=True)
    yield [(row.reshape(-1, 1), each.reshape(-1, 1)) for row, each in pairs], None, C
    yield x[:1].T, hot[1:2].T, C
    yield x[:1], hot[1:2], C
    yield x[0], int(labels[1]), C


@dataclass
class Call:
    """A way to train: a function of a net and of values by their roles, and how the net is made.

    instance is None for a function of the file that makes its weights itself.
    """

    function: Function
    name: str
    instance: Instance | None = None

    @property
    def kind(self) -> type | None:
        """The class of the net, None for a function."""
        return self.instance.kind if self.instance else None

    def list_sizes(self, module: Namespace) -> list[tuple[int, int]]:
        """Return the numbers of inputs and outputs that the net may have."""
        usual = [(SIZES[0], SIZES[2])]
        if self.instance is None or (self.instance.takes_data and not self.instance.expression):
            return usual
        usual = usual if self.instance.expression is None else []
        return list(dict.fromkeys([*usual, *guess_sizes(self.instance.build(module))]))

    def follow(self, tracer: Tracer, module: Namespace, x: Any, t: Any, C: int) -> list[Step]:
        """Return the steps of the loops in it, and the call itself as one."""
        values = _make_values(x, t, C)
        net = self._build(module, values)
        steps = Discovery(tracer).follow(lambda: self.function(net, values))
        runs = lambda net, x, t: self.function(net, values | {"x": x, "t": t})  # noqa: E731
        names = {"net": self._build(module, values), "x": x, "t": t}
        whole = capture_call(tracer, module, self.name, runs, names)
        shorten(whole)
        return [*steps, whole]

    def _build(self, module: Namespace, values: dict[str, Any]) -> Any:
        return self.instance.build(module, values) if self.instance else None


def _make_values(x: Any, t: Any, C: int) -> dict[str, Any]:
    D, H, _ = SIZES
    return {"x": x, "t": t, "lr": 0.1, "reg": REG, "batch": N, "epochs": 2, "D": D, "H": H,
            "C": C, "dims": [D, H, C]}  # fmt: skip


def list_calls(module: Namespace, tree: ast.Module) -> list[Call]:
    """Return the ways to train what a module defines: its nets by their methods, its functions.

    Classes whose instances other classes make come last: they are layers.
    """
    parts = _list_parts(module)
    nets = sorted(_list_nets(module, tree), key=lambda call: call.kind in parts)
    return [*nets, *_list_functions(module)]


def _list_parts(module: Namespace) -> set[type | None]:
    """Return the classes of a module that the methods of others name."""
    kinds = [value for value in list(module.values()) if isinstance(value, type)]
    methods = [(kind, m) for kind in kinds for _, m in inspect.getmembers(kind, inspect.isfunction)]
    return {each for each in kinds for kind, method in methods
            if kind is not each and each.__name__ in method.__code__.co_names}  # fmt: skip


def _list_nets(module: Namespace, tree: ast.Module) -> Iterator[Call]:
    for instance in list_instances(module, tree):
        for name, method in inspect.getmembers(instance.kind, inspect.isfunction):
            if not name.startswith("__") and _may_train(name, method, instance.takes_data):
                runs = partial(_call_method, name=name, returned=instance.returned)
                yield Call(runs, name, instance)
        names = dir(instance.kind)
        if any(re.fullmatch(BACK, simplify_name(name)) for name in names):
            composed = partial(_compose, returned=instance.returned)
            yield Call(composed, instance.kind.__name__, instance)


def list_users(module: Namespace, tree: ast.Module) -> list[Call]:
    """Return the functions that are given a net, samples and targets, with each kind of net."""
    instances = [each for each in list_instances(module, tree) if not each.expression]
    return list(_list_users(module, instances))


def _list_users(module: Namespace, instances: list[Instance]) -> Iterator[Call]:
    for function in list(module.values()):
        if not _is_own_function(function, module) or not {"x", "t"} <= find_call_roles(function):
            continue
        nets = [p.name for p in list_arguments(function) if re.fullmatch(NET, p.name.lower())]
        for instance in instances if len(nets) == 1 else ():
            runs = partial(_call_with_net, function=function, argument=nets[0])
            yield Call(runs, function.__name__, instance)


def _is_own_function(value: Any, module: Namespace) -> bool:
    is_own = getattr(value, "__module__", None) == module.get("__name__")
    return is_own and isinstance(value, FunctionType)


def _call_alone(_net: None, values: dict[str, Any], function: Function) -> Any:
    return _call(function, values)


def _call_with_net(net: Any, values: dict[str, Any], function: Function, argument: str) -> Any:
    return _call(_fix(function, {argument: net}), values)


def _may_train(name: str, method: Function, has_data: bool) -> bool:
    """Return whether a method may train a net, which may have its data from its constructor."""
    roles = find_call_roles(method)
    required = [p for p in list_arguments(method) if p.default is p.empty and p.name != "self"]
    if re.fullmatch(METHODS["numerical"], simplify_name(name)):
        return False
    is_named = re.fullmatch(METHODS["train"], simplify_name(name)) is not None
    return {"x", "t"} <= roles or (is_named and (has_data or bool(required)))


def _list_functions(module: Namespace) -> Iterator[Call]:
    for function in list(module.values()):
        if _is_own_function(function, module) and {"x", "t"} <= find_call_roles(function):
            yield Call(partial(_call_alone, function=function), function.__name__)


def _call_method(net: Any, values: dict[str, Any], name: str, returned: Returned) -> str | None:
    """Call a method that trains, or that returns gradients, which are subtracted then."""
    before = read_arrays(net)
    result = _call(getattr(net, name), _add_returned(net, name, values, returned))
    now = read_arrays(net)
    if all(np.array_equal(now[path], old) for path, old in before.items() if path in now):
        return SUBTRACTED if subtract_gradients(net, result) else None
    return None


def _add_returned(
    net: Any, name: str, values: dict[str, Any], returned: Returned
) -> dict[str, Any]:
    """Return the values with those of arguments that other methods return under their names."""
    found: dict[str, Any] = {}
    for parameter in list_arguments(getattr(net, name)):
        method, place = returned.get(parameter.name, ("", None))
        is_asked = parameter.default is parameter.empty and method not in ("", name)
        if is_asked and find_argument_role(getattr(net, name), parameter.name) not in values:
            given = _call(getattr(net, method), values)
            found[parameter.name] = given if place is None else given[place]
    return values | {"named": found}


def _call(function: Function, values: dict[str, Any]) -> Any:
    """Call a function by the roles of its arguments; the sizes of layers are a list, and those of
    "named" are given by name.
    """
    dims = [p.name for p in list_arguments(function) if re.fullmatch(DIMS, simplify_name(p.name))]
    if dims:
        function = _fix(function, dict.fromkeys(dims, values["dims"]))
    named = {p.name: values["named"][p.name] for p in list_arguments(function)
             if p.name in values.get("named", {})}  # fmt: skip
    return call_by_role(_fix(function, named) if named else function, values)


def _fix(function: Function, fixed: dict[str, Any]) -> Function:
    """Return the function without the arguments that are fixed."""
    signature = inspect.signature(function)
    rest = [p for p in signature.parameters.values() if p.name not in fixed]

    def call(*args: Any, **named: Any) -> Any:
        given = dict(zip((p.name for p in rest), args, strict=False))
        return function(**given, **named, **fixed)

    call.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
    return call


def _compose(net: Any, values: dict[str, Any], returned: Returned) -> None:
    """Run forward, the loss, backward and the update of a net, one after the other."""
    forward, loss = find_method(net, "predict"), find_method(net, "loss")
    outputs = _call(forward, values) if forward else None
    known = values | {"y": lambda: outputs, "kept": lambda: [outputs]}
    result = _call(loss, known) if loss else None
    back = next(iter(_list_named(net, BACK)), None)
    if back:
        known = _add_returned(net, back.__name__, known, returned)
    grads = _call(back, known) if back else result
    update = next(iter(_list_named(net, UPDATE)), None)
    if update:
        names = [p.name for p in list_arguments(update) if "grad" in simplify_name(p.name)]
        _call(_fix(update, dict.fromkeys(names, grads)) if names else update, known)
    else:
        subtract_gradients(net, grads)


def _list_named(net: Any, form: str) -> list[Function]:
    names = [n for n in dir(net) if not n.startswith("__") and re.fullmatch(form, simplify_name(n))]
    return [getattr(net, n) for n in sorted(names, key=len) if callable(getattr(net, n, None))]
