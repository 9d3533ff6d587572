"""Finds the methods that a net wants to be called before it trains: they set what it lacks."""

import ast
import copy
import linecache
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import (
    find_argument_role,
    list_arguments,
    simplify_name,
)
from trainer.checker.find.composing import BACK
from trainer.checker.find.instances import Instance
from trainer.checker.find.trying import Outcome, Run, Trier

MOST = 3  # methods that are called before
SIZED = "size|dim|num|count|nodes|units"  # in names of what is no data


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
    lacking = {name for pair in asked for name in pair if name and is_unset(net, name)}
    for method in list_preparing(instance):
        is_other = not method.lineno <= line <= (method.end_lineno or 0)
        if is_other and method.name not in instance.setups and lacking & list_set(method):
            yield method.name


def is_unset(net: Any, name: str) -> bool:
    """Return whether a net has nothing under a name yet, or what stands for that."""
    value = getattr(net, name, None)
    is_number = isinstance(value, int | float)
    return (
        value is None
        or (is_number and value <= 0)
        or (isinstance(value, list | dict) and not value)
    )


def list_preparing(instance: Instance) -> Iterator[ast.FunctionDef]:
    """Yield the methods of the instance's class that take no data and compute no gradients."""
    methods = (each for each in instance.body if isinstance(each, ast.FunctionDef))
    yield from (each for each in methods if _prepares(instance.kind, each.name))


def _prepares(kind: type, name: str) -> bool:
    if name.startswith("__") or re.fullmatch(BACK, simplify_name(name)):
        return False
    method = getattr(kind, name)
    given = [p.name for p in list_arguments(method) if not re.search(SIZED, p.name.lower())]
    return not {"x", "t"} & {find_argument_role(method, each) for each in given}


def list_set(method: ast.FunctionDef) -> set[str]:
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
