"""Lists changes that subtract targets which a step ignores."""

import ast
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit

Scope = ast.FunctionDef | ast.For | ast.While
Statement = ast.Assign | ast.AugAssign | ast.Return


def list_subtracted(path: Path, text: str) -> Iterator[Candidate]:
    """Yield the texts in which one value is less by what its function is given, or by what its loop
    reads; first by what is used in no sum or product there.

    dz = y / n   →   dz = (y - t) / n
    """
    tree = ast.parse(text)
    scopes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    loops = [n for n in tree.body if isinstance(n, ast.For | ast.While)]
    pairs = [(scope, name) for scope in [*scopes, *loops] for name in _list_given(scope)]
    for scope, name in sorted(pairs, key=lambda pair: _is_computed_with(*pair)):
        for edit in _list_edits(scope, name):
            yield from islice(apply_edit(path, text, edit), 1)


def _list_given(scope: Scope) -> list[str]:
    """Return the arguments of a function, or the names that a loop reads and does not set."""
    if isinstance(scope, ast.FunctionDef):
        return [each.arg for each in scope.args.args if each.arg not in ("self", "cls")]
    names = [node for node in ast.walk(scope) if isinstance(node, ast.Name)]
    known = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    called = {n.func.id for n in ast.walk(scope)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    return list(dict.fromkeys(node.id for node in names if node.id not in known | called))


def _is_computed_with(scope: Scope, name: str) -> bool:
    """Return whether a name is an operand of a sum or a product."""
    operands = (part for node in ast.walk(scope) if isinstance(node, ast.BinOp)
                for part in (node.left, node.right))  # fmt: skip
    return any(isinstance(part, ast.Name) and part.id == name for part in operands)


def _list_edits(scope: Scope, name: str) -> Iterator[Edit]:
    """Yield each value that a statement reads less the name, those of the first lines first."""
    values = [n.value for n in ast.walk(scope) if isinstance(n, Statement) and n.value]
    for value in sorted(values, key=lambda node: node.lineno):
        for node in _list_values(value):
            if ast.unparse(node) != name:
                yield Edit(node, f"{ast.unparse(node)} - {name}", 0.0)


def _list_values(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the names and attributes in an expression that are no part of another one of these, and
    no function that is called.
    """
    if isinstance(node, ast.Name | ast.Attribute):
        yield node
        return
    skipped = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if child is not skipped:
            yield from _list_values(child)
