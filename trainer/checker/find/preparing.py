"""Finds the methods that a net wants to be called before it trains: they set what it lacks, or add
its layers.
"""

import ast
import copy
import linecache
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import (
    SIZES,
    find_call_roles,
    find_role,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.choices import Choices
from trainer.checker.find.composing import BACK
from trainer.checker.find.instances import Instance
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.trying import Outcome, Run, Trier

MOST = 3  # methods that are called before
ADDS = "add.*|append.*"


def prepare(
    trier: Trier,
    instance: Instance,
    run: Run,
    best: Outcome,
    data: Mapping[str, Any],
) -> Outcome:
    """Return how far a call comes that came so far, and give the instance the methods that are to
    be called before: where a line fails that reads an attribute which is not set yet, one that
    sets it.
    """
    for _ in range(MOST):
        better = best.error and _improve(trier, instance, run, best, data)
        if not better:
            break
        best = better
    return best


def add_layers(trier: Trier, instance: Instance) -> None:
    """Give an instance the method that adds layers, and its arguments for two of them, where its
    net begins without any.
    """
    instance.added = []
    nothing: dict[str, Any] = {"named": {}}  # of the arguments is chosen yet
    net = attempt(lambda: instance.build(trier.choices.module, nothing)).value
    kept = vars(net) if hasattr(net, "__dict__") else {}
    empty = {name for name, value in kept.items() if isinstance(value, list) and not value}
    for method in _list_methods(instance):
        if re.fullmatch(ADDS, simplify_name(method.name)) and empty & _list_set(method):
            added = _choose_added(trier.choices, getattr(net, method.name))
            instance.adder, instance.added = method.name, added
            return


def _choose_added(choices: Choices, method: Callable[..., Any]) -> list[Namespace]:
    """Return the arguments of a method that adds a layer, for each of two: layers of the file, or
    sizes by their names.
    """
    first, *rest = list_required(method) or [""]
    layers = choices.make_layers() if first and not rest else []
    if layers and find_role(first, SIZES) is None:
        return [{first: layer} for layer in layers]
    usual = {name: choices.choose_usual(name) for name in rest}
    sized = {p.name: find_role(p.name, SIZES) or ("C" if p.name == first else "")
             for p in list_arguments(method)}  # fmt: skip
    D, H, C = choices.sizes
    return [
        usual | {name: before if role == "D" else number for name, role in sized.items() if role}
        for before, number in ((D, H), (H, C))
    ]


def _improve(
    trier: Trier, instance: Instance, run: Run, best: Outcome, data: Mapping[str, Any]
) -> Outcome | None:
    """Return how far the call comes after one more method, None where none helps."""
    before = instance.setups
    net = attempt(lambda: _build(trier, instance, best, data)).value
    for name in _list_setters(trier, instance, net, best.error) if net is not None else ():
        instance.setups = [name, *before]
        outcome = trier.find_best(run, best.named, data)
        if outcome.error is None or outcome.reached[0] > best.reached[0]:
            return outcome
    instance.setups = before
    return None


def _build(trier: Trier, instance: Instance, best: Outcome, data: Mapping[str, Any]) -> Any:
    given = {**data, "named": copy.deepcopy(best.named)}
    return instance.build(trier.choices.module, given)


def _list_setters(
    trier: Trier, instance: Instance, net: Any, error: Exception | None
) -> Iterator[str]:
    """Yield the methods that set an attribute of a failing line, and that are not called yet."""
    file, line = trier.find_place(error) if error else ("", 0)
    text = linecache.getline(file, line) + str(error)
    asked = re.findall(r"self\.(\w+)|no attribute '(\w+)'", text)
    lacking = {name for pair in asked for name in pair if name and _is_unset(net, name)}
    for method in _list_methods(instance):
        is_other = not method.lineno <= line <= (method.end_lineno or 0)
        if is_other and method.name not in instance.setups and lacking & _list_set(method):
            yield method.name


def _is_unset(net: Any, name: str) -> bool:
    value = getattr(net, name, None)
    return value is None or (isinstance(value, list | dict | int | float) and not value)


def _list_methods(instance: Instance) -> Iterator[ast.FunctionDef]:
    """Yield the methods of the instance's class that take no data and compute no gradients."""
    methods = (each for each in instance.body if isinstance(each, ast.FunctionDef))
    yield from (each for each in methods if _prepares(instance.kind, each.name))


def _prepares(kind: type, name: str) -> bool:
    if name.startswith("__") or re.fullmatch(BACK, simplify_name(name)):
        return False
    return not {"x", "t"} & find_call_roles(getattr(kind, name))


def _list_set(method: ast.FunctionDef) -> set[str]:
    """Return the attributes of self that a method sets, or puts something into."""
    found: set[str] = set()
    for node in ast.walk(method):
        match node:
            case (
                ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store())
                | ast.Subscript(
                    value=ast.Attribute(value=ast.Name(id="self"), attr=name), ctx=ast.Store()
                )
                | ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="self"), attr=name), attr="append"
                )
            ):
                found.add(name)
    return found
