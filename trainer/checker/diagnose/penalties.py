"""Terms of a weight penalty, as people write them, where a loss or a gradient lacks one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all
from trainer.checker.diagnose.edits import BIAS, Edit, turn_operator
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.scope import list_variables
from trainer.checker.diagnose.siblings import get_target

STRENGTH = re.compile(r"(^|[._])(reg\w*|\w*decay\w*|lamb?da\w*|lam|l2\w*)$", re.IGNORECASE)
WEIGHT = re.compile(r"\bW[12]?\b")
LOSS = re.compile(r"loss|cost", re.IGNORECASE)
FACTORS = ("{reg} * ", "2 * {reg} * ", "0.5 * {reg} * ")


def list_penalties(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with one term of a penalty more, or with another factor of one."""
    yield from _list_without(path, text, function)
    names = list(dict.fromkeys(list_variables(function)))
    factors = [f.format(reg=n) for n in names if STRENGTH.search(n) for f in FACTORS]
    weights = [name for name in names if WEIGHT.search(name) and "grad" not in name]
    weights += [name[:-2] + "W" for name in names if name.endswith(".dW")]
    statements = (n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign))
    for statement in statements if factors else ():
        for changed in _list_changed(statement, factors, weights):
            yield from apply_edit(path, text, Edit(statement.value, changed, 0.0))


def list_turned(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with the other sign before one term: a - b for a + b, and -= for +=."""
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                turned: ast.AST = ast.BinOp(left, turn_operator(op), right)
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as op, value=value):
                turned = ast.AugAssign(target, turn_operator(op), value)
            case _:
                continue
        yield from apply_edit(path, text, Edit(node, ast.unparse(turned), 0.0))


def _list_without(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text without the penalty of one gradient, or without those of all biases."""
    edits = list(_list_removals(function))
    of_biases = [e for e in edits if BIAS.search(ast.unparse(e.node))]
    if len(of_biases) > 1:
        yield Candidate(path, replace_all(text, of_biases), of_biases[0].node)
    for edit in edits:
        yield from apply_edit(path, text, edit)


def _list_removals(function: Function) -> Iterator[Edit]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign | ast.AugAssign) or LOSS.search(get_target(node)):
            continue
        match node.value:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                if _has_strength(right) and not _has_strength(left):
                    yield Edit(node.value, ast.unparse(left), 0.0)
            case value if isinstance(node, ast.AugAssign) and _has_strength(value):
                yield Edit(node, "pass", 0.0)


def _has_strength(value: ast.expr) -> bool:
    names = (ast.unparse(n) for n in ast.walk(value) if isinstance(n, ast.Name | ast.Attribute))
    return any(STRENGTH.search(name) for name in names)


def _list_changed(
    statement: ast.Assign | ast.AugAssign, factors: list[str], weights: list[str]
) -> Iterator[str]:
    """Yield other values of a statement that sets a gradient or a loss, or adds to a loss."""
    value = ast.unparse(statement.value)
    for factor in factors:
        if isinstance(statement, ast.AugAssign):
            yield f"{factor}({value})"
            yield from (f"{factor}{weight}" for weight in weights)
        elif LOSS.search(get_target(statement)):
            yield from (f"{value} + {factor}{squares}" for squares in _list_squares(weights))
        elif isinstance(statement.targets[0], ast.Subscript):
            own = f"self.params[{ast.unparse(statement.targets[0].slice)}]"
            for part in _list_terms(statement.value):
                yield from (f"{part} + {factor}{weight}" for weight in [*weights, own])


def _list_squares(weights: list[str]) -> Iterator[str]:
    """Yield the sum of the squares of two weights, for each pair that differs by its number."""
    for first in weights:
        second = re.sub(r"\bW1\b", "W2", first)
        if second != first and second in weights:
            yield f"(np.sum({first} * {first}) + np.sum({second} * {second}))"


def _list_terms(value: ast.expr) -> list[str]:
    """Return the terms of a sum that hold no strength of a penalty."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        return [*_list_terms(value.left), *_list_terms(value.right)]
    return [] if _has_strength(value) else [ast.unparse(value)]
