"""Calls functions by the names of their arguments, and names what they return."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

from trainer.checker.adapt.names import list_arguments, simplify_name

Function = Callable[..., Any]
# The names of values, in lower case without underscores; others stand for themselves.
VALUES = {
    "x": r"x|x(train|batch|b|data)?|inputs?|data|features?|a0",
    "y": r"y|t|y(train|batch|true|b|onehot)|labels?|targets?|onehoty|ground.*",
    "params": r"param(eter)?s?|weights|theta|model|network|w",
    "cache": r".*caches?|activations|memory",
    "a2": r"a2|al|y(hat|pred|out|p)|out(put)?s?|probs?|pred(iction)?s?|scores?|logits",
    "grads": r"grad(ient)?s?",
    "reg": r"reg.*|lamb?da?.*|lambd|l2.*|weightdecay",
    "lr": r".*learning.*|lr|alpha|eta|stepsize|step",
    "m": r"m|n|nsamples|numsamples|batchsize|samples",
    "once": r".*(iter|epoch)s?(ation)?s?|.*iterations?|steps|nsteps|numsteps",
    "quiet": r"print.*|verbose.*|plot.*|display.*|debug",
    "hidden": r"nh|h|hidden.*|nhidden.*|numhidden.*",
}  # fmt: skip


class CannotBindError(TypeError):
    """An argument of a function for which there is no value."""


def name_value(name: str) -> str:
    """Return the name under which a value is kept: x for X_train, a2 for y_hat, w1 for W1."""
    simple = simplify_name(name)
    return next((key for key, form in VALUES.items() if re.fullmatch(form, simple)), simple)


def call(function: Function, values: Mapping[str, Any], chain: list[Any] | None = None) -> Any:
    """Call a function with the values of its arguments' names.

    A required argument of another name takes the next value of chain, what was returned before.
    Raises CannotBindError where there is none.
    """
    arguments = list_arguments(function)
    named = {p.name: values[k] for p in arguments if (k := name_value(p.name)) in values}
    used = {id(value) for value in named.values()}
    left = [value for value in chain or () if id(value) not in used]
    for parameter in arguments:
        if parameter.name not in named and parameter.default is parameter.empty:
            if not left:
                raise CannotBindError(f"{function.__name__}: no value for {parameter.name}")
            named[parameter.name] = left.pop(0)
    return function(**named)


def list_results(function: Function, result: Any) -> dict[str, Any]:
    """Return what a function returned by the names in its return statement, and in its dicts."""
    parts = result if isinstance(result, tuple) else (result,)
    names = _read_returned(function.__code__)
    names = names if len(names) == len(parts) else [f"#{i}" for i in range(len(parts))]
    found: dict[str, Any] = {}
    for name, value in zip(names, parts, strict=True):
        found[name_value(name)] = value
        if isinstance(value, dict):
            found |= {simplify_name(str(k)): v for k, v in value.items()}
    return found


@lru_cache(maxsize=256)  # a function is called many times
def _read_returned(code: CodeType) -> list[str]:
    """Return the names in the last return statement, "#" for what is no name; [] if unknown."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError):
        return []
    returns = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value]
    if not returns:
        return []
    last = returns[-1]
    parts = last.elts if isinstance(last, ast.Tuple) else [last]
    return [p.id if isinstance(p, ast.Name) else f"#{i}" for i, p in enumerate(parts)]
