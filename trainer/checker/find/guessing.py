"""Guesses what the constructor of somebody's net may be given, by what its code compares."""

import ast
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from trainer.checker.adapt.building import get_usual
from trainer.checker.adapt.names import OPTIONS, SIZES, find_role, list_arguments, simplify_name
from trainer.checker.find.leaves import Namespace

DIMS = r".*(dims|sizes|layers|shape|structure|architecture|topology)"
NEURONS = r".*(neurons|units)"
COUNT = r"(n|num|number|no)(of|hidden)*layers?"
MOST = 24  # ways to call one constructor


def list_guesses(
    kind: type, tree: ast.Module, module: Namespace, sizes: tuple[int, int, int]
) -> Iterator[dict[str, Any]]:
    """Yield values for the arguments that a class requires.

    sizes are the numbers of inputs, hidden neurons and outputs.
    """
    words = _list_words(kind, tree, module)
    choices = {
        p.name: _choose(p.name, words[p.name], sizes)
        for p in list_arguments(kind) if p.default is p.empty
    }  # fmt: skip
    for values in islice(product(*choices.values()), MOST):
        yield dict(zip(choices, values, strict=True))


def _choose(name: str, words: list[str], sizes: tuple[int, int, int]) -> list[Any]:
    """Return the values that an argument may have, the likeliest first."""
    D, H, C = sizes
    simple = simplify_name(name)
    words = sorted(words, key=lambda word: "zero" in word)  # from which nothing is learnt
    if words:
        return [*words, *([word] * 2 for word in words), *([word] * 3 for word in words)]
    if re.fullmatch(COUNT, simple):
        return [3, 2, 1]
    if re.fullmatch(f"{DIMS}|{NEURONS}", simple):
        return [[D, H, C], [H], H]
    if role := find_role(name, SIZES):
        return [dict(zip("DHC", sizes, strict=True))[role]]
    return [get_usual(find_role(name, OPTIONS))]


def _list_words(kind: type, tree: ast.Module, module: Namespace) -> dict[str, list[str]]:
    """Return the texts with which code compares each argument of a class, or what it becomes."""
    names = {p.name: {p.name} for p in list_arguments(kind)}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=ast.Name(id=name)):
                names.get(name, set()).add(attr)
    found: dict[str, list[str]] = {name: [] for name in names}
    for node in ast.walk(tree):
        for name, words in _find_words(node, module):
            for argument, others in names.items():
                if name in others:
                    found[argument] += [w for w in words if w not in found[argument]]
    return found


def _find_words(node: ast.AST, module: Namespace) -> Iterator[tuple[str, list[str]]]:
    """Yield the name that a node compares or looks up, and the texts that it may be."""
    match node:
        case ast.Compare(left=left, comparators=[right]):
            parts = right.elts if isinstance(right, ast.List | ast.Tuple | ast.Set) else [right]
            yield _name(left), _list_texts(parts)
        case ast.Subscript(value=ast.Name(id=base), slice=index) if isinstance(
            table := module.get(base), dict
        ):
            yield _name(index), [key for key in table if isinstance(key, str)]


def _name(node: ast.expr) -> str:
    """Return the last name of a variable, an attribute, or an element of one, "" for others."""
    match node:
        case ast.Subscript(value=base):
            return _name(base)
        case ast.Attribute(attr=attr):
            return attr
        case ast.Name(id=name):
            return name
    return ""


def _list_texts(nodes: list[ast.expr]) -> list[str]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [value for value in values if isinstance(value, str)]
