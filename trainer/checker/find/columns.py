"""Reads and writes the numbers that the tuples of a list have in one place, as one array."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Column:
    """A place in each tuple of a list."""

    number: int

    def __str__(self) -> str:
        return f"[{self.number}]"

    def read(self, rows: list[tuple[Any, ...]]) -> Any:
        """Return the numbers as an array, with a row for each tuple."""
        return np.array([row[self.number] for row in rows])

    def write(self, rows: list[tuple[Any, ...]], values: Any) -> None:
        """Put tuples with other numbers into the places of those of a list, as many as there are
        rows of values.
        """
        places = [min(i, len(rows) - 1) for i in range(len(values))]
        pairs = zip(places, np.asarray(values).tolist(), strict=True)
        rows[:] = [self._replace(rows[i], value) for i, value in pairs]

    def _replace(self, row: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        part = tuple(value) if isinstance(value, list) else value
        return (*row[: self.number], part, *row[self.number + 1 :])


def list_columns(rows: Any) -> Iterator[Column]:
    """Yield the places in which all tuples of a list have a number, or a tuple of as many."""
    if not isinstance(rows, list) or len(rows) < 2 or not all(type(row) is tuple for row in rows):
        return
    for number, parts in enumerate(zip(*rows, strict=False)):
        shapes = {_find_shape(part) for part in parts}
        if len(shapes) == 1 and None not in shapes:
            yield Column(number)


def _find_shape(part: Any) -> tuple[int, ...] | None:
    """Return the shape of a number or a tuple of numbers, None for anything else."""
    if type(part) in (int, float):
        return ()
    is_row = type(part) is tuple and part and all(type(each) in (int, float) for each in part)
    return (len(part),) if is_row else None
