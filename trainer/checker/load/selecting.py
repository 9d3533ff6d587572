"""Selects the top-level statements of a file that are safe to run: what defines, not what trains.

Definitions, imports and constants run. A statement that does more is skipped, and the names that
it would set are noted.
"""

import ast
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from trainer.checker.load.bindings import list_bound_names, list_changed_names
from trainer.checker.load.purity import Purity
from trainer.common.language import translate as _

SKIPPED = "__skipped__"  # what the code calls in place of an expression that is not run
# How the block of `if __name__ == "__main__":` is read. "extra": what it defines counts where
# nothing else sets the name.
Main = Literal["run", "extra", "skip"]
Block = TypeVar("Block", ast.Try, ast.If, ast.ExceptHandler)
Function = TypeVar("Function", ast.FunctionDef, ast.AsyncFunctionDef)
MAIN_TESTS = ("__name__ == '__main__'", "'__main__' == __name__")


@dataclass
class Step:
    """The part of a top-level statement that runs, None for none, and the names left unset.

    skipped gives the line of each name. changed are names of which a part was not set.
    """

    statement: ast.stmt | None
    skipped: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)


def select_statements(tree: ast.Module, purity: Purity, main: Main) -> list[Step]:
    """Return a step for each top-level statement, in order; purity is that of the file."""
    return _Selector(purity, main).select_steps(tree)


def is_main_block(node: ast.stmt) -> bool:
    """Return whether a statement is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in MAIN_TESTS


@dataclass
class _Selector:
    purity: Purity
    main: Main

    def select_steps(self, tree: ast.Module) -> list[Step]:
        outside = [node for node in tree.body if not is_main_block(node)]
        bound = {name for node in outside for name in list_bound_names(node)}
        steps = []
        for node in tree.body:
            if is_main_block(node) and isinstance(node, ast.If) and self.main != "skip":
                inner = [self._make_step(each) for each in node.body]
                if self.main == "extra":
                    inner = [_drop_known(step, bound) for step in inner]
                steps += inner
            else:
                steps.append(self._make_step(node))
        return steps

    def _make_step(self, node: ast.stmt) -> Step:
        kept = self._reduce(node)
        done = set(list_bound_names(kept)) if kept else set()
        skipped = {k: v for k, v in list_bound_names(node).items() if k not in done}
        return Step(kept, skipped, {} if kept else list_changed_names(node))

    def _select(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [kept for statement in body if (kept := self._reduce(statement)) is not None]

    def _reduce(self, node: ast.stmt) -> ast.stmt | None:
        """Return the statement, the part of it that may run, or None."""
        match node:
            case ast.FunctionDef():
                return self._reduce_function(node)
            case ast.AsyncFunctionDef():
                return self._reduce_function(node)
            case ast.ClassDef():
                return self._reduce_class(node)
            case ast.Global() | ast.Import() | ast.ImportFrom():
                return node
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return node if self.purity.is_pure(node) else None
            case ast.Expr(value=ast.Call(func=ast.Attribute() as func) as call):
                is_path = ast.unparse(func).startswith("sys.path.")
                arguments = [*call.args, *call.keywords]
                return node if is_path and all(map(self.purity.is_pure, arguments)) else None
            case ast.Try():
                return self._reduce_try(node)
            case ast.If() if "__name__" not in ast.unparse(node.test):
                return self._reduce_if(node)
        return None

    def _reduce_if(self, node: ast.If) -> ast.stmt | None:
        body, orelse = self._select(node.body), self._select(node.orelse)
        if not self.purity.is_pure(node.test) or not body + orelse:
            return None
        kept = _replace_body(node, body)
        kept.orelse = orelse
        return kept

    def _reduce_try(self, node: ast.Try) -> ast.stmt:
        kept = _replace_body(node, self._select(node.body) or _select_bare_names(node.body))
        kept.handlers = [_replace_body(h, self._select(h.body)) for h in node.handlers]
        kept.orelse, kept.finalbody = self._select(node.orelse), self._select(node.finalbody)
        return kept

    def _reduce_function(self, node: Function) -> ast.stmt | None:
        """Return the function without default values that do more than compute."""
        annotations = [n.annotation for n in ast.walk(node.args) if isinstance(n, ast.arg)]
        annotations.append(node.returns)
        if not all(map(self.purity.is_pure_decorator, node.decorator_list)):
            return None
        if not all(a is None or self.purity.is_pure(a) for a in annotations):
            return None
        if self.purity.is_pure(node.args):
            return node
        kept = copy(node)
        kept.args = copy(node.args)
        name = _("a default value of {function}").format(function=node.name)
        kept.args.defaults = [self._keep_pure(value, name) for value in node.args.defaults]
        kept.args.kw_defaults = [v and self._keep_pure(v, name) for v in node.args.kw_defaults]
        return kept

    def _keep_pure(self, value: ast.expr, name: str) -> ast.expr:
        return value if self.purity.is_pure(value) else _make_placeholder(name, value)

    def _reduce_class(self, node: ast.ClassDef) -> ast.stmt | None:
        """Return the class with placeholders for the attributes that need more than computing."""
        if not all(map(self.purity.is_pure_decorator, node.decorator_list)):
            return None
        if not all(map(self.purity.is_pure, [*node.bases, *node.keywords])):
            return None
        kept = copy(node)
        kept.body = [each for inner in node.body for each in self._reduce_member(inner)]
        kept.body = kept.body or [ast.copy_location(ast.Pass(), node)]
        return kept

    def _reduce_member(self, node: ast.stmt) -> Iterator[ast.stmt]:
        """Yield what is safe to run of a statement of a class; where nothing is, statements that
        set its names to placeholders.
        """
        kept = node if _is_docstring(node) else self._reduce(node)
        if kept is not None:
            yield kept
            return
        for name in list_bound_names(node):
            target = ast.copy_location(ast.Name(name, ast.Store()), node)
            value = _make_placeholder(name, node)
            yield ast.copy_location(ast.Assign([target], value), node)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _make_placeholder(name: str, node: ast.expr | ast.stmt) -> ast.expr:
    call = ast.Call(ast.Name(SKIPPED, ast.Load()), [ast.Constant(name)], [])
    call.args.append(ast.Constant(node.lineno))
    return ast.fix_missing_locations(ast.copy_location(call, node))


def _drop_known(step: Step, bound: set[str]) -> Step:
    """Return the step, or one that does nothing where it sets a name that is bound already, or is
    a statement that sets none, as a call.
    """
    names = {*step.skipped, *(list_bound_names(step.statement) if step.statement else ())}
    if names & bound or (step.statement and not names):
        return Step(None)
    return step


def _select_bare_names(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the bare names, as in: try: xrange; except NameError: xrange = range."""
    return [s for s in body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Name)]


def _replace_body(node: Block, body: list[ast.stmt]) -> Block:
    """Return a copy of the statement with that body, or with pass if it is empty."""
    changed = copy(node)
    changed.body = body or [ast.copy_location(ast.Pass(), node)]
    return changed
