"""Statements that people forget, misplace or repeat in a function."""

import ast
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.insertions import (
    has_return,
    insert_all,
    list_blocks,
    list_gradients,
    make_header,
)
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.scope import list_variables

LAST = 8  # names that a function may return
MOST = 12  # variables that an element of an array is set to


def list_slips(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with a statement that was forgotten or misplaced in a function, the few that
    are often forgotten.
    """
    for edit in _list_parameters(function):
        yield from apply_edit(path, text, edit)
    yield from insert_all(path, text, _list_returns(function))
    yield from list_swaps(path, text, function)
    for edit in _list_bare_returns(function):
        yield from apply_edit(path, text, edit)
    yield from insert_all(path, text, _list_conversions(function))
    yield from insert_all(path, text, _list_restores(function))
    yield from insert_all(path, text, _list_missing_keys(function))


def list_swaps(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with two neighbouring statements of a function in the other order."""
    lines = text.splitlines(keepends=True)
    for block in list_blocks(function):
        for first, second in pairwise(block):
            start, middle = first.lineno - 1, second.lineno - 1
            end = second.end_lineno or second.lineno
            if isinstance(second, ast.Return):
                continue  # the first statement would never be reached
            if first.lineno < second.lineno and lines[end - 1].endswith("\n"):
                swapped = [*lines[middle:end], *lines[start:middle]]
                yield Candidate(path, "".join([*lines[:start], *swapped, *lines[end:]]), first)


def _list_returns(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield a return of a variable or two at the end of a function that has none there."""
    last = function.body[-1]
    if isinstance(last, ast.Return):
        return
    for text in _list_results(function):
        yield last, text


def _list_bare_returns(function: Function) -> Iterator[Edit]:
    """Yield a return of a variable or two in place of a last one that returns nothing."""
    last = function.body[-1]
    if isinstance(last, ast.Return) and last.value is None:
        yield from (Edit(last, text, 0.0) for text in _list_results(function))


def _list_results(function: Function) -> Iterator[str]:
    """Yield returns of one of the last variables that a function sets, the last first, and of two
    of them in either order.
    """
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and _is_stored(n)]
    stored.sort(key=lambda node: node.lineno, reverse=True)
    names = list(dict.fromkeys(node.id for node in stored))[:LAST]
    yield from (f"return {name}" for name in names)
    for one, other in (*combinations(names[::-1], 2), *combinations(names, 2)):
        yield f"return {one}, {other}"


def _list_parameters(function: Function) -> Iterator[Edit]:
    """Yield the keys of all parameters in place of a list of some."""
    for node in ast.walk(function):
        if isinstance(node, ast.Tuple | ast.List) and node.elts and all(
            isinstance(each, ast.Constant) and each.value in PARAMS for each in node.elts
        ):  # fmt: skip
            yield Edit(node, repr(tuple(PARAMS)).replace("'", '"'), 0.0)


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _list_conversions(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield, before the body, one-hot rows made labels, and copies of arguments."""
    for argument in function.args.args:
        name = argument.arg
        if name != "self":
            header = make_header(function.body[0])
            yield header, f"if {name}.ndim == 2:\n    {name} = {name}.argmax(axis=1)"
            yield header, f"{name} = {name}.copy()"


def _list_restores(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield assignments to an element that the function changes, at the end of a loop."""
    names = list(dict.fromkeys(list_variables(function)))[:MOST]
    for loop in (n for n in ast.walk(function) if isinstance(n, ast.For | ast.While)):
        targets = [
            ast.unparse(t)
            for n in ast.walk(loop)
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Subscript)
        ]
        for target in dict.fromkeys(targets):
            for name in names:
                for statement in loop.body[:-3:-1]:
                    yield statement, f"{target} = {name}"


def _list_missing_keys(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield an entry for each parameter that is missing in a dictionary of gradients."""
    names = list(dict.fromkeys([*list_variables(function), *_list_attributes(function)]))
    returns = has_return(function)
    for holder, found in list_stores(function).items():
        last = found[-1][1]
        for key in _list_lacking(found):
            for expression in list_gradients(key, names):
                entry = f'{holder}["{key}"] = {expression}'
                yield last, entry
                if not returns:
                    yield function.body[-1], f"{entry}\nreturn {holder}"


def list_repeated_keys(function: Function) -> Iterator[Edit]:
    """Yield a parameter that is missing in place of one that is set twice."""
    for found in list_stores(function).values():
        keys = [key for key, _ in found]
        for key, node in found:
            place = node.targets[0].slice  # type: ignore[attr-defined]
            for other in _list_lacking(found) if keys.count(key) > 1 else ():
                yield Edit(place, f'"{other}"', 0.0)


def list_stores(function: Function) -> dict[str, list[tuple[str, ast.Assign]]]:
    """Return the statements that set an item by its key, by what they set it in."""
    stores: dict[str, list[tuple[str, ast.Assign]]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=base, slice=ast.Constant(value=str(key)))]
            ):
                stores.setdefault(ast.unparse(base), []).append((key, node))
    return stores


def _list_lacking(found: list[tuple[str, ast.Assign]]) -> list[str]:
    """Return the parameters that are missing among the keys, if at least two are there."""
    keys = {key for key, _ in found} & set(PARAMS)
    return [key for key in PARAMS if key not in keys] if len(keys) > 1 else []


def _list_attributes(function: Function) -> Iterator[str]:
    """Yield every attribute that the function uses, of every layer that it uses."""
    found = [n for n in ast.walk(function) if isinstance(n, ast.Attribute)]
    layers = dict.fromkeys(
        ast.unparse(n.value) for n in found if isinstance(n.value, ast.Subscript)
    )
    for layer in layers:
        yield from (f"{layer}.{attr}" for attr in dict.fromkeys(n.attr for n in found))
