"""Lists the layers of a file: pairs of a forward and a backward function, or classes with both."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FunctionType
from typing import Any

from trainer.checker.adapt.names import find_call_roles, list_arguments, simplify_name
from trainer.checker.find.guessing import is_own, list_returned, list_words
from trainer.checker.find.instances import list_instances
from trainer.checker.find.inventing import DOUT
from trainer.checker.find.layers import Layer
from trainer.checker.find.leaves import Namespace

FORWARD = r"(feed)?(forward|fwd|fprop)(prop\w*|pass)?"
BACKWARD = r"(backward|bwd|bprop|backprop)(prop\w*|pass|agation|agate)?"
MOST, MOST_BODIES = 40, 400  # layers of a file, and functions of all of them
Function = Callable[..., Any]


def list_layers(module: Namespace, tree: ast.Module) -> list[Layer]:
    """Return the layers that a module defines: its classes with both methods, its functions."""
    plain = [*_list_classes(module, tree), *_list_functions(module, tree)]
    return [each for layer in plain for each in _list_options(layer, module, tree)][:MOST]


def _list_options(layer: Layer, module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    """Yield a layer with each word that an argument of its forward function may be."""
    kind = layer.instance.kind if layer.instance else None
    forward = getattr(kind, layer.forward) if kind else module[layer.forward]
    optional = [p for p in list_arguments(forward) if isinstance(p.default, str)]
    words = list_words(optional[0].name, tree, module) if len(optional) == 1 else []
    for word in words if len(words) > 1 else ():
        yield replace(layer, option={optional[0].name: word})
    if len(words) < 2:
        yield layer


def _list_classes(module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    """Yield the classes that have a forward and a backward method, by name or by what they
    compute.
    """
    for instance in list_instances(module, tree):
        kinds = [n for n in tree.body if isinstance(n, ast.ClassDef)]
        own = next((n for n in kinds if n.name == instance.kind.__name__), None)
        names = [n for n, _ in inspect.getmembers(instance.kind, inspect.isfunction)]
        forward, backward = (next((n for n in names if re.fullmatch(form, simplify_name(n))), "")
                             for form in (FORWARD, BACKWARD))  # fmt: skip
        is_named = forward and backward
        if not is_named:
            forward, backward = _guess_methods(own)
        if forward and not (
            _is_empty(own, forward) or _is_of_net(getattr(instance.kind, backward))
        ):
            returned = _name_returned(own, backward)
            yield Layer(forward, backward, instance, returned, is_guessed=not is_named)


def _is_empty(kind: ast.ClassDef | None, name: str) -> bool:
    """Return whether a method only says that other classes have it."""
    methods = (n for n in kind.body if isinstance(n, ast.FunctionDef)) if kind else ()
    bodies = [n.body for n in methods if n.name == name]
    return any(all(isinstance(each, ast.Raise | ast.Pass | ast.Expr) for each in b) for b in bodies)


def _guess_methods(kind: ast.ClassDef | None) -> tuple[str, str]:
    """Return the two methods of a class that has no others besides its constructor, "" for none."""
    methods = [n for n in kind.body if isinstance(n, ast.FunctionDef)] if kind else []
    given = [n.name for n in methods if n.name != "__init__" and len(n.args.args) > 1]
    return (given[0], given[1]) if len(given) == 2 else ("", "")


def _is_of_net(backward: Function) -> bool:
    """Return whether a backward function is given targets, and no gradient."""
    is_given = any(re.fullmatch(DOUT, p.name) for p in list_arguments(backward))
    return not is_given and "t" in find_call_roles(backward)


def _list_functions(module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    own = [k for k, v in module.items() if isinstance(v, FunctionType) and is_own(v, module)]
    plain = {re.sub(FORWARD, "", simplify_name(name)): name for name in reversed(own)}
    for name in own:
        names = _name_returned(tree, name)
        if len(names) > 1 and any(re.fullmatch(DOUT, each) for each in names[1:]):
            yield Layer(name, "", None, names[1:])
        base, number = re.subn(BACKWARD, "", simplify_name(name))
        if number and base and plain.get(base, name) != name:
            yield Layer(plain[base], name, None, names)


def _name_returned(tree: ast.AST | None, name: str) -> tuple[str, ...]:
    """Return the texts of the parts that a function of a name returns first, () where it returns
    neither a variable nor a tuple.
    """
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)) if tree else ()
    found = (parts for n in nodes if n.name == name for parts in list_returned(n)[:1])
    return tuple(ast.unparse(part) for part in next(found, []))
