"""Statements that people leave out, put after each statement of a function."""

import ast
from collections.abc import Iterable, Iterator
from itertools import permutations
from pathlib import Path

import numpy as np

from trainer.checker.diagnose.applying import Candidate, match_style
from trainer.checker.diagnose.edits import Words
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.quantities import has_value
from trainer.checker.diagnose.scope import make_words
from trainer.checker.load.recording import copy_arrays

# What changes an array in place: {v} is the array, {a} another variable.
UPDATES = (
    "{v} /= {a}", "{v} /= {a}.shape[0]", "{v} /= len({a})", "{v}[{a} <= 0] = 0", "{v}[{a}] = 0",
    "{v}[np.arange(len({a})), {a}] = 0",
    "{v}[np.arange(len({a})), {a}] -= 1", "{v}[range({v}.shape[0]), {a}] -= 1", "{v} -= {a}",
    "{v} += {a}", "{v} *= {a}", "{v} *= {a} > 0", "{v} *= {a} * (1 - {a})",
)  # fmt: skip


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
    atoms, divisors = (sorted(names, key=len) for names in (words.atoms, words.divisors))
    for template in UPDATES:
        for atom in divisors if template.endswith("/= {a}") else atoms:
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
    return insert_after(text, make_header(statement), new)


def has_return(function: Function) -> bool:
    """Return whether a function returns anywhere."""
    return any(isinstance(node, ast.Return) for node in ast.walk(function))


def find_statement(function: Function, line: int) -> ast.stmt | None:
    """Return the statement of a function that begins at a line, None if there is none."""
    return next((s for block in list_blocks(function) for s in block if s.lineno == line), None)


def insert_all(path: Path, text: str, found: Iterable[tuple[ast.stmt, str]]) -> Iterator[Candidate]:
    """Yield the text with each new statement after the one that it is given with."""
    for statement, new in found:
        yield Candidate(path, insert_after(text, statement, new), _find_last(statement))


def _find_last(statement: ast.stmt) -> ast.stmt:
    """Return the last statement inside a compound one, and others as they are."""
    block = getattr(statement, "orelse", None) or getattr(statement, "body", None)
    return _find_last(block[-1]) if block else statement


def list_blocks(function: Function) -> Iterator[list[ast.stmt]]:
    """Yield every block of statements of a function."""
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def make_header(first: ast.stmt) -> ast.stmt:
    """Return a statement that stands just before another, at its indentation."""
    header = ast.Pass(lineno=first.lineno, col_offset=first.col_offset)
    header.end_lineno, header.end_col_offset = first.lineno - 1, 0
    return header


def list_gradients(key: str, names: list[str]) -> Iterator[str]:
    """Yield what the gradient of a parameter may be computed from."""
    for name in names:
        yield name
        if key[0] == "b":
            yield f"np.sum({name}, axis=0)"
    if key[0] == "W":
        for pair in permutations(names, 2):
            yield f"np.dot({pair[0]}.T, {pair[1]})"
