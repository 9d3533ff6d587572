"""Tries small changes of a wrong net, and keeps those with which every check passes."""

import ast
import copy
import difflib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from trainer.checker.comparing import CLOSE, compute_error
from trainer.checker.edits import Edit, list_edits, list_products, list_statement_edits, sort_edits
from trainer.checker.locating import Location
from trainer.checker.names import PARAMS
from trainer.checker.recording import Record

MOST_ATOMS = 40  # variables that are tried in place of others
MOST_MATCHING = 12  # edits of one line that are checked
MORE = 12  # candidates that are tried after one that makes less wrong
Tree = TypeVar("Tree", bound=ast.AST)
Texts = dict[Path, str]


@dataclass(frozen=True)
class Candidate:
    """A changed source of one file; node is the part of the old source that was changed."""

    path: Path
    text: str
    node: ast.expr | ast.stmt


@dataclass
class Search:
    """What the search may use, and the time at which it ends.

    find_wrong(texts, allowed) returns the quantities that are wrong with changed texts, None where
    one is wrong that is not allowed to be. is_fixed(texts) tells whether every check passes on
    other inputs too.
    """

    find_wrong: Callable[[Texts, frozenset[str]], frozenset[str] | None]
    is_fixed: Callable[[Texts], bool]
    end: float
    seen: set[str] = field(default_factory=set)

    def is_over(self) -> bool:
        """Return whether the time is used up."""
        return time.monotonic() > self.end

    def improve(
        self, texts: Texts, wrong: frozenset[str], candidates: Iterable[Candidate]
    ) -> tuple[Candidate, frozenset[str]] | None:
        """Return the first candidate with which nothing is wrong, or else the first better one.

        After a better one, a few more are tried.
        """
        better: tuple[Candidate, frozenset[str]] | None = None
        more = MORE
        for candidate in candidates:
            more -= better is not None
            if self.is_over() or not more:
                break
            if candidate.text in self.seen:
                continue
            self.seen.add(candidate.text)
            changed = {**texts, candidate.path: candidate.text}
            left = self.find_wrong(changed, wrong)
            if left is not None and not left and self.is_fixed(changed):
                return candidate, left
            if left and left < wrong and better is None:
                better = candidate, left
        return better


def list_local_candidates(
    locations: Iterable[Location], texts: Texts, search: Search
) -> Iterator[Candidate]:
    """Yield the changes of the located lines whose value, in its own scope, is the expected one."""
    for location in locations:
        path = location.site.path
        matching = _list_matching_edits(location, search) if path in texts else iter(())
        for number, edit in enumerate(matching):
            if number >= MOST_MATCHING:
                break
            yield from _apply_everywhere(path, texts[path], edit)


def _list_matching_edits(location: Location, search: Search) -> Iterator[Edit]:
    site, record = location.site, location.record
    if site.is_update:
        return
    atoms, functions = list_atoms(site.function, record), list_functions(record.globals)
    wanted = location.quantity.value
    edits = list_edits(site.value, atoms, functions, PARAMS)
    for edit in [*edits, *list_products(site.value, atoms)]:
        if search.is_over():
            return
        value = evaluate(substitute(site.value, edit), record)
        if np.shape(value) == wanted.shape and compute_error(value, wanted) <= CLOSE:
            yield edit


def list_blind_candidates(
    functions: Iterable[tuple[Path, ast.FunctionDef]],
    names: list[str],
    texts: Texts,
    lines: frozenset[int] = frozenset(),
) -> Iterator[Candidate]:
    """Yield changes of any part of the functions, the likeliest first; their values are unknown.

    names are the functions of one argument in the file. If there are lines, only those change.
    """
    edits: list[tuple[Path, Edit]] = []
    for path, function in functions:
        if path not in texts:
            continue
        atoms = list(dict.fromkeys(_list_variables(function)))[:MOST_ATOMS]
        found = list(list_statement_edits(function))
        for root in _list_roots(function):
            found += list_edits(root, atoms, names, PARAMS)
        edits += [(path, e) for e in sort_edits(found) if not lines or e.node.lineno in lines]
    for path, edit in sorted(edits, key=lambda each: each[1].cost):
        yield from _apply_everywhere(path, texts[path], edit)


def _list_roots(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield the expressions that the statements of a function compute."""
    for node in ast.walk(function):
        for name in ("value", "test", "iter"):
            part = getattr(node, name, None) if isinstance(node, ast.stmt) else None
            if isinstance(part, ast.expr) and not isinstance(part, ast.Constant):
                yield part
        if isinstance(node, ast.Assign):
            yield from (target for target in node.targets if isinstance(target, ast.Subscript))


def _list_variables(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            text = ast.unparse(node)
            if len(text) < 40 and text not in ("np", "self") and not text.startswith("np."):
                yield text


def list_atoms(function: ast.AST, record: Record) -> list[str]:
    """Return the variables of a function that are arrays or numbers, as one writes them."""
    found = dict.fromkeys([*_list_variables(function), *record.scope])
    values = {text: evaluate(ast.parse(text, mode="eval").body, record) for text in found}
    usable = [t for t, v in values.items() if isinstance(v, np.ndarray | np.number | float | int)]
    return usable[:MOST_ATOMS]


def list_functions(names: dict[str, Any]) -> list[str]:
    """Return the functions among a module's names that take one argument, such as sigmoid."""
    return [
        name
        for name, value in names.items()
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
                body: Any = ast.parse(edit.text).body[0]
                return body if isinstance(edit.node, ast.stmt) else body.value
            return self.generic_visit(node)

    changed: Tree = Substituter().visit(copy.deepcopy(tree))
    return changed


def _find_place(node: ast.AST) -> tuple[int | None, ...]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return tuple(getattr(node, name, None) for name in names)


def _apply_everywhere(path: Path, text: str, edit: Edit) -> Iterator[Candidate]:
    """Yield the source with the edit at its place, and at all places that read the same."""
    changed = apply_edit(text, edit)
    if changed is None:
        return
    yield Candidate(path, changed, edit.node)
    old, new = (each.splitlines() for each in (text, changed))
    number = edit.node.lineno - 1
    if len(old) == len(new) and old.count(old[number]) > 1:
        lines = [new[number] if line == old[number] else line for line in old]
        yield Candidate(path, "\n".join(lines) + "\n", edit.node)


def apply_edit(text: str, edit: Edit) -> str | None:
    """Return the source with the edit at its place, None where it would be read in another way."""
    try:
        expected = ast.dump(substitute(ast.parse(text), edit))
    except SyntaxError:
        return None
    for replacement in (edit.text, f"({edit.text})"):
        changed = replace_segment(text, edit.node, replacement)
        with suppress(SyntaxError):
            if ast.dump(ast.parse(changed)) == expected:
                return changed
    return None


def replace_segment(text: str, node: ast.expr | ast.stmt, replacement: str) -> str:
    """Return the text with the source of a node replaced."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset or 0 :].decode()
    return "".join([*lines[:first], before + replacement + after, *lines[last + 1 :]])


def make_diff(path: Path, old: str, new: str) -> str:
    """Return a unified diff of one file, without context."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    names = f"a/{path.name}", f"b/{path.name}"
    return "".join(difflib.unified_diff(before, after, *names, n=0))
