"""What a line of somebody's code can use: its variables and functions, and their values."""

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.checker.recording import Record

MOST_ATOMS = 40  # variables that are tried in place of others


def list_variables(function: ast.AST) -> Iterator[str]:
    """Yield the variables that a function reads or sets, as one writes them, some repeatedly."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            text = ast.unparse(node)
            if len(text) < 40 and text not in ("np", "self") and not text.startswith("np."):
                yield text


def list_atoms(function: ast.AST, record: Record) -> list[str]:
    """Return the variables of a function that are arrays or numbers, as one writes them."""
    found = dict.fromkeys([*list_variables(function), *record.scope])
    values = {text: evaluate(ast.parse(text, mode="eval"), record) for text in found}
    usable = [t for t, v in values.items() if isinstance(v, np.ndarray | np.number | float | int)]
    return usable[:MOST_ATOMS]


def list_functions(names: dict[str, Any]) -> list[str]:
    """Return the functions among a module's names that take one argument, such as sigmoid."""
    return [
        name
        for name, value in names.items()
        if getattr(getattr(value, "__code__", None), "co_argcount", 0) == 1
    ]


def evaluate(tree: ast.Expression, record: Record) -> Any:
    """Return the value of an expression where the record was made, None where it raises."""
    try:
        with np.errstate(all="ignore"):
            return eval(compile(tree, "<candidate>", "eval"), record.globals, dict(record.scope))
    except Exception:  # of somebody's code: any can come
        return None


class Expression:
    """An expression at a record, of which one part at a time is replaced."""

    def __init__(self, root: ast.expr, record: Record):
        self._tree, self._record = ast.Expression(root), record
        self._places: dict[int, tuple[ast.AST, str, int | None]] = {}
        for parent in ast.walk(self._tree):
            for name, value in ast.iter_fields(parent):
                for index, child in enumerate(value) if isinstance(value, list) else ():
                    self._places[id(child)] = parent, name, index
                self._places[id(value)] = parent, name, None

    def evaluate(self, part: ast.AST, text: str) -> Any:
        """Return the value with that text in place of a part, None where it raises."""
        parent, name, index = self._places[id(part)]
        try:
            self._put(parent, name, index, ast.parse(text, mode="eval").body)
            return evaluate(self._tree, self._record)
        except SyntaxError:
            return None
        finally:
            self._put(parent, name, index, part)

    @staticmethod
    def _put(parent: ast.AST, name: str, index: int | None, part: ast.AST) -> None:
        if index is None:
            setattr(parent, name, part)
        else:
            getattr(parent, name)[index] = part
