"""Lists the activations that a net can have besides the one with which it was built."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.find.guessing import is_own, list_words
from trainer.checker.find.leaves import Namespace

MOST = 4  # activations that are tried
ACTIVATION = r".*(relu|sigmoid|tanh|logistic|elu|softplus|swish)"  # of words and functions
ARGUMENT = r".*(activ|transfer|nonlin|squash).*|act.*"
Function = Callable[..., Any]


def list_options(
    functions: list[Function], named: Namespace, module: Namespace, tree: ast.Module
) -> list[Namespace]:
    """Return other values for one argument of functions that chooses an activation.

    named are the values that arguments have, where these are not their defaults.
    """
    given = {p.name: p.default for f in functions for p in list_arguments(f)} | named
    found = [
        {name: other}
        for name, value in given.items() if _chooses(name, module, tree)
        for other in _list_others(value, module, tree)
    ]  # fmt: skip
    return found[:MOST]


def has_options(module: Namespace, tree: ast.Module) -> bool:
    """Return whether a file names more than one activation, and an argument that chooses one."""
    arguments = dict.fromkeys(n.arg for n in ast.walk(tree) if isinstance(n, ast.arg))
    most = max(len(_list_words(tree)), len(_list_functions(module)))
    chosen = (name for name in arguments if _chooses(name, module, tree))
    return any(max(most, len(list_words(name, tree, module))) > 1 for name in chosen)


def _chooses(name: str, module: Namespace, tree: ast.Module) -> bool:
    """Return whether an argument chooses an activation: by its name, or since code compares it with
    that of one.
    """
    words = list_words(name, tree, module)
    is_compared = any(re.fullmatch(ACTIVATION, word.lower()) for word in words)
    return is_compared or bool(re.fullmatch(ARGUMENT, simplify_name(name)))


def show_option(option: Namespace) -> str:
    """Return an option as a call has it: activation='tanh'."""
    pairs = ((k, v[0] if isinstance(v, list) else v) for k, v in option.items())
    return ", ".join(f"{k}={getattr(v, '__name__', repr(v))}" for k, v in pairs)


def _list_others(value: Any, module: Namespace, tree: ast.Module) -> Iterator[Any]:
    """Yield other activations in the form of a value: a function, a word, or one for each layer."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    if inspect.isfunction(first):
        size = len(list_arguments(first))
        same = (f for f in _list_functions(module) if len(list_arguments(f)) == size)
        others: list[Any] = [f for f in same if f is not first]
    else:
        others = [word for word in _list_words(tree) if word != first]
    yield from ([other] * len(value) if isinstance(value, list | tuple) else other
                for other in others)  # fmt: skip


def _list_words(tree: ast.Module) -> list[str]:
    """Return the texts of a file that name an activation, and the names of its functions that do:
    an argument may choose one of two by the text of the other.
    """
    nodes = list(ast.walk(tree))
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    texts += [n.name for n in nodes if isinstance(n, ast.FunctionDef)]
    return list(dict.fromkeys(t for t in texts if re.fullmatch(ACTIVATION, t.lower())))


def _list_functions(module: Namespace) -> list[Function]:
    """Return the functions of a module whose names are those of an activation."""
    own = [f for f in module.values() if inspect.isfunction(f) and is_own(f, module)]
    return [f for f in own if re.fullmatch(ACTIVATION, f.__name__.lower())]
