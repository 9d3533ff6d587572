"""Moves what a line computes before an update of what it reads, or that update behind it."""

import ast
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.insertions import list_blocks
from trainer.checker.diagnose.patching import Function

KEPT = "result"  # the name of what is computed before it is used


def list_earlier(path: Path, text: str, function: Function, line: int) -> Iterator[Candidate]:
    """Yield the text with the statement at a line, or its value, before each earlier one of its
    block that may change what it reads, and with that one after the statement, or after the loop in
    which it stands.
    """
    for block in list_blocks(function):
        for index, statement in enumerate(block):
            if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
                continue
            is_whole = isinstance(statement, ast.Assign | ast.Return) and statement.lineno == line
            for other in filter(partial(_may_change, statement), reversed(block[:index])):
                moves = (_move, _compute) if isinstance(statement, ast.Assign) else (_compute,)
                for move in moves if is_whole else ():
                    yield Candidate(path, move(text, statement, other), other)
                if not isinstance(statement, ast.Return):
                    yield Candidate(path, _postpone(text, statement, other), other)


def _may_change(statement: ast.stmt, other: ast.stmt) -> bool:
    """Return whether a statement updates what another one reads, or calls what may do so."""
    nodes = list(ast.walk(other))
    stored = {_name_base(n) for n in nodes if isinstance(getattr(n, "ctx", None), ast.Store)}
    updated = {_name_base(n.target) for n in nodes if isinstance(n, ast.AugAssign)}
    is_call = any(isinstance(n, ast.Expr) and isinstance(n.value, ast.Call) for n in nodes)
    return is_call or bool((updated | stored & _list_read(other)) & _list_read(statement))


def _list_read(statement: ast.stmt) -> set[str]:
    """Return the expressions that a statement reads."""
    nodes = (n for n in ast.walk(statement) if isinstance(n, ast.expr))
    return {ast.unparse(n) for n in nodes if not isinstance(getattr(n, "ctx", None), ast.Store)}


def _name_base(node: ast.AST) -> str:
    """Return the array of which a node is a part: W of W[i][j]."""
    return _name_base(node.value) if isinstance(node, ast.Subscript) else ast.unparse(node)


def _postpone(text: str, statement: ast.stmt, other: ast.stmt) -> str:
    """Return the text with an earlier statement after another."""
    lines, moved = text.splitlines(keepends=True), _get_lines(text, other)
    start, end = other.lineno - 1, other.end_lineno or other.lineno
    after = statement.end_lineno or statement.lineno
    return "".join([*lines[:start], *lines[end:after], *moved, *lines[after:]])


def _move(text: str, statement: ast.stmt, other: ast.stmt) -> str:
    """Return the text with a statement before another."""
    return _put(text, statement, other, _get_lines(text, statement), [])


def _compute(text: str, statement: ast.stmt, other: ast.stmt) -> str:
    """Return the text with the value of a statement computed before another, under a new name."""
    lines, value = _get_lines(text, statement), getattr(statement, "value", None)
    if not isinstance(value, ast.expr):
        return text
    start = len(lines[0].encode()[: value.col_offset].decode())
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    moved = [f"{indent}{KEPT} = {lines[0][start:]}", *lines[1:]]
    return _put(text, statement, other, moved, [f"{lines[0][:start]}{KEPT}\n"])


def _get_lines(text: str, statement: ast.stmt) -> list[str]:
    end = statement.end_lineno or statement.lineno
    return text.splitlines(keepends=True)[statement.lineno - 1 : end]


def _put(text: str, old: ast.stmt, other: ast.stmt, moved: list[str], left: list[str]) -> str:
    """Return the text with lines before another statement, and others in place of the old one."""
    lines = text.splitlines(keepends=True)
    before, start, end = other.lineno - 1, old.lineno - 1, old.end_lineno or old.lineno
    return "".join([*lines[:before], *moved, *lines[before:start], *left, *lines[end:]])
