"""Changes of whole statements: other updates, conditions and orders, statements taken out."""

import ast
import copy
from collections.abc import Iterator
from itertools import chain
from math import inf

from trainer.checker.diagnose.edits import (
    OPERATORS,
    Edit,
    Root,
    Words,
    list_swapped_parts,
    sort_edits,
)
from trainer.checker.diagnose.expressions import list_edits

CONDITION = 1.9  # the cost of an edit that may make a condition hold


def list_statement_edits(root: ast.stmt) -> Iterator[Edit]:
    """Yield edits of whole statements: other operators of updates, statements taken out."""
    seen: set[str] = set()
    yield from _list_other_updates(root)
    yield from _list_swapped_targets(root)
    for node in ast.walk(root):
        if isinstance(node, ast.AugAssign):
            yield Edit(node, f"{ast.unparse(node.target)} = {ast.unparse(node.value)}", 1.4)
            yield Edit(node, "pass", 1.3)
        if isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Call):
            target = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
            for argument in (ast.unparse(a) for a in node.value.args if isinstance(a, ast.Name)):
                if argument != target:
                    is_unused = target not in _list_read(root)
                    cost = 1.2 if is_unused else 1.9
                    yield Edit(node, f"{argument} = {ast.unparse(node.value)}", cost)
        if isinstance(node, ast.Assign):
            yield Edit(node, "pass", 1.1 if ast.unparse(node) in seen else 2.0)
            seen.add(ast.unparse(node))
            if isinstance(node.targets[0], ast.Name | ast.Attribute | ast.Subscript):
                yield Edit(
                    node, f"{ast.unparse(node.targets[0])} += {ast.unparse(node.value)}", 2.1
                )
        if isinstance(node, ast.Expr | ast.If):
            yield Edit(node, "pass", 1.8)


def _list_swapped_targets(root: ast.stmt) -> Iterator[Edit]:
    """Yield two names in the other order where what they are set to stands in its usual order."""
    arguments = [a.arg for a in root.args.args] if isinstance(root, ast.FunctionDef) else []
    for node in ast.walk(root):
        match node:
            case ast.Assign(targets=[ast.Tuple() as target], value=ast.Tuple(elts=values)):
                texts = [ast.unparse(value) for value in values]
                if texts in (sorted(texts), [a for a in arguments if a in texts]):
                    yield from (Edit(e.node, e.text, 1.3) for e in list_swapped_parts(target))


def list_condition_edits(function: ast.FunctionDef) -> Iterator[Edit]:
    """Yield the conditions of a function with another number, comparison or argument."""
    words = Words([argument.arg for argument in function.args.args], [], [])
    for node in ast.walk(function):
        if isinstance(node, ast.If):
            is_ndim = ".ndim" in ast.unparse(node.test)  # 1 or 2
            edits = list_edits(node.test, words, CONDITION)
            likely = (e for e in edits if not is_ndim or e.text not in ("0", "0.5", "-1"))
            yield from sorted(likely, key=_rank_condition)


def list_range_edits(function: ast.FunctionDef) -> Iterator[Edit]:
    """Yield the ranges of a function that begin or end one earlier or later, as where the last
    layer is left out: range(1, L) → range(1, L + 1).
    """
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="range"), args=[*bounds]):
                yield from (Edit(b, new, 0.0) for b in bounds[:2][::-1] for new in _move_bound(b))


def _move_bound(bound: ast.expr) -> list[str]:
    """Return a bound that is one more, and one less."""
    match bound:
        case ast.Constant(value=int(number)):
            return [str(number + 1), str(number - 1)]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=1)):
            return [ast.unparse(left)]
    return [f"{ast.unparse(bound)} + 1", f"{ast.unparse(bound)} - 1"]


def _rank_condition(edit: Edit) -> tuple[bool, bool]:
    """Return a sort key: other numbers first, and 2 before 1, the dimensions of a batch."""
    return not isinstance(edit.node, ast.Constant), edit.text != "2"


def _list_read(root: ast.stmt) -> set[str]:
    """Return the names that a statement or a function reads."""
    names = (node for node in ast.walk(root) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def _list_other_updates(root: ast.stmt) -> Iterator[Edit]:
    """Yield the updates in a function or a statement with another operator: += for -=."""
    for node in ast.walk(root):
        if isinstance(node, ast.AugAssign):
            for other in OPERATORS:
                if not isinstance(node.op, other):
                    changed = copy.copy(node)
                    changed.op = other()
                    yield Edit(node, ast.unparse(changed), 1.3)


def list_swapped_returns(function: ast.FunctionDef) -> Iterator[Edit]:
    """Yield the two values that a function returns, or that a constructor sets, in the other
    order.
    """
    for node in ast.walk(function):
        match node:
            case ast.Return(value=ast.Tuple(elts=[first, second]) as pair):
                yield Edit(pair, f"{ast.unparse(second)}, {ast.unparse(first)}", 0.0)
            case ast.Assign(targets=[ast.Tuple(elts=[first, second]) as pair]):
                if function.name == "__init__":
                    yield Edit(pair, f"{ast.unparse(second)}, {ast.unparse(first)}", 0.0)


def list_line_edits(root: Root, words: Words, most: float = inf) -> list[Edit]:
    """Return the edits of an expression, or of a statement and the expressions in it."""
    if isinstance(root, ast.expr):
        return list_edits(root, words, most)
    edits = (list_edits(part, words, most) for part in list_roots(root))
    return sort_edits([*list_statement_edits(root), *chain.from_iterable(edits)])


def list_roots(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions that a statement, or those of a function, compute."""
    for node in ast.walk(statement):
        for name in ("value", "test", "iter"):
            part = getattr(node, name, None) if isinstance(node, ast.stmt) else None
            is_number = isinstance(part, ast.Constant) and not isinstance(node, ast.AugAssign)
            if isinstance(part, ast.expr) and not is_number:
                yield part
        if isinstance(node, ast.AugAssign):
            yield node.target
        if isinstance(node, ast.Assign):
            yield from (t for t in node.targets if isinstance(t, ast.Subscript | ast.Tuple))
