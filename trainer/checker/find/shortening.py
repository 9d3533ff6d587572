"""Gives a step that has hundreds of samples few of them, so that it can be run often."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.leaves import list_leaves
from trainer.checker.find.steps import Step
from trainer.checker.find.trace import Trace

MANY, FEW = 50, 5  # samples


def shorten(step: Step) -> None:
    """Let a step find fewer samples in its arrays, if it has many and trains with few too."""
    leaves = list_leaves(step.get_names()).items()
    arrays = {path: leaf.as_array() for path, leaf in leaves if leaf.size > MANY}
    lengths = Counter(n for value in arrays.values() for n in set(value.shape) if n > MANY)
    many = sorted((n for n, times in lengths.items() if times > 1), reverse=True)
    if not many:
        return
    few = find_free(FEW, (n for _, leaf in leaves for n in np.shape(leaf.value)))
    whole = step.run()
    for length in many:
        kept = step.given
        now = {path: kept.get(path, value) for path, value in arrays.items()}
        counts = count_again(length, few, {p: leaf.value for p, leaf in leaves})
        step.given = (
            kept
            | counts
            | {p: _choose(v, length, few) for p, v in now.items() if length in v.shape}
        )
        if not _still_changes(step, whole):
            step.given = kept


def find_free(least: int, sizes: Iterable[int]) -> int:
    """Return the first number from the least on that no array has as a size: the samples are never
    as many as the classes, say.
    """
    taken = set(sizes)
    return next(n for n in count(least) if n not in taken)


def count_again(many: int, few: int, values: Mapping[str, Any]) -> dict[str, float]:
    """Return what becomes of the numbers that may be how many samples there are, by which a step
    may divide, or the reciprocal of it.
    """
    numbers = {path: value for path, value in values.items() if not np.ndim(value)}
    return {p: few for p, n in numbers.items() if n == many} | {
        p: 1 / few for p, n in numbers.items() if n == 1 / many
    }


def _still_changes(step: Step, whole: Trace) -> bool:
    """Return whether a step changes what it changed with more samples, but for what has another
    shape now, and computes arrays at the same places: the second batch of few samples may be empty.
    """
    trace = step.run()
    now = trace.list_changed()
    is_finite = all(np.isfinite(trace.after[path]).all() for path in now)
    if not (is_finite and _list_places(whole) <= _list_places(trace)):
        return False
    left = [path for path in whole.list_changed() if path not in now and path in trace.after]
    return bool(now) and all(trace.after[p].shape != trace.before[p].shape for p in left)


def _list_places(trace: Trace) -> set[int]:
    """Return the places of the arrays that a step computes."""
    return {site for site, _, value in trace.events if value.ndim}


def _choose(values: Array, length: int, few: int) -> Array:
    """Return every so many rows, or columns, along the axis of that length."""
    rows = np.linspace(0, length - 1, few).astype(int)
    return values.take(rows, axis=values.shape.index(length))
