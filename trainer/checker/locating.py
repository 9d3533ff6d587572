"""Finds the first line whose value, replaced by the expected one, makes the net right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from trainer.book.functions import Array
from trainer.checker.comparing import CLOSE, as_array, compute_error
from trainer.checker.quantities import Quantity
from trainer.checker.recording import Record, Recorder, Site

RATED = 400  # replacements that are tried


@dataclass(frozen=True)
class Location:
    """A wrong line: the site, the value it had, and the quantity that it should be.

    is_expected tells that the value itself is another quantity of a right net, so that something
    is missing at or after the line.
    """

    site: Site
    record: Record
    quantity: Quantity
    is_expected: bool


def locate(
    recorder: Recorder,
    run: Callable[[], object],
    is_right: Callable[[], bool],
    quantities: list[Quantity],
) -> list[Location]:
    """Return the lines where one replaced value makes is_right() true, the likeliest first.

    run() calls the method whose result is wrong.
    """
    records = _first_records(recorder.run(run))
    found = [
        Location(recorder.sites[record.site], record, quantity, _is_known(record.value, quantities))
        for record, quantity in list_replacements(records, quantities)
        if _fixes(recorder, record.site, quantity.value, is_right)
    ]
    return sorted(found, key=_rank(found))


def _first_records(records: list[Record]) -> list[Record]:
    """Return the first record of each site whose value is an array or a number."""
    first: dict[int, Record] = {}
    for record in records:
        if isinstance(record.value, np.ndarray | np.number | float | int):
            first.setdefault(record.site, record)
    return list(first.values())


def list_replacements(
    records: list[Record], quantities: list[Quantity]
) -> Iterator[tuple[Record, Quantity]]:
    """Yield each record with each quantity that it could have been: of its shape, not its value."""
    count = 0
    for record in records:
        value = as_array(record.value)
        for quantity in quantities if value is not None else ():
            same = value is not None and quantity.value.shape == value.shape
            if same and compute_error(value, quantity.value) > CLOSE and count < RATED:
                count += 1
                yield record, quantity


def _fixes(recorder: Recorder, site: int, value: Array, is_right: Callable[[], bool]) -> bool:
    recorder.replacement = site, value
    try:
        return is_right()
    finally:
        recorder.replacement = None


def _is_known(value: object, quantities: list[Quantity]) -> bool:
    array = as_array(value)
    return array is not None and any(
        array.shape == q.value.shape and compute_error(array, q.value) <= CLOSE for q in quantities
    )


def _rank(found: list[Location]) -> Callable[[Location], tuple[bool, int, bool]]:
    """Return a sort key: first the first line with an unexpected value, then from the last on.

    Where each value is one of a right net, something is missing, and it is missing last.
    """
    order = {id(location): number for number, location in enumerate(found)}

    def key(location: Location) -> tuple[bool, int, bool]:
        number = order[id(location)]
        return location.is_expected, -number if location.is_expected else number, False

    return key
