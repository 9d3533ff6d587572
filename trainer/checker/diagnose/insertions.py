"""Statements that people leave out, put after each statement of a function."""

import ast
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.applying import Candidate, apply_edit, match_style
from trainer.checker.diagnose.edits import Edit, Words, list_other_updates
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.patching import Function, Texts
from trainer.checker.diagnose.quantities import has_value
from trainer.checker.diagnose.scope import list_variables, make_words
from trainer.checker.load.recording import copy_arrays

# What changes an array in place: {v} is the array, {a} another variable.
UPDATES = (
    "{v} /= {a}", "{v} /= {a}.shape[0]", "{v} /= len({a})", "{v}[{a} <= 0] = 0", "{v}[{a}] = 0",
    "{v}[np.arange(len({a})), {a}] -= 1", "{v}[range({v}.shape[0]), {a}] -= 1", "{v} -= {a}",
    "{v} += {a}", "{v} *= {a}", "{v} *= {a} > 0", "{v} *= {a} * (1 - {a})",
)  # fmt: skip
VALUES = ("len({})", "{}.shape[0]", "self.predict({})", "self.forward({})", "{}", "{}.copy()")
LAST = 8  # names that a function may return
MOST = 12  # variables that an element of an array is set to


def list_local_insertions(location: Location, text: str) -> Iterator[Candidate]:
    """Yield the text with an update after a line that makes its value the expected one there."""
    site, record = location.site, location.record
    is_return = not site.name and isinstance(site.value, ast.Name)
    name = ast.unparse(site.value) if is_return else site.name
    if not name.isidentifier():
        return
    words = make_words(site.function, record, [])
    for update in _list_updates(name, words):
        scope = copy_arrays(record.scope | {name: record.value})
        try:
            with np.errstate(all="ignore"):
                exec(update, record.globals, scope)
            value = scope[name]
        except Exception:  # of somebody's code: any can come
            continue
        if has_value(location.quantity, value):
            statement = find_holder(site.function, site.value)
            insert = insert_before if is_return else insert_after
            if statement is not None:
                yield Candidate(site.path, insert(text, statement, update), statement)


def _list_updates(name: str, words: Words) -> Iterator[str]:
    for template in UPDATES:
        atoms = words.divisors if template.endswith("/= {a}") else words.atoms
        for atom in sorted(atoms, key=len):
            if atom != name:
                yield template.format(v=name, a=atom)


def find_holder(function: Function, value: ast.expr) -> ast.stmt | None:
    """Return the statement of a function that computes an expression, None if there is none."""
    place = value.lineno, value.col_offset
    for node in ast.walk(function):
        part = getattr(node, "value", None) if isinstance(node, ast.stmt) else None
        if isinstance(part, ast.expr) and (part.lineno, part.col_offset) == place:
            return node  # type: ignore[return-value]
    return None


def insert_after(text: str, statement: ast.stmt, new: str) -> str:
    """Return the text with new lines after a statement, at its indentation."""
    lines = text.splitlines(keepends=True)
    first = lines[statement.lineno - 1]
    indent = first[: len(first) - len(first.lstrip())]
    end = statement.end_lineno or statement.lineno
    added = [f"{indent}{line}\n" for line in match_style(text, new).splitlines()]
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], *added, *lines[end:]])


def insert_before(text: str, statement: ast.stmt, new: str) -> str:
    """Return the text with new lines before a statement, at its indentation."""
    return insert_after(text, _make_header(statement), new)


def list_slips(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with a statement that was forgotten or misplaced in a function, the few that
    are often forgotten.
    """
    yield from _insert(path, text, _list_returns(function))
    for edit in _list_swapped_returns(function):
        yield from apply_edit(path, text, edit)
    yield from list_swaps(path, text, function)
    for edit in (
        *_list_accumulations(function),
        *list_other_updates(function),
        *_list_repeated_keys(function),
    ):
        yield from apply_edit(path, text, edit)
    yield from _insert(path, text, _list_conversions(function))
    yield from _insert(path, text, _list_restores(function))
    yield from _insert(path, text, _list_missing_keys(function))


def list_definitions(
    texts: Texts, functions: list[tuple[Path, Function]], place: tuple[Path, int], name: str
) -> Iterator[Candidate]:
    """Yield the text with the name set before the line at which it is unknown."""
    path, line = place
    for function in (f for p, f in functions if p == path):
        statement = find_statement(function, line)
        if statement is not None:
            for other in _list_assignments(texts[path], name):
                yield Candidate(path, insert_before(texts[path], statement, other), statement)
            arguments = (argument.arg for argument in function.args.args)
            names = list(dict.fromkeys([*arguments, *list_variables(function)]))
            for value in (*_list_values(name, names), *_list_gradients("W1", names)):
                changed = insert_before(texts[path], statement, f"{name} = {value}")
                yield Candidate(path, changed, statement)


def list_attributes(
    texts: Texts, functions: list[tuple[Path, Function]], place: tuple[Path, int], name: str
) -> Iterator[Candidate]:
    """Yield the text with an empty attribute set before the line at which it is missing."""
    path, line = place
    for function in (f for p, f in functions if p == path):
        for statement in function.body:
            if statement.lineno <= line <= (statement.end_lineno or line):
                for empty in ("{}", "[]"):
                    changed = insert_before(texts[path], statement, f"self.{name} = {empty}")
                    yield Candidate(path, changed, statement)


def find_statement(function: Function, line: int) -> ast.stmt | None:
    """Return the statement of a function that begins at a line, None if there is none."""
    return next((s for block in _list_blocks(function) for s in block if s.lineno == line), None)


def _list_assignments(text: str, name: str) -> Iterator[str]:
    """Yield the statements by which other functions of the file set a variable."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and any(
            isinstance(n, ast.Name) and n.id == name for t in node.targets for n in ast.walk(t)
        ):
            yield ast.get_source_segment(text, node) or ast.unparse(node)


