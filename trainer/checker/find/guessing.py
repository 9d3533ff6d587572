"""Guesses what the arguments of somebody's net may be, by their names and by what code compares."""

import ast
import copy
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from trainer.checker.adapt.building import get_usual
from trainer.checker.adapt.names import OPTIONS, SIZES, find_role, simplify_name
from trainer.checker.find.leaves import Namespace
from trainer.checker.load.attributes import read_attributes

DIMS = r".*(dim(ension)?s|sizes|layers|shape|structure|architecture|topology)"
COUNT = r"(n|num|number|no)(of|hidden)*layers?"
NEURONS = r"(?!n(um)?(of)?(hid|in|out)).*(neurons|units)"
Node = TypeVar("Node", bound=ast.AST)
SPOKEN = ast.Compare, ast.Call, ast.Subscript  # what shows which texts a name may be
TABLES = ast.List, ast.Tuple, ast.Set
SMALL = 5  # sizes up to here stay as they are


def list_dims(sizes: tuple[int, int, int]) -> list[int]:
    """Return the sizes of the layers of a net with two hidden layers: what is wrong on the way from
    one to the other shows in no smaller one.
    """
    D, H, C = sizes
    return [D, H, D + 1, C]


def choose_usual(name: str, sizes: tuple[int, int, int]) -> Any:
    """Return the likeliest value of a constructor's argument.

    sizes are the numbers of inputs, hidden neurons and outputs.
    """
    simple = simplify_name(name)
    if re.fullmatch(COUNT, simple):
        return len(list_dims(sizes))
    if re.fullmatch(f"{DIMS}|{NEURONS}", simple):
        return list_dims(sizes)
    if role := find_role(name, SIZES):
        return dict(zip("DHC", sizes, strict=True))[role]
    return get_usual(find_role(name, OPTIONS))


