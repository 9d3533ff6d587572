"""Finds the calls that add layers to a net which begins without any."""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import (
    SIZES,
    find_role,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.assembling import Assembler
from trainer.checker.find.guessing import list_dims
from trainer.checker.find.instances import Added, Instance, list_shapes
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.pairing import FORWARD
from trainer.checker.find.preparing import is_unset, list_preparing, list_set
from trainer.checker.load.attributes import read_attributes

ADDS = ".*(add|append|push|stack).*"
SAMPLES = 3  # that go through layers
PLACES = ".*(in(p|_?lay)).*", ".*hid.*", ".*out.*"  # of layers, in the names of methods


def add_layers(assembler: Assembler, instance: Instance) -> None:
    """Give an instance the calls that add its layers, where its net begins without any."""
    instance.added = []
    nothing: dict[str, Any] = {"named": {}}  # of the arguments is chosen yet
    build = lambda: instance.build(assembler.module, nothing)  # noqa: E731
    net = attempt(build).value
    adders, others = _find_adders(assembler, instance, net)
    before = [m.name for m in others if _opens(m, adders, net)]
    opened = [(name, _give_sizes(assembler, getattr(net, name), *assembler.sizes[:2]))
              for name in before]  # fmt: skip
    names = [method.name for method in adders]
    for added in _list_added(assembler, net, names) if adders else ():
        given = (value for _, named in added for value in named.values())
        if any(isinstance(value, instance.kind) for value in given):
            continue  # no net is a layer of itself
        instance.added = [*opened, *added]
        if attempt(build).error is None:
            return
    instance.added = []


def _find_adders(
    assembler: Assembler, instance: Instance, net: Any
) -> tuple[list[ast.FunctionDef], list[ast.FunctionDef]]:
    """Return the methods that put something into a list which is empty at first, those only whose
    names say so or that are given layers; and the methods that do not. Of a net without weights the
    list may have something, such as the number of inputs.
    """
    lists = {name: each for name, each in read_attributes(net).items() if isinstance(each, list)}
    empty = {name for name, value in lists.items() if not value}
    may_fill = empty if list_shapes(net) else lists.keys()
    sets = [(method, list_set(method)) for method in list_preparing(instance)]
    filling = [method for method, names in sets if empty & names]
    named = [method for method, names in sets if may_fill & names
             and re.fullmatch(ADDS, simplify_name(method.name))]  # fmt: skip
    given = (m for m in filling if not named and _adds_layers(assembler, getattr(net, m.name)))
    return [*named, *given], [method for method, _ in sets if method not in [*filling, *named]]


def _adds_layers(assembler: Assembler, method: Callable[..., Any]) -> bool:
    """Return whether a method of any name is given a layer."""
    required = list_required(method)
    return len(required) == 1 and any(assembler.list_layers(required[0], is_one=True))


def _opens(method: ast.FunctionDef, adders: list[ast.FunctionDef], net: Any) -> bool:
    """Return whether a method, such as begin(), gives a value to what a net has without one, and
    what the methods that add layers to it read.
    """
    nodes = (node for each in adders for node in ast.walk(each))
    read = {n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}
    kept = {name for name in read & list_set(method) if hasattr(net, name)}
    return any(is_unset(net, name) for name in kept)


def _list_added(assembler: Assembler, net: Any, adders: list[str]) -> Iterator[list[Added]]:
    """Yield the calls that add layers: objects, one by one, or sizes to the methods that are named
    after the place of a layer.
    """
    required = [p.name for p in list_arguments(getattr(net, adders[0]))][:1]
    for name in required:
        found = list(assembler.list_layers(name, is_one=True))
        for layers in sorted(found, key=lambda layers: not _passes(layers, assembler.sizes[0])):
            yield [(adders[0], {name: layer}) for layer in layers]
    pairs = [*pairwise(list_dims(assembler.sizes))]
    places = [_find_adder(adders, place) for place in PLACES]
    first = [(places[0], (pairs[0][0],) * 2)] if places[0] and len(adders) > 1 else []
    hidden = places[1] or next((a for a in adders if a != places[0]), adders[0])
    calls = [*first, *((hidden, pair) for pair in pairs[:-1]), (places[2] or hidden, pairs[-1])]
    yield [(name, _give_sizes(assembler, getattr(net, name), *pair)) for name, pair in calls]


def _passes(layers: list[Any], inputs: int) -> bool:
    """Return whether layers have a method forward, through which samples go from one to the next,
    as rows or as columns.
    """
    layers = attempt(lambda: copy.deepcopy(layers)).value or []
    names = [n for n in dir(layers[0]) if re.fullmatch(FORWARD, simplify_name(n))] if layers else []
    go = lambda x: reduce(lambda y, layer: getattr(layer, names[0])(y), layers, x)  # noqa: E731
    ways = (np.ones((SAMPLES, inputs)), np.ones((inputs, SAMPLES)))
    return bool(names) and any(attempt(go, x).error is None for x in ways)


def _find_adder(adders: list[str], place: str) -> str:
    return next((name for name in adders if re.fullmatch(place, name.lower())), "")


def _give_sizes(
    assembler: Assembler, method: Callable[..., Any], before: int, after: int
) -> Namespace:
    """Return the arguments of a method that is given the size of a layer, or that before it too."""
    slots = assembler.list_slots(method)
    roles = {p.name: find_role(p.name, SIZES) for p in list_arguments(method)}
    given = assembler.give(method, (before, after)[-len(slots) or 2 :])
    found = {name: before if role == "D" else after for name, role in roles.items() if role}
    return given | (found if len(slots) < 2 or {*found} >= {*slots} else {})
