"""Gives a step fewer samples: as many as show whether it is right."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.influence import Model, Run

FEW = 4  # samples
MANY = 8  # outputs with which a step is left as it is


def shrink(model: Model, run: Run) -> Run:
    """Return the step with few samples, or as it is where that does not work."""
    lengths = _list_lengths(model)
    for length in lengths:
        edits = {
            path: _choose(values, length)
            for path, values in model.base.before.items()
            if path not in model.weights and length in values.shape
        }
        smaller = _with(run, edits)
        if not smaller({}, ()).error:
            return smaller
    return run


def _with(run: Run, edits: Mapping[str, Any]) -> Run:
    return lambda more, form: run({**edits, **more}, form)


def _list_lengths(model: Model) -> list[int]:
    """Return the lengths that targets and inputs have in common, but those of weights."""

    def collect(paths: list[str]) -> set[int]:
        leaves = (model.base.before[path] for path in paths if path in model.base.before)
        return {n for values in leaves for n in values.shape}

    outputs = {n for group in model.outputs for i in group for n in model.base.events[i][2].shape}
    data = set().union(*(v.shape for p, v in model.base.before.items() if p not in model.weights))
    return sorted((n for n in outputs & data - collect(model.weights) if n > MANY), reverse=True)


def _choose(values: Array, length: int) -> Array:
    """Return every so many rows, or columns, along the axis of that length."""
    rows = np.linspace(0, length - 1, FEW).astype(int)
    if values.ndim == 1 and values.dtype.kind in "iu" and len(set(values.tolist())) == length:
        return np.arange(FEW)  # an order in which samples are taken
    return values.take(rows, axis=values.shape.index(length))
