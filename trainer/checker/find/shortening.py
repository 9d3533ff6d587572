"""Gives a step that has hundreds of samples few of them, so that it can be run often."""

from collections import Counter

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.leaves import list_leaves
from trainer.checker.find.steps import Step

MANY, FEW = 100, 5  # samples


def shorten(step: Step) -> None:
    """Let a step find fewer samples in its arrays, if it has many and trains with few too."""
    arrays = {path: leaf.value for path, leaf in list_leaves(step.get_names()).items()}
    arrays = {path: np.asarray(value) for path, value in arrays.items() if np.size(value) > MANY}
    lengths = Counter(n for value in arrays.values() for n in set(value.shape) if n > MANY)
    for length in sorted((n for n, count in lengths.items() if count > 1), reverse=True):
        kept = step.given
        now = {path: kept.get(path, value) for path, value in arrays.items()}
        step.given = kept | {p: _choose(v, length) for p, v in now.items() if length in v.shape}
        trace = step.run()
        if trace.error or not trace.list_changed():
            step.given = kept


def _choose(values: Array, length: int) -> Array:
    """Return every so many rows, or columns, along the axis of that length."""
    rows = np.linspace(0, length - 1, FEW).astype(int)
    return values.take(rows, axis=values.shape.index(length))
