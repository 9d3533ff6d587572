"""Runs functions that make up a net one after the other: each is given what others return.

What a function returns is known by the names in its return statement, and goes where an argument
has the same name. Those that need nothing but sizes make the weights.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from inspect import Parameter
from typing import Any

import numpy as np

from trainer.checker.adapt.building import get_usual
from trainer.checker.adapt.names import (
    CACHE,
    OPTIONS,
    SIZES,
    find_argument_role,
    find_role,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.applying import subtract_gradients
from trainer.checker.find.guessing import DIMS, choose_usual, list_returned
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.trace import SUBTRACTED

KINDS = {  # names of one thing that is handed on, which functions call otherwise
    "cache": CACHE,
    "grads": r"d?grad(s|ients?)?",
    "params": r"param(s|eters)?|weights?|model|network|net",
}
OUTPUTS = "(outputs)"  # the key of what the first function of x and the weights returns first
Function = Callable[..., Any]


@dataclass
class Part:
    """A function of a net, and the names of what it returns."""

    name: str
    returned: tuple[str, ...]
    trains: bool  # whether it calls others in a loop

    def get(self, module: Namespace) -> Function:
        """Return the function, as the module has it now."""
        found: Function = module[self.name]
        return found


@dataclass
class Start:
    """Makes the weights with the functions that need nothing but sizes.

    It is used as an Instance is.
    """

    parts: list[Part]
    sizes: tuple[int, int, int]
    named: Namespace = field(default_factory=dict)
    expression: None = None
    takes_data: bool = False
    kind: None = None

    def build(self, module: Namespace, values: Namespace) -> Namespace:
        """Return the weights by name."""
        made: Namespace = {}
        for part in self.parts:
            names = list_required(part.get(module))
            values.setdefault("asked", []).extend(names)
            given = self._choose_sizes(names) | {
                k: v for k, v in values["named"].items() if k in names
            }
            made |= _name_results(part, part.get(module)(**given))
        return made

    def _choose_sizes(self, names: list[str]) -> Namespace:
        """Return the values of arguments: by their names, or else by their order."""
        found = {name: choose_usual(name, self.sizes) for name in names}
        D, H, C = self.sizes
        order = [D, *[H] * (len(names) - 2), C]
        sized = (value for name, value in found.items() if not find_role(name, OPTIONS))
        is_known = all(isinstance(value, int | list) for value in sized)
        return found if is_known or len(names) < 2 else dict(zip(names, order, strict=True))


def list_flows(
    module: Namespace, tree: ast.Module, sizes: tuple[int, int, int]
) -> Iterator[tuple[Start, Function, str]]:
    """Yield how the weights are made, a function of these and of values by role that runs one step,
    and its name; nothing where no function makes weights for another.
    """
    parts = list(_list_parts(module, tree))
    makers = [part for part in parts if part.returned and _needs_sizes_only(part.get(module))]
    rest = [part for part in parts if part not in makers and not part.trains]
    made = {_simplify(name) for part in makers for name in part.returned}
    users = [p for p in rest if made & {_simplify(a.name) for a in list_arguments(p.get(module))}]
    if makers and users:
        names = ", ".join(part.name for part in users)
        yield Start(makers, sizes), lambda net, values: _flow(module, rest, net, values), names


def _list_parts(module: Namespace, tree: ast.Module) -> Iterator[Part]:
    own = [n for n in tree.body if isinstance(n, ast.FunctionDef) and callable(module.get(n.name))]
    names = {node.name for node in own}
    for node in own:
        loops = [n for n in ast.walk(node) if isinstance(n, ast.For | ast.While)]
        called = {n.func.id for loop in loops for n in ast.walk(loop)
                  if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
        uses = [p for p in called & names if len(list_arguments(module[p])) > 1]
        yield Part(node.name, _find_returned(node), len(uses) > 1)


def _find_returned(function: ast.FunctionDef) -> tuple[str, ...]:
    """Return the names of what the last return statement returns, "" for what has none."""
    last = (list_returned(function) or [[]])[-1]
    return tuple(each.id if isinstance(each, ast.Name) else "" for each in last)


def _needs_sizes_only(function: Function) -> bool:
    forms = (
        f"{DIMS}|n[a-z]{{1,3}}\\d?",
        *SIZES.values(),
        OPTIONS["seed"],
        OPTIONS["rng"],
        OPTIONS["std"],
    )
    return all(
        any(re.fullmatch(form, simplify_name(n)) for form in forms) for n in list_required(function)
    )


@cache
def _simplify(name: str) -> str:
    """Return one name for what functions call otherwise."""
    simple = simplify_name(name)
    return next((kind for kind, form in KINDS.items() if re.fullmatch(form, simple)), simple)


def _name_results(part: Part, result: Any) -> Namespace:
    names = part.returned
    values = result if len(names) > 1 and isinstance(result, tuple) else (result,)
    return {n: v for n, v in zip(names, values, strict=False) if n}


def _flow(module: Namespace, parts: list[Part], net: Namespace, values: Namespace) -> str | None:
    """Run every function whose arguments are known, until there are no more; put the new weights
    into the place of the old ones, or subtract the gradients. Raise what the first function raises
    where nothing trains, or where it should return the weights.
    """
    known = {_simplify(name): value for name, value in net.items()}
    weights, waiting = set(known), list(parts)
    found: Namespace = {}
    errors: list[Exception] = []
    while ready := next((p for p in waiting if _list_given(p, module, known, values)), None):
        waiting.remove(ready)
        given = _list_given(ready, module, known, values) or {}
        try:
            results = _name_results(ready, ready.get(module)(**given))
        except Exception as error:  # of somebody's code: any can come
            if weights & {_simplify(name) for name in ready.returned}:
                raise
            errors.append(error)
            continue
        found |= results
        known = _add_results(known, results)
    new = {name: value for name, value in found.items() if _simplify(name) in weights}
    if new:
        _replace(net, new)
        return None
    if subtract_gradients(net, found):
        return SUBTRACTED
    if errors:
        raise errors[0]
    return None


def _add_results(known: Namespace, results: Namespace) -> Namespace:
    """Return what is known with what a function returned; what has a name already keeps it."""
    outputs = dict(zip([OUTPUTS], results.values(), strict=False))
    return outputs | {_simplify(name): value for name, value in results.items()} | known


def _list_given(
    part: Part, module: Namespace, known: Namespace, values: Namespace
) -> Namespace | None:
    """Return what a function is given; None where an argument is not known, or none is of a net."""
    given: Namespace = {}
    for parameter, name, role in _list_roles(part.get(module)):
        if name in known:
            given[parameter.name] = known[name]
        elif role == "y" and OUTPUTS in known:
            given[parameter.name] = known[OUTPUTS]
        elif role in ("x", "t", "lr", "reg", "batch", "epochs") and role in values:
            given[parameter.name] = values[role]
        elif role in ("rng", "seed"):
            given[parameter.name] = get_usual(role)
        elif parameter.default is parameter.empty:
            return None
    is_of_net = any(_simplify(name) in known for name in given)
    return given if is_of_net else None


@cache
def _list_roles(function: Function) -> list[tuple[Parameter, str, str | None]]:
    """Return the arguments of a function, and of each the one name and the role that it has."""
    arguments = list_arguments(function)
    return [(a, _simplify(a.name), find_argument_role(function, a.name)) for a in arguments]


def _replace(net: Namespace, new: Namespace) -> None:
    """Put new values into the place of the old ones, in arrays that stay the same."""
    kinds = {_simplify(name): name for name in net}
    for name, value in new.items():
        own = kinds[_simplify(name)]
        if isinstance(net[own], np.ndarray):
            net[own] = np.array(value)
        elif isinstance(net[own], dict) and value is not net[own]:
            net[own].update(value)
        elif value is not net[own]:
            net[own] = value
