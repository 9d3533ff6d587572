"""Reads Python 2: translates it to Python 3, and divides whole numbers as it does."""

import ast
import copy
import re
from typing import Any, NoReturn

import numpy as np

from trainer.checker.load.magics import parse_quietly

PYTHON_2_NAMES = {"xrange", "unicode", "raw_input", "basestring", "unichr", "reduce"}
PYTHON_2_METHODS = {"iteritems", "itervalues", "iterkeys", "has_key"}
TRUE_DIVISION = re.compile(r"^[ \t]*from __future__ import .*\bdivision", re.MULTILINE)
DIVIDE, DIVIDE_IN_PLACE = "__divide__", "__divide_in_place__"  # called in place of / and /=


# How Python 3 tells of statements that only Python 2 has.
SIGNS = ("Missing parentheses in call to", "multiple exception types", "leading zeros in decimal")


class NoTranslatorError(ImportError):
    """A file is Python 2, and what translates it is not installed; command would install it."""

    command = "pip install fissix"


def translate(text: str) -> str:
    """Return Python 2 as Python 3, by fissix, 2to3's successor.

    Raises ValueError where it is no Python 2, and NoTranslatorError without fissix, which is
    optional.
    """
    try:
        from fissix.pgen2.parse import ParseError
        from fissix.pgen2.tokenize import TokenError
        from fissix.refactor import RefactoringTool, get_fixers_from_package
    except ImportError:
        _refuse(text)

    names = get_fixers_from_package("fissix.fixes")
    unneeded = ("import", "idioms", "ws_comma", "set_literal", "asserts")  # import: no relative
    fixers = [name for name in names if name.rpartition("fix_")[2] not in unneeded]
    try:
        return str(RefactoringTool(fixers).refactor_string(text.rstrip() + "\n", "file"))
    except (ParseError, TokenError, IndentationError) as error:
        raise ValueError(error) from None


def _refuse(text: str) -> NoReturn:
    try:
        parse_quietly(text)
    except SyntaxError as error:
        if not any(sign in error.msg for sign in SIGNS):
            raise ValueError(error) from None
    raise NoTranslatorError from None


def is_python_2(tree: ast.Module) -> bool:
    """Return whether a file that parses as Python 3 uses what only Python 2 has."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    # A star import may bind any name, but no module offers xrange.
    names = {"xrange"} - bound if "*" in bound else PYTHON_2_NAMES - bound
    return any(
        (isinstance(node, ast.Attribute) and node.attr in PYTHON_2_METHODS)
        or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(tree)
    )


def restore_division(statement: ast.stmt) -> ast.stmt:
    """Return a copy of a translated statement in which / of whole numbers drops the fraction."""
    changed: ast.stmt = _Divider().visit(copy.deepcopy(statement))
    return ast.fix_missing_locations(changed)


class _Divider(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return _call(DIVIDE, node.left, node.right, node) if _divides(node.op) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if not _divides(node.op):
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        value = _call(DIVIDE_IN_PLACE, read, node.value, node)
        return ast.copy_location(ast.Assign([node.target], value), node)


def _divides(operation: ast.operator) -> bool:
    return isinstance(operation, ast.Div)


def _call(name: str, left: ast.expr, right: ast.expr, node: ast.AST) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [left, right], []), node)


def divide(a: Any, b: Any) -> Any:
    """Return a / b as Python 2 does."""
    are_whole = _is_whole(a) and _is_whole(b)
    return a // b if are_whole else a / b


def divide_in_place(a: Any, b: Any) -> Any:
    """Return a after a /= b as Python 2 does."""
    are_whole = _is_whole(a) and _is_whole(b)
    if are_whole:
        a //= b
    else:
        a /= b
    return a


DIVISION = {DIVIDE: divide, DIVIDE_IN_PLACE: divide_in_place}  # the names that statements call


def _is_whole(value: object) -> bool:
    is_array = isinstance(value, np.ndarray) and value.dtype.kind in "iu"
    return is_array or isinstance(value, int | np.integer)
