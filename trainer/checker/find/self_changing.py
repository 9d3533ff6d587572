"""Finds what may train, whatever it is called: a name says that in some languages only.

That are the methods of a class that change what its objects keep by what that was, and those that
call these; and the functions with a loop that moves what a name stands for.
"""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef


def list_changing(body: list[ast.stmt]) -> set[str]:
    """Return the names of the methods of a class that change an attribute by what it was.

    self.w -= d        self.w = self.w - d        self.w = [w - d for w in self.w]
    """
    methods = {node.name: node for node in body if isinstance(node, Function)}
    found = {name for name, node in methods.items() if any(map(_changes, ast.walk(node)))}
    calls = {name: set(_list_called(node)) for name, node in methods.items()}
    while more := {name for name, called in calls.items() if called & found} - found:
        found |= more
    return found


def moves_in_loop(function: Function) -> bool:
    """Return whether a loop of a function moves a name, or a part of it, by a sum or difference.

    w -= d        w = w - d        w += rate * d
    """
    loops = (n for n in ast.walk(function) if isinstance(n, ast.For | ast.While))
    return any(_moves(node) for loop in loops for node in ast.walk(loop))


def _moves(node: ast.AST) -> bool:
    match node:
        case ast.AugAssign(op=ast.Sub(), value=value):
            return not isinstance(value, ast.Constant)
        case ast.AugAssign(op=ast.Add(), value=ast.BinOp(op=ast.Mult())):
            return True
        case ast.Assign(targets=[target], value=ast.BinOp(op=ast.Sub() | ast.Add()) as value):
            is_counted = isinstance(value.right, ast.Constant)
            return ast.unparse(value.left) == ast.unparse(target) and not is_counted
    return False


def _list_called(method: Function) -> Iterator[str]:
    """Yield the methods of the same object that one calls."""
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)):
                yield name


def _changes(node: ast.AST) -> bool:
    """Return whether a statement gives an attribute of self a value that depends on the old one,
    and does not only count.
    """
    match node:
        case ast.AugAssign(target=target, value=value):
            return bool(_read_attribute(target)) and not isinstance(value, ast.Constant)
        case ast.Assign(targets=[target], value=ast.expr() as value):
            attribute = _read_attribute(target)
            parts = [n for n in ast.walk(value) if isinstance(n, ast.Attribute)]
            is_counted = isinstance(value, ast.BinOp) and isinstance(value.right, ast.Constant)
            return attribute in {_read_attribute(n) for n in parts} - {""} and not is_counted
    return False


def _read_attribute(node: ast.expr) -> str:
    """Return the attribute of self that an expression is, or is an element of, "" for others."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
        case ast.Subscript(value=value) | ast.Attribute(value=value):
            return _read_attribute(value)
    return ""
