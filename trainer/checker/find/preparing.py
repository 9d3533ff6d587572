"""Finds the methods that a net wants to be called before it trains: they set what it lacks."""

import ast
import copy
import linecache
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import find_call_roles, simplify_name
from trainer.checker.find.composing import BACK
from trainer.checker.find.instances import Instance
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.trying import Outcome, Run, Trier

MOST = 3  # methods that are called before


def prepare(
    trier: Trier,
    instance: Instance,
    run: Run,
    best: Outcome,
    data: Mapping[str, Any],
) -> Namespace:
    """Return the values by name with which a call comes farthest, which came so far, and give the
    instance the methods that are to be called before: where a line fails that reads an attribute
    which is not set yet, one that sets it.
    """
    for _ in range(MOST):
        better = best.error and _improve(trier, instance, run, best, data)
        if not better:
            break
        best = better
    return best.named


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
    for node in instance.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == instance.kind.__name__:
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
            yield from (each for each in methods if _prepares(instance.kind, each.name))


def _prepares(kind: type, name: str) -> bool:
    method = getattr(kind, name)
    is_back = re.fullmatch(BACK, simplify_name(name)) is not None
    takes_data = bool({"x", "t"} & find_call_roles(method))
    return not (name.startswith("__") or is_back or takes_data)


def _list_set(method: ast.FunctionDef) -> set[str]:
    """Return the attributes of self that a method sets."""
    nodes = (n for n in ast.walk(method) if isinstance(n, ast.Attribute))
    own = (n for n in nodes if isinstance(n.value, ast.Name) and n.value.id == "self")
    return {n.attr for n in own if isinstance(n.ctx, ast.Store)}
