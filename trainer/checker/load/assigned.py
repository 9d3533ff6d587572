"""Reads what a line does with what it calls: the names to which it assigns that say what it is."""

import ast
import linecache
import re
from collections.abc import Callable
from types import FrameType
from typing import Any

ASSIGNMENT = r"\s*([\w\s,()\[\]]+?)\s*=(?!=)"


def give_assigned(frame: FrameType, give: Callable[[str], Any]) -> Any:
    """Return the values of the names to which the current line of a frame assigns something, in a
    tuple where they are several, as in (x_train, t_train), test = load(); None where one has none.
    """
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    found = re.match(ASSIGNMENT, line)
    try:
        targets = ast.parse(found[1], mode="eval").body if found else None
    except SyntaxError:
        return None
    return _give(targets, give)


def is_statement(frame: FrameType) -> bool:
    """Return whether the current line of a frame is a call of which the value is not used."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return re.match(r"\s*[\w.]+\(", line) is not None


def _give(target: ast.expr | None, give: Callable[[str], Any]) -> Any:
    match target:
        case ast.Name(id=name):
            return give(name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            values = [_give(part, give) for part in parts]
            return None if any(value is None for value in values) else tuple(values)
    return None
