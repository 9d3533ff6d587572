"""Takes an array of one number as that number, as NumPy before 2.4 does: in float(x), int(x) and
math, and where it is put into an array.
"""

import ast
import copy
from itertools import chain
from typing import Any

import numpy as np

ONE = "__one__"  # what the code calls around what it makes a number of
NOT_PLAIN = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Slice)
TAKEN: dict[str, None] = {}  # what is to be said of the arrays that were taken so


def take_one_number(statement: ast.stmt) -> ast.stmt:
    """Return a statement, or a copy where it has any of these: float(x) → float(__one__(x)), and
    a[i] = x → a[i] = __one__(x, a, i).
    """
    if not any(_converts(node) or _find_place(node) for node in ast.walk(statement)):
        return statement
    changed: ast.stmt = _Converter().visit(copy.deepcopy(statement))
    return ast.fix_missing_locations(changed)


class _Converter(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if _converts(node):
            node.args = [_wrap(argument) for argument in node.args]
        return node

    def visit_Assign(self, node: ast.Assign | ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if place := _find_place(node):
            node.value = _wrap(node.value, *copy.deepcopy(place))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        return self.visit_Assign(node)


def _find_place(node: ast.AST) -> tuple[ast.expr, ...]:
    """Return a and i of a[i] = x and of a[i] += x; nothing for others, and for what runs code."""
    match node:
        case (
            ast.Assign(targets=[ast.Subscript(value=holder, slice=index)])
            | ast.AugAssign(target=ast.Subscript(value=holder, slice=index))
        ):
            parts = chain(ast.walk(holder), ast.walk(index))
            return () if any(isinstance(each, NOT_PLAIN) for each in parts) else (holder, index)
    return ()


def _converts(node: ast.AST) -> bool:
    """Return whether a node makes a number of each of its arguments."""
    match node:
        case ast.Call(func=ast.Name(id="float" | "int"), args=[_], keywords=[]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math")), keywords=[]):
            return True
    return False


def _wrap(argument: ast.expr, *place: ast.expr) -> ast.expr:
    if isinstance(argument, ast.Starred):
        return argument
    call = ast.Call(ast.Name(ONE, ast.Load()), [argument, *place], [])
    return ast.copy_location(call, argument)


def takes_number(holder: Any, index: Any) -> bool:
    """Return whether a place holds a number and can have nothing else, as in an array of these."""
    is_numeric = isinstance(holder, np.ndarray) and holder.dtype.kind in "biufc"
    return is_numeric and np.ndim(holder[index]) == 0


def is_one_number(value: Any) -> bool:
    """Return whether a value is an array of one number that is no number itself."""
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.size == 1