def _list_values(name: str, names: list[str]) -> Iterator[str]:
    """Yield what a variable may be set to: a size, a call of the net, a parameter."""
    yield f'self.params["{name}"]'
    yield "{}"
    for other in names:
        yield from (value.format(other) for value in VALUES)


def list_updates(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one more update of an array in a function."""
    yield from _insert(path, text, _list_blind_updates(function))


def _insert(path: Path, text: str, found: Iterable[tuple[ast.stmt, str]]) -> Iterator[Candidate]:
    for statement, new in found:
        yield Candidate(path, insert_after(text, statement, new), _find_last(statement))


def _find_last(statement: ast.stmt) -> ast.stmt:
    """Return the last statement inside a compound one, and others as they are."""
    block = getattr(statement, "orelse", None) or getattr(statement, "body", None)
    return _find_last(block[-1]) if block else statement


def list_swaps(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with two neighbouring statements of a function in the other order."""
    lines = text.splitlines(keepends=True)
    for block in _list_blocks(function):
        for first, second in pairwise(block):
            start, middle = first.lineno - 1, second.lineno - 1
            end = second.end_lineno or second.lineno
            if isinstance(second, ast.Return):
                continue  # the first statement would never be reached
            if first.lineno < second.lineno and lines[end - 1].endswith("\n"):
                swapped = [*lines[middle:end], *lines[start:middle]]
                yield Candidate(path, "".join([*lines[:start], *swapped, *lines[end:]]), first)


def _list_blocks(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _list_returns(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield a return of a variable or two at the end of a function that has none there."""
    last = function.body[-1]
    if isinstance(last, ast.Return):
        return
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and _is_stored(n)]
    stored.sort(key=lambda node: node.lineno, reverse=True)
    names = list(dict.fromkeys(node.id for node in stored))[:LAST]
    for name in names:
        yield last, f"return {name}"
    for one, other in (*combinations(names[::-1], 2), *combinations(names, 2)):
        yield last, f"return {one}, {other}"


def _list_swapped_returns(function: Function) -> Iterator[Edit]:
    """Yield the two values that a function returns in the other order."""
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Tuple(elts=[first, second]) as pair):
                yield Edit(pair, f"{ast.unparse(second)}, {ast.unparse(first)}", 0.0)


def _list_accumulations(function: Function) -> Iterator[Edit]:
    """Yield an addition to a variable in place of its second assignment."""
    seen: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in seen:
                yield Edit(node, f"{name} += {ast.unparse(node.value)}", 0.0)
            seen.add(name)


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _list_conversions(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    """Yield, before the body, one-hot rows made labels, and copies of arguments."""
    for argument in function.args.args:
        name = argument.arg
        if name != "self":
            header = _make_header(function.body[0])
            yield header, f"if {name}.ndim == 2:\n    {name} = {name}.argmax(axis=1)"
            yield header, f"{name} = {name}.copy()"


def _make_header(first: ast.stmt) -> ast.stmt:
    """Return a statement that stands just before another, at its indentation."""
    header = ast.Pass(lineno=first.lineno, col_offset=first.col_offset)
    header.end_lineno, header.end_col_offset = first.lineno - 1, 0
    return header


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
    for holder, found in _list_stores(function).items():
        last = found[-1][1]
        for key in _list_lacking(found):
            for expression in _list_gradients(key, names):
                entry = f'{holder}["{key}"] = {expression}'
                yield last, entry
                if not any(isinstance(node, ast.Return) for node in ast.walk(function)):
                    yield function.body[-1], f"{entry}\nreturn {holder}"


def _list_repeated_keys(function: Function) -> Iterator[Edit]:
    """Yield a parameter that is missing in place of one that is set twice."""
    for found in _list_stores(function).values():
        keys = [key for key, _ in found]
        for key, node in found:
            place = node.targets[0].slice  # type: ignore[attr-defined]
            for other in _list_lacking(found) if keys.count(key) > 1 else ():
                yield Edit(place, f'"{other}"', 0.0)


def _list_stores(function: Function) -> dict[str, list[tuple[str, ast.Assign]]]:
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


def _list_gradients(key: str, names: list[str]) -> Iterator[str]:
    """Yield what the gradient of a parameter may be computed from."""
    for name in names:
        yield name
        if key[0] == "b":
            yield f"np.sum({name}, axis=0)"
    if key[0] == "W":
        for pair in permutations(names, 2):
            yield f"np.dot({pair[0]}.T, {pair[1]})"


def _list_blind_updates(function: Function) -> Iterator[tuple[ast.stmt, str]]:
    words = make_words(function, None, [])
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    for node in statements:
        for changed in _list_changed(node):
            for update in _list_updates(changed, words):
                yield node, update


def _list_changed(node: ast.stmt) -> list[str]:
    """Return the names of the arrays that a statement assigns or changes."""
    targets: list[Any] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    bases = [t.value if isinstance(t, ast.Subscript) else t for t in targets]
    return [base.id for base in bases if isinstance(base, ast.Name)]
