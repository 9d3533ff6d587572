"""Names the arrays of a line whose shapes do not fit, or that keep no decimals."""

import ast
import linecache
import re
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from trainer.common.language import translate as _

PRODUCTS = ("dot", "matmul")
CAST = r"output from dtype\('float\d+'\) to dtype\('u?int\d+'\)"  # of NumPy's error
LONGEST = 40  # characters of an operand that is shown
Operands = tuple[str, ast.expr, ast.expr]


def describe_misfit(error: BaseException, path: Path) -> str:
    """Return which two arrays do not fit in the last line of a file that an error passed, or which
    keeps no decimals, "" where that is not the reason: dy (7, 3) · W2 (6, 3): 3 and 6 differ; W2.T
    is (3, 6).
    """
    frames = [(f, n) for f, n in traceback.walk_tb(error.__traceback__)
              if f.f_code.co_filename == str(path)]  # fmt: skip
    is_cast = isinstance(error, TypeError) and re.search(CAST, str(error))
    if not (isinstance(error, ValueError) or is_cast) or not frames:
        return ""
    frame, line = frames[-1]
    with suppress(SyntaxError):
        tree = ast.parse("".join(linecache.getlines(str(path))))
        if is_cast:
            return _describe_whole(tree, line)
        found = (_describe(frame, *operands) for operands in _list_operands(tree, line))
        return next(filter(None, found), "")
    return ""


def _describe_whole(tree: ast.Module, line: int) -> str:
    """Return that the array which a line changes is of whole numbers, "" where it changes none."""
    changes = (n for n in ast.walk(tree) if isinstance(n, ast.AugAssign) and n.lineno == line)
    message = _("{name} is an array of whole numbers, which keeps no decimals: make it of floats")
    return next((message.format(name=ast.unparse(n.target)) for n in changes), "")


def _list_operands(tree: ast.Module, line: int) -> Iterator[Operands]:
    """Yield the sign and the operands of each operation that touches a line."""
    for node in ast.walk(tree):
        if not getattr(node, "lineno", line + 1) <= line <= getattr(node, "end_lineno", 0):
            continue
        match node:
            case ast.BinOp(left, op, right):
                yield "·" if isinstance(op, ast.MatMult) else _write(op), left, right
            case ast.AugAssign(target, op, value):
                yield _write(op), target, value
            case ast.Call(ast.Attribute(_, name) | ast.Name(name), [left, right]) if (
                name in PRODUCTS
            ):
                yield "·", left, right
            case ast.Call(ast.Attribute(left, name), [right]) if name in PRODUCTS:
                yield "·", left, right


def _write(operator: ast.operator) -> str:
    """Return the sign of an operator."""
    a = ast.Name("a")
    return ast.unparse(ast.BinOp(a, operator, a))[2:-2]


def _describe(frame: FrameType, sign: str, left: ast.expr, right: ast.expr) -> str:
    """Return the shapes of two operands, "" where they fit or are not known."""
    a, b = _evaluate(frame, left), _evaluate(frame, right)
    if a is None or b is None or (pair := _find_unequal(sign, a, b)) is None:
        return ""
    one, other = ast.unparse(left), ast.unparse(right)
    message = _("{one} {shape} {sign} {other} {another}: {m} and {n} differ")
    shown = message.format(
        one=one, shape=a, sign=sign, other=other, another=b, m=pair[0], n=pair[1]
    )
    for text, turned, others in ((other, b[::-1], (a, b[::-1])), (one, a[::-1], (a[::-1], b))):
        if sign == "·" and len(turned) == 2 and _find_unequal(sign, *others) is None:
            name = text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"
            return _("{difference}; {name} is {shape}").format(
                difference=shown, name=name, shape=turned
            )
    return shown


def _find_unequal(sign: str, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the first two sizes that should be equal and differ, None where the shapes fit."""
    if not a or not b:
        return None
    if sign == "·":
        pairs = [(a[-1], b[-2] if len(b) > 1 else b[0])]
    else:
        pairs = [(m, n) for m, n in zip(a[::-1], b[::-1], strict=False) if 1 not in (m, n)]
    return next(((m, n) for m, n in pairs if m != n), None)


def _evaluate(frame: FrameType, node: ast.expr) -> tuple[int, ...] | None:
    """Return the shape of an operand that calls nothing, None where it has none."""
    text = ast.unparse(node)
    if len(text) > LONGEST or any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(node)):
        return None
    try:
        value: Any = eval(text, frame.f_globals, frame.f_locals)
    except Exception:  # of somebody's code: any can come
        return None
    return value.shape if isinstance(value, np.ndarray) else None
