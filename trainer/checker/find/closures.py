"""Reads, writes and copies what functions keep of the functions in which they were defined."""

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

Copy = Callable[[Any, dict[int, Any]], Any]


def is_closure(value: object) -> bool:
    """Return whether a value is a function that keeps names of another one."""
    return isinstance(value, FunctionType) and bool(value.__closure__)


def list_cells(function: FunctionType) -> dict[str, CellType]:
    """Return the cells of the names that a function keeps and that are set."""
    pairs = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell for name, cell in pairs if _is_set(cell)}


def copy_closure(function: FunctionType, memo: dict[int, Any], copy: Copy) -> FunctionType:
    """Return a copy of a function with copies of what it keeps, which others may keep too."""
    cells = tuple(memo.setdefault(id(cell), CellType()) for cell in function.__closure__ or ())
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, cells
    )
    made.__kwdefaults__ = function.__kwdefaults__
    memo[id(function)] = made
    for old, new in zip(function.__closure__ or (), cells, strict=True):
        if _is_set(old) and not _is_set(new):
            new.cell_contents = copy(old.cell_contents, memo)
    vars(made).update({name: copy(value, memo) for name, value in vars(function).items()})
    return made


def _is_set(cell: CellType) -> bool:
    """Return whether the name of a cell has a value yet."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
