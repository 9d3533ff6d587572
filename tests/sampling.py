"""Choose which cases of a long list `make test` runs; `make test-all` runs all of them."""

from collections.abc import Iterable
from typing import Any

import pytest


def few(cases: Iterable[Any], count: int, is_one: bool = False) -> list[Any]:
    """Return the cases with all but so many of them, evenly chosen, marked as slow.

    A tuple is several arguments, unless is_one.
    """
    every = list(cases)
    kept = {number * len(every) // count for number in range(count)}
    groups = ((case,) if is_one or not isinstance(case, tuple) else case for case in every)
    marks = (() if number in kept else pytest.mark.slow for number in range(len(every)))
    return [pytest.param(*group, marks=mark) for group, mark in zip(groups, marks, strict=True)]
