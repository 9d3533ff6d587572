"""Moves statements into a loop that follows them, or out of the loop that begins with them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.patching import Function

MOST = 3  # statements that are moved together


def list_moves(path: Path, text: str, function: Function) -> Iterator[Candidate]:
    """Yield the text with statements on the other side of the line that opens a loop."""
    for node in ast.walk(function):
        body = getattr(node, "body", None)
        for index, loop in enumerate(body if isinstance(body, list) else ()):
            if isinstance(loop, ast.For | ast.While):
                assert isinstance(body, list)
                for count in range(1, MOST + 1):
                    yield from _move_in(path, text, body[max(0, index - count) : index], loop)
                    yield from _move_out(path, text, loop.body[:count], loop)


def _move_in(
    path: Path, text: str, moved: list[ast.stmt], loop: ast.For | ast.While
) -> Iterator[Candidate]:
    """Yield the text with the statements before a loop at its beginning."""
    if moved:
        lines = text.splitlines(keepends=True)
        start, opening, first = moved[0].lineno - 1, loop.lineno - 1, loop.body[0]
        inside = _indent(lines[start:opening], first.col_offset - loop.col_offset)
        head = lines[opening : first.lineno - 1]
        changed = [*lines[:start], *head, *inside, *lines[first.lineno - 1 :]]
        yield Candidate(path, "".join(changed), moved[0])


def _move_out(
    path: Path, text: str, moved: list[ast.stmt], loop: ast.For | ast.While
) -> Iterator[Candidate]:
    """Yield the text with the first statements of a loop before it, unless these are all."""
    if len(moved) < len(loop.body):
        lines = text.splitlines(keepends=True)
        opening, start = loop.lineno - 1, moved[0].lineno - 1
        end = moved[-1].end_lineno or moved[-1].lineno
        outside = _indent(lines[start:end], loop.col_offset - moved[0].col_offset)
        changed = [*lines[:opening], *outside, *lines[opening:start], *lines[end:]]
        yield Candidate(path, "".join(changed), moved[0])


def _indent(lines: list[str], more: int) -> list[str]:
    """Return lines that are indented by some characters more, or by fewer."""
    return [" " * more + line if more > 0 else line[-more:] for line in lines]
