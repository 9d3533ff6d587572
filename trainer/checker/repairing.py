"""Tries small changes of a wrong line, and keeps the smallest that makes every check pass."""

import ast
import copy
import difflib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from trainer.checker.comparing import CLOSE, compute_error
from trainer.checker.edits import Edit, list_edits
from trainer.checker.locating import Location
from trainer.checker.recording import Record

BUDGET = 8.0  # seconds for all candidates
MOST_VERIFIED = 40  # candidates that are checked in full
Tree = TypeVar("Tree", bound=ast.AST)
MOST_ATOMS = 24  # variables that are tried in place of others


@dataclass(frozen=True)
class Fix:
    """A change of one file with which every check passes: a unified diff, and how many pass."""

    path: Path
    line: int
    diff: str
    checks: int


Verify = Callable[[dict[Path, str]], int]


def find_fix(locations: list[Location], texts: dict[Path, str], verify: Verify) -> Fix | None:
    """Return the first fix at one of the locations, or None.

    texts are the sources by path. verify returns how many checks pass with changed texts, 0 if
    one fails.
    """
    end, tried = time.monotonic() + BUDGET, set[str]()
    for location in locations:
        path = location.site.path
        for edit in list_matching_edits(location, end) if path in texts else ():
            changed = apply_edit(texts[path], edit)
            if len(tried) >= MOST_VERIFIED or time.monotonic() > end:
                return None
            if changed is None or changed in tried:
                continue
            tried.add(changed)
            if checks := verify({**texts, path: changed}):
                diff = make_diff(path, texts[path], changed)
                return Fix(path, edit.node.lineno, diff, checks)
    return None


def list_matching_edits(location: Location, end: float) -> Iterator[Edit]:
    """Yield the edits of the line whose value, in its own scope, is the expected one."""
    site, record = location.site, location.record
    if site.is_update:
        return
    atoms, functions = list_atoms(site.function, record), list_functions(record)
    wanted = location.quantity.value
    for edit in list_edits(site.value, atoms, functions):
        if time.monotonic() > end:
            return
        value = evaluate(substitute(site.value, edit), record)
        if np.shape(value) == wanted.shape and compute_error(value, wanted) <= CLOSE:
            yield edit


def list_atoms(function: ast.AST, record: Record) -> list[str]:
    """Return the variables of a function that are arrays or numbers, as one writes them."""
    found = dict.fromkeys(
        ast.unparse(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
        and not isinstance(node.ctx, ast.Del)
    )
    values = {text: evaluate(ast.parse(text, mode="eval").body, record) for text in found}
    usable = [t for t, v in values.items() if isinstance(v, np.ndarray | np.number | float | int)]
    return [text for text in usable if text != "np"][:MOST_ATOMS]


def list_functions(record: Record) -> list[str]:
    """Return the functions of the file that take one argument, such as sigmoid."""
    return [
        name
        for name, value in record.globals.items()
        if getattr(getattr(value, "__code__", None), "co_argcount", 0) == 1
    ]


def evaluate(expression: ast.expr, record: Record) -> Any:
    """Return the value of an expression where the record was made, None where it raises."""
    try:
        tree = ast.fix_missing_locations(ast.Expression(copy.deepcopy(expression)))
        with np.errstate(all="ignore"):
            return eval(compile(tree, "<candidate>", "eval"), record.globals, dict(record.scope))
    except Exception:  # of somebody's code: any can come
        return None


def substitute(tree: Tree, edit: Edit) -> Tree:
    """Return a copy of a tree with the edit at the place that its node has in the source."""
    place = _find_place(edit.node)

    class Substituter(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if type(node) is type(edit.node) and _find_place(node) == place:
                return ast.parse(edit.text, mode="eval").body
            return self.generic_visit(node)

    changed: Tree = Substituter().visit(copy.deepcopy(tree))
    return changed


def _find_place(node: ast.AST) -> tuple[int | None, ...]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return tuple(getattr(node, name, None) for name in names)


def apply_edit(text: str, edit: Edit) -> str | None:
    """Return the source with the edit at its place, None where it would be read in another way."""
    expected = ast.dump(substitute(ast.parse(text), edit))
    for replacement in (edit.text, f"({edit.text})"):
        changed = replace_segment(text, edit.node, replacement)
        with suppress(SyntaxError):
            if ast.dump(ast.parse(changed)) == expected:
                return changed
    return None


def replace_segment(text: str, node: ast.expr, replacement: str) -> str:
    """Return the text with the source of a node replaced."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset or 0 :].decode()
    return "".join([*lines[:first], before + replacement + after, *lines[last + 1 :]])


def make_diff(path: Path, old: str, new: str) -> str:
    """Return a unified diff of one file."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    names = f"a/{path.name}", f"b/{path.name}"
    return "".join(difflib.unified_diff(before, after, *names, n=0))
