"""Lists changes of lines that use gradients otherwise than Adam, RMSprop or momentum do."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, replace_segment

TURNED = {ast.Add: "-", ast.Sub: "+"}


def list_exchanged(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text with one name in the place of another, of those of which 1 is the whole.

    v / (1 - beta1**t)   →   v / (1 - beta2**t)
    """
    tree = ast.parse(text)
    names = dict.fromkeys(name for node in ast.walk(tree) for name in _list_shares(node))
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute)):
        if ast.unparse(node) in names and isinstance(node.ctx, ast.Load):
            others = (name for name in names if name != ast.unparse(node))
            yield from (_replace(path, text, node, name) for name in others)


def _list_shares(node: ast.AST) -> Iterator[str]:
    """Yield b of an expression 1 - b or 1 - b ** t."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=right):
            base = right.left if isinstance(right, ast.BinOp) else right
            yield from [ast.unparse(base)] if isinstance(base, ast.Name | ast.Attribute) else []


def list_rooted(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text that divides by the root of something, but for what is added to that.

    m / (v + eps)   →   m / (np.sqrt(v) + eps)
    """
    root = "np.sqrt({})" if "np." in text else "({}) ** 0.5"
    for node in ast.walk(ast.parse(text)):
        match node:
            case (
                ast.BinOp(op=ast.Div(), right=divisor) | ast.AugAssign(op=ast.Div(), value=divisor)
            ):
                inner = divisor.left if isinstance(divisor, ast.BinOp) else divisor
                for part in dict.fromkeys((inner, divisor)):
                    written = root.format(ast.get_source_segment(text, part))
                    yield _replace(path, text, part, written)


def list_turned(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text that subtracts what it adds, or adds what it subtracts, at one place.

    v = -mu * v - lr * g   →   v = mu * v - lr * g        w += v   →   w -= v
    """
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                parts = [ast.get_source_segment(text, part) for part in (left, right)]
                yield _replace(path, text, node, f" {TURNED[type(op)]} ".join(map(str, parts)))
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                parts = [ast.get_source_segment(text, part) for part in (target, value)]
                yield _replace(path, text, node, f" {TURNED[type(op)]}= ".join(map(str, parts)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                yield _replace(path, text, node, str(ast.get_source_segment(text, operand)))


def _replace(path: Path, text: str, node: ast.expr | ast.stmt, new: str) -> Candidate:
    return Candidate(path, replace_segment(text, node, new), node)
