"""Records the value of every assignment and return while the checked code runs."""

import ast
import copy
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trainer.book.functions import Array

RECORD = "__record__"  # the function that the changed code calls with each value
LOCALS = "__locals__"  # the function locals, under a name that the code does not hide
MOST = 4000  # records of one call: more are a loop over elements


@dataclass(frozen=True)
class Site:
    """A place in the source: an expression whose value is assigned or returned.

    name is what it is assigned to, "" for a return. function is the one that the statement is in.
    is_update tells that the statement changes an existing array in place, so that the value is
    that of the array afterwards. The first site of a function is its entry, whose value is None.
    """

    path: Path
    function: ast.FunctionDef
    value: ast.expr
    name: str
    is_update: bool = False


@dataclass(eq=False)
class Record:
    """A value that a site had, and the local and global names that the code could see there."""

    site: int
    value: Any
    scope: dict[str, Any]
    globals: dict[str, Any]


@dataclass
class Recorder:
    """Changes syntax trees so that their values are recorded, or replaced by others.

    replacement is (site, value): while it is set, the site yields that value wherever its own
    has the same shape, or both are numbers, rows or columns: of a sum the axis may be wrong.
    """

    sites: list[Site] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    replacement: tuple[int, Array] | None = None
    is_on: bool = False
    listen: Callable[[int], object] | None = None  # called with the site of each value

    @property
    def names(self) -> dict[str, Any]:
        """The builtins that instrumented code calls."""
        return {RECORD: self.record, LOCALS: locals}

    def instrument(self, path: Path, tree: ast.Module) -> ast.Module:
        """Return the tree with a call of RECORD around each value inside a function."""
        changed = _Instrumenter(self.sites, path).visit(copy.deepcopy(tree))
        return ast.fix_missing_locations(changed)

    def record(self, number: int, value: Any, scope: dict[str, Any]) -> Any:
        """Note the value of a site; return it, or what replaces it."""
        if self.listen:
            self.listen(number)
        if self.replacement and self.replacement[0] == number:
            return self._replace(number, value)
        if self.is_on and len(self.records) < MOST:
            seen = value.copy() if isinstance(value, np.ndarray) else value
            names = sys._getframe(1).f_globals
            self.records.append(Record(number, seen, copy_arrays(scope), names))
        return value

    def _replace(self, number: int, value: Any) -> Any:
        replacement = self.replacement[1] if self.replacement else value
        is_sum = is_flat(value) and is_flat(replacement) and not self.sites[number].is_update
        if np.shape(value) != np.shape(replacement) and not is_sum:
            return value
        if self.sites[number].is_update:
            value[...] = replacement
            return value
        if isinstance(value, np.ndarray):  # A mask or labels stay such: they may be indices.
            return replacement.astype(value.dtype if value.dtype.kind in "bi" else float)
        return replacement[()]

    def run(self, function: Callable[[], Any]) -> list[Record]:
        """Return the records of one call of the function, in order."""
        self.records, self.is_on = [], True
        try:
            function()
        finally:
            self.is_on = False
        return self.records


def is_flat(value: Any) -> bool:
    """Return whether a value is a number, a list, or one row or column, as biases are."""
    return np.ndim(value) < 2 or min(np.shape(value)) <= 1


def copy_arrays(scope: dict[str, Any]) -> dict[str, Any]:
    """Return local names with copies of the arrays, and of self, which may change later."""
    return {k: _copy(v, is_self=k == "self") for k, v in scope.items()}


def _copy(value: Any, is_self: bool) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if is_self:
        with suppress(Exception):  # of somebody's __copy__: any can come
            return copy.copy(value)
    return value


class _Instrumenter(ast.NodeTransformer):
    """Wraps values in calls of RECORD, in functions only."""

    def __init__(self, sites: list[Site], path: Path):
        self._sites, self._path = sites, path
        self._functions: list[ast.FunctionDef] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self._functions.append(copy.deepcopy(node))
        entry = ast.Constant(None, lineno=node.lineno, col_offset=node.col_offset)
        enter = ast.copy_location(ast.Expr(self._wrap(entry, "")), node)
        body = [each for statement in node.body for each in self._visit_statement(statement)]
        node.body = [enter, *body]
        self._functions.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return node

    def _visit_statement(self, statement: ast.stmt) -> list[ast.stmt]:
        match statement:
            case (
                ast.Assign(targets=[ast.Name() | ast.Attribute() as target])
                | ast.AnnAssign(target=ast.Name() | ast.Attribute() as target, value=ast.expr())
            ):
                statement.value = self._wrap(statement.value, ast.unparse(target))
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str()))]):
                name = ast.unparse(statement.targets[0])
                statement.value = self._wrap(statement.value, name)
            case ast.Return(value=ast.expr()):
                statement.value = self._wrap(statement.value, "")
            case (
                ast.Assign(targets=[ast.Subscript(value=base)])
                | ast.AugAssign(target=ast.Subscript(value=base))
            ):
                return [statement, self._after(statement, base)]
            case ast.AugAssign(target=ast.Name() | ast.Attribute() as target):
                return [statement, self._after(statement, target)]
            case _:
                self._visit_blocks(statement)
        return [statement]

    def _visit_blocks(self, statement: ast.stmt) -> None:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(statement, name, None)
            if isinstance(block, list):
                made = [each for inner in block for each in self._visit_inner(inner)]
                setattr(statement, name, made)
        for handler in getattr(statement, "handlers", []):
            self._visit_blocks(handler)

    def _visit_inner(self, inner: ast.stmt) -> list[ast.stmt]:
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) or not self._functions:
            visited: ast.stmt = self.visit(inner)
            return [visited]
        return self._visit_statement(inner)

    def _wrap(self, value: ast.expr | None, name: str) -> ast.expr:
        assert value is not None
        self._sites.append(Site(self._path, self._functions[-1], copy.deepcopy(value), name))
        return ast.copy_location(_call(len(self._sites) - 1, value), value)

    def _after(self, statement: ast.Assign | ast.AugAssign, base: ast.expr) -> ast.stmt:
        read = ast.parse(ast.unparse(base), mode="eval").body
        value = copy.deepcopy(statement.value)
        self._sites.append(Site(self._path, self._functions[-1], value, ast.unparse(base), True))
        call = ast.Expr(_call(len(self._sites) - 1, read))
        return ast.fix_missing_locations(ast.copy_location(call, statement))


def _call(number: int, value: ast.expr) -> ast.Call:
    scope = ast.Call(ast.Name(LOCALS, ast.Load()), [], [])
    function = ast.Name(RECORD, ast.Load())
    return ast.Call(function, [ast.Constant(number), value, scope], [])
