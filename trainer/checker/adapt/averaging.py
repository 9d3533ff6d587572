"""Tells whether a file divides the losses of its batches, which may then be sums."""

import ast
import re
from collections.abc import Iterator

from trainer.checker.adapt.names import METHODS, simplify_name
from trainer.checker.load.source import Source


def averages_sums(source: Source) -> bool:
    """Return whether a file adds up what a function of losses returns, as over batches, and divides
    the sum by a number of samples.
    """
    nodes = list(ast.walk(source.tree))
    added = {n.target.id for n in nodes if isinstance(n, ast.AugAssign)
             and isinstance(n.target, ast.Name) and _calls_loss(n.value)}  # fmt: skip
    sizes = {name for node in nodes if isinstance(node, ast.Assign) for name in _list_sizes(node)}
    divided = (n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div))
    return any(
        isinstance(n.left, ast.Name) and n.left.id in added
        and (_is_size(n.right) or (isinstance(n.right, ast.Name) and n.right.id in sizes))
        for n in divided
    )  # fmt: skip


def _calls_loss(node: ast.expr) -> bool:
    called = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    names = (ast.unparse(function).rpartition(".")[2] for function in called)
    return any(re.fullmatch(METHODS["loss"], simplify_name(name)) for name in names)


def _list_sizes(node: ast.Assign) -> Iterator[str]:
    """Yield the names that an assignment, perhaps of several, sets to a size of an array."""
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = [*zip(target.elts, node.value.elts, strict=False)]
        yield from (t.id for t, value in pairs if isinstance(t, ast.Name) and _is_size(value))


def _is_size(node: ast.expr) -> bool:
    return re.fullmatch(r"len\(.*\)|.*\.shape\[.*\]", ast.unparse(node)) is not None
