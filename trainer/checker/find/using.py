"""Reads how code uses an argument: which attributes it reads of it, and of its parts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from trainer.checker.find.guessing import find_last_name, list_nodes

COMMON = {name for kind in (np.ndarray, list, dict, str, int) for name in dir(kind)}
CALL = "__call__"  # among the attributes of what is called itself


@dataclass(frozen=True)
class Use:
    """The attributes that code reads of a value, and of the parts of a list; and whether code takes
    the parts of a value by their numbers.
    """

    own: frozenset[str]
    parts: frozenset[str]
    is_pair: bool


@lru_cache(maxsize=256)
def find_use(tree: ast.Module, name: str) -> Use:
    """Return how code uses an argument: under its name, as the attribute that it becomes, and as a
    part of the list to which it is added.
    """
    values, lists = _list_names(tree, name)
    own = _list_read(tree, values, set(_list_parts(tree, lists)), lists)
    parts = _list_read(tree, set(), set(_list_parts(tree, values)), values)
    is_pair = any(_find_name(n.value) in values and isinstance(n.slice, ast.Constant)
                  and isinstance(n.slice.value, int)
                  for n in list_nodes(tree, ast.Subscript))  # fmt: skip
    return Use(own, parts, is_pair)


def count_given(tree: ast.Module, name: str) -> set[int]:
    """Return with how many arguments code calls what it knows under a name, or stores it as."""
    values, _lists = _list_names(tree, name)
    return {len(n.args) for n in list_nodes(tree, ast.Call) if _find_name(n.func) in values}


def list_beside(tree: ast.Module, attribute: str) -> set[str]:
    """Return an attribute and those that code reads of variables of the same names."""
    read = [(find_last_name(n.value), n.attr) for n in list_nodes(tree, ast.Attribute)]
    names = {name for name, attr in read if attr == attribute} - {"", "self"}
    return {attr for name, attr in read if name in names}


def is_iterated(tree: ast.Module, function: str, name: str) -> bool:
    """Return whether a function goes over the parts of an argument, or takes some of them."""
    own = (n for n in list_nodes(tree, ast.FunctionDef) if n.name == function)
    for node in (each for definition in own for each in ast.walk(definition)):
        match node:
            case ast.Subscript(value=ast.Name(id=base)) if base == name:
                return True
            case ast.For(iter=given) | ast.comprehension(iter=given):
                if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(given)):
                    return True
    return False


def _list_read(
    tree: ast.Module, values: set[str], parts: set[str], lists: set[str]
) -> frozenset[str]:
    """Return the attributes that code reads of values, of parts, and of what lists have."""
    found = set()
    for node in list_nodes(tree, ast.Attribute, ast.Call):
        match node:
            case ast.Attribute(value=base, attr=attr) if attr not in COMMON:
                name = attr
            case ast.Call(func=base):
                name = CALL
            case _:
                continue
        is_part = isinstance(base, ast.Subscript) and find_last_name(base) in lists
        if is_part or _find_name(base) in values | parts:
            found.add(name)
    return frozenset(found)


def _list_names(tree: ast.Module, name: str) -> tuple[set[str], set[str]]:
    """Return the names that an argument has, and those of lists that it is added to."""
    values, lists = {name}, set()
    for node in list_nodes(tree, ast.Assign, ast.Call):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=it) if _is_copy_of(it, name):
                values.add(attr)
            case ast.Call(func=ast.Attribute(value=base, attr="append"), args=[value]) if (
                _is_copy_of(value, name)
            ):
                lists.add(find_last_name(base))
    return values, lists


def _is_copy_of(node: ast.expr, name: str) -> bool:
    """Return whether an expression is a name, or a copy of it."""
    match node:
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inner]):
            return _is_copy_of(inner, name)
    return isinstance(node, ast.Name) and node.id == name


def _list_parts(tree: ast.Module, lists: set[str]) -> Iterator[str]:
    """Yield the names that loops and assignments give to the parts of lists."""
    for node in list_nodes(tree, ast.For, ast.comprehension, ast.Assign) if lists else ():
        match node:
            case ast.For(target=target, iter=given) | ast.comprehension(target=target, iter=given):
                if any(_find_name(n) in lists for n in ast.walk(given)) and not _counts(given):
                    yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            case ast.Assign(targets=[ast.Name(id=part)], value=ast.Subscript() as value):
                if find_last_name(value) in lists:
                    yield part


def _counts(given: ast.expr) -> bool:
    """Return whether a loop goes over numbers: range(len(self.layers))."""
    functions = (n.func for n in list_nodes(given, ast.Call))
    return any(isinstance(f, ast.Name) and f.id == "range" for f in functions)


def _find_name(node: ast.AST) -> str:
    """Return the last name of a variable or an attribute, "" for others."""
    return find_last_name(node) if isinstance(node, ast.Name | ast.Attribute) else ""
