"""Limits the loops of changed code, which may have lost what ended them."""

import ast
from typing import Any

ROUNDS = 200_000  # of one loop: more than any right net takes on the few samples of a check


def limit_loops(tree: ast.Module) -> ast.Module:
    """Return the tree with loops that raise RuntimeError after ROUNDS rounds.

    `while a: b` becomes `n = 0`, `while a: n += 1; if n > ROUNDS: raise RuntimeError; b`.
    """
    return ast.fix_missing_locations(_Limiter().visit(tree))


class _Limiter(ast.NodeTransformer):
    def __init__(self) -> None:
        self._count = 0

    def visit_While(self, node: ast.While) -> Any:
        return self._limit(node)

    def visit_For(self, node: ast.For) -> Any:
        return self._limit(node)

    def _limit(self, node: ast.While | ast.For) -> list[ast.stmt]:
        self._count += 1
        name = f"__rounds{self._count}__"
        self.generic_visit(node)
        start = ast.parse(f"{name} = 0").body
        check = f"{name} += 1\nif {name} > {ROUNDS}: raise RuntimeError('an endless loop')"
        node.body[:0] = _place(ast.parse(check).body, node)
        return [*_place(start, node), node]


def _place(statements: list[ast.stmt], loop: ast.stmt) -> list[ast.stmt]:
    """Give statements the line of a loop, which tracebacks then show."""
    for statement in statements:
        for each in ast.walk(statement):
            ast.copy_location(each, loop)
    return statements