def shrink(node: ast.expr) -> ast.expr:
    """Return an expression with small whole numbers in place of large ones, equal for equal."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    large = sorted({n for n in found if type(n) is int and n > SMALL})
    sizes = {n: SMALL + 1 + i for i, n in enumerate(large)}
    made = copy.deepcopy(node)
    for each in ast.walk(made):
        if isinstance(each, ast.Constant) and type(each.value) is int:
            each.value = sizes.get(each.value, each.value)
    return made


def list_nodes(tree: ast.AST, *kinds: type[Node]) -> tuple[Node, ...]:
    """Return the nodes of a tree that are of some kinds; it is walked once."""
    return _select(tree, kinds)


@lru_cache(maxsize=256)
def _select(tree: ast.AST, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    return tuple(node for node in _walk(tree) if isinstance(node, kinds))


@lru_cache(maxsize=256)
def _walk(tree: ast.AST) -> list[ast.AST]:
    return list(ast.walk(tree))


def list_words(name: str, tree: ast.Module, module: Namespace) -> list[str]:
    """Return the texts with which code compares an argument, or the attribute that it becomes."""
    names = _list_names(name, tree)
    spoken = (node for node in list_nodes(tree, *SPOKEN) if _find_spoken(node) in names)
    words = dict.fromkeys(word for node in spoken for word in _list_words(node, module))
    return sorted(words, key=lambda word: "zero" in word)  # from which nothing is learnt


def _list_names(name: str, tree: ast.Module) -> set[str]:
    """Return the names that an argument has: its own, and those that it is assigned to."""
    names = {name}
    for node in list_nodes(tree, ast.Assign):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=ast.Name(id=own)):
                names |= {attr} if own == name else set()
            case ast.Assign(
                targets=[ast.Name(id=own)], value=ast.Subscript(slice=ast.Constant(value=key))
            ):
                names |= {own} if key == name else set()
    return names


def list_keys(tree: ast.Module, name: str, function: str = "") -> list[str]:
    """Return the keys by which functions, or those of a name, read an argument, and by which code
    reads the attribute that it becomes.
    """
    functions = list_nodes(tree, ast.FunctionDef)
    named = (n for n in functions if function in ("", n.name))
    own = (n for n in named if name in [a.arg for a in n.args.args])
    found = [key for definition in own for key in _read_keys(definition, ast.Name, {name})]
    kept = _list_names(name, tree) if found else set()
    return list(dict.fromkeys([*found, *_read_keys(tree, ast.Attribute, kept)]))


def _read_keys(tree: ast.AST, kind: type, names: set[str]) -> Iterator[str]:
    """Yield the keys by which variables or attributes of these names are read."""
    for node in list_nodes(tree, ast.Subscript) if names else ():
        match node:
            case ast.Subscript(value=base, slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                if isinstance(base, kind) and find_last_name(base) in names:
                    yield key


def list_attributes(tree: ast.Module, name: str) -> list[str]:
    """Return the attributes that code reads of an argument, or of the attribute that it becomes, []
    where it may be an array or has methods: it is no object that only keeps options.
    """
    names = _list_names(name, tree)
    called = [id(n.func) for n in list_nodes(tree, ast.Call)]
    found = [n for n in list_nodes(tree, ast.Attribute) if find_last_name(n.value) in names]
    is_other = any(id(n) in called or hasattr(np.ndarray, n.attr) for n in found)
    return [] if is_other else list(dict.fromkeys(n.attr for n in found))


@lru_cache(maxsize=256)
def list_kept(tree: ast.Module, kind: type) -> set[str]:
    """Return the attributes that the methods of a class set."""
    bodies = (n for n in list_nodes(tree, ast.ClassDef) if n.name == kind.__name__)
    found = (n for body in bodies for n in list_nodes(body, ast.Attribute))
    stored = (n for n in found if isinstance(n.ctx, ast.Store))
    return {n.attr for n in stored if find_last_name(n.value) == "self"}


def list_switches(tree: ast.Module) -> set[str]:
    """Return the attributes that code tests by themselves: they are True or False."""
    nodes = list_nodes(tree, ast.If, ast.IfExp, ast.BoolOp, ast.UnaryOp)
    tests = (test for node in nodes for test in _list_tests(node))
    return {test.attr for test in tests if isinstance(test, ast.Attribute)}


def _list_tests(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test):
            return [test]
        case ast.BoolOp(values=values):
            return values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [operand]
    return []


def list_returned(function: ast.FunctionDef) -> list[list[ast.expr]]:
    """Return what the return statements of a function return that give a name or a tuple, the
    parts of it.
    """
    values = (node.value for node in list_nodes(function, ast.Return))
    found = [v.elts if isinstance(v, ast.Tuple) else [v] for v in values if v]
    return [
        parts for parts in found if len(parts) > 1 or any(isinstance(p, ast.Name) for p in parts)
    ]


def is_own(value: Any, module: Namespace) -> bool:
    """Return whether a module defines a class or a function itself."""
    return getattr(value, "__module__", None) == module.get("__name__")


def _find_spoken(node: ast.AST) -> str:
    """Return the name that a node compares, looks up or puts before another text."""
    match node:
        case ast.Compare(left=left, comparators=[_]):
            return find_last_name(left)
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(), given, *_]):
            return find_last_name(given.left if isinstance(given, ast.BinOp) else given)
        case ast.Subscript(value=ast.Name(), slice=index):
            return find_last_name(index)
    return ""


def _list_words(node: ast.AST, module: Namespace) -> list[str]:
    """Return the texts that a name may be which a node compares or looks up."""
    match node:
        case ast.Compare(comparators=[right]):
            return _list_texts(right.elts if isinstance(right, TABLES) else [right])
        case ast.Call(args=[ast.Name(id=base), ast.BinOp(right=ast.Constant(value=str(end))), *_]):
            names = _list_public(module.get(base))
            return [name for name in names if name + end in names]
        case ast.Call(args=[ast.Name(id=base), *_]):
            names = _list_public(module.get(base))
            ends = {a[len(b) :] for a in names for b in names if a.startswith(b) and a != b}
            return [name for name in names if not any(name.endswith(end) for end in ends)]
        case ast.Subscript(value=ast.Name(id=base)):
            table = module.get(base)
            return [key for key in table if isinstance(key, str)] if isinstance(table, dict) else []
    return []


def _list_public(base: Any) -> list[str]:
    return [name for name in read_attributes(base) if not name.startswith("_")]


def list_given(node: ast.AST) -> Iterator[tuple[int, str, ast.expr | None]]:
    """Yield names and what they are given: 0 in a call, 1 set, 2 as a default."""
    match node:
        case ast.keyword(arg=str(name), value=value):
            yield 0, name, value
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target):
            name = target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)
            yield 1, name, node.value
        case ast.FunctionDef(args=args):
            given = [*args.posonlyargs, *args.args]
            pairs = zip(given[len(given) - len(args.defaults) :], args.defaults, strict=True)
            more = zip(args.kwonlyargs, args.kw_defaults, strict=True)
            yield from ((2, each.arg, value) for each, value in (*pairs, *more))


def find_last_name(node: ast.expr) -> str:
    """Return the last name of a variable, an attribute, or an element of one, "" for others."""
    match node:
        case ast.Subscript(value=base):
            return find_last_name(base)
        case ast.Attribute(attr=attr):
            return attr
        case ast.Name(id=name):
            return name
    return ""


def _list_texts(nodes: list[ast.expr]) -> list[str]:
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [value for value in values if isinstance(value, str)]
