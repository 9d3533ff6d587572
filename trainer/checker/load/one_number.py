"""Takes an array of one number as that number in float(x), int(x) and math, as NumPy before 2.4."""

import ast
import copy
from typing import Any

import numpy as np

ONE = "__one__"  # what the code calls around what it makes a number of
TAKEN: dict[str, None] = {}  # what is to be said of the arrays that were taken so


def take_one_number(statement: ast.stmt) -> ast.stmt:
    """Return a statement, or a copy where it has any of these: float(x) → float(__one__(x))."""
    if not any(map(_converts, ast.walk(statement))):
        return statement
    changed: ast.stmt = _Converter().visit(copy.deepcopy(statement))
    return ast.fix_missing_locations(changed)


class _Converter(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if _converts(node):
            node.args = [_wrap(argument) for argument in node.args]
        return node


def _converts(node: ast.AST) -> bool:
    """Return whether a node makes a number of each of its arguments."""
    match node:
        case ast.Call(func=ast.Name(id="float" | "int"), args=[_], keywords=[]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math")), keywords=[]):
            return True
    return False


def _wrap(argument: ast.expr) -> ast.expr:
    if isinstance(argument, ast.Starred):
        return argument
    return ast.copy_location(ast.Call(ast.Name(ONE, ast.Load()), [argument], []), argument)


def is_one_number(value: Any) -> bool:
    """Return whether a value is an array of one number that is no number itself."""
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.size == 1
