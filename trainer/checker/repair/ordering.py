"""Moves what a line computes before other statements: before an update of what it reads."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.insertions import list_blocks
from trainer.checker.diagnose.patching import Function

KEPT = "result"  # the name of what is computed before it is returned


def list_earlier(path: Path, text: str, function: Function, line: int) -> Iterator[Candidate]:
    """Yield the text with the statement at a line before each earlier one of its block."""
    for block in list_blocks(function):
        for index, statement in enumerate(block):
            if statement.lineno == line and isinstance(statement, ast.Assign | ast.Return):
                for other in reversed(block[:index]):
                    yield Candidate(path, _move(text, statement, other), statement)


def _move(text: str, statement: ast.Assign | ast.Return, other: ast.stmt) -> str:
    """Return the text with a statement before another; a return leaves its value's name behind."""
    lines = text.splitlines(keepends=True)
    start, end = statement.lineno - 1, statement.end_lineno or statement.lineno
    moved, left = lines[start:end], list[str]()
    if isinstance(statement, ast.Return):
        indent = moved[0][: len(moved[0]) - len(moved[0].lstrip())]
        moved = [moved[0].replace("return ", f"{KEPT} = ", 1), *moved[1:]]
        left = [f"{indent}return {KEPT}\n"]
    before = other.lineno - 1
    return "".join([*lines[:before], *moved, *lines[before:start], *left, *lines[end:]])
