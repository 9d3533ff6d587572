"""Finds arrays of whole numbers in which a loop stores numbers with decimals, which get lost."""

from itertools import pairwise

import numpy as np

from trainer.checker.find.steps import Step


def find_truncated(step: Step) -> tuple[int, str] | None:
    """Return the line at which a number loses its decimals, and the array, None where none does."""
    sites = step.tracer.sites
    for (a, _, value), (b, _, array) in pairwise(step.run({}, "full").events):
        is_stored = min(a, b) >= 0 and sites[b].is_update and sites[a].line == sites[b].line
        if is_stored and sites[a].name.startswith(f"{sites[b].name}["):
            is_lost = array.dtype.kind in "iu" and (value != np.round(value)).any()
            if array.ndim and is_lost:
                return sites[a].line, sites[b].name
    return None
