"""Gives a step fewer samples: as many as show whether it is right."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.shortening import count_again, find_free
from trainer.checker.judge.influence import Model, Run, build_model

FEW = 4  # samples
MANY = 8  # outputs with which a step is left as it is
FEWEST = 2  # samples with which a small net has more weights than outputs


def build_smaller(model: Model, run: Run) -> Model | None:
    """Return what is known of a step with few samples, where it has many; None where that does not
    work. Of a batch the first samples are taken.
    """
    few = find_free(FEW, (n for value in model.base.before.values() for n in value.shape))
    return _shrink(model, run, few, MANY)


def _shrink(model: Model, run: Run, few: int, many: int) -> Model | None:
    """Return what is known of a step with few samples of more than many, None where that does not
    work.
    """
    outputs, lengths = model.outputs[0], _list_lengths(model, many)
    size = sum(model.base.events[i][2].size for i in outputs)
    starts = _list_starts(model, lengths)
    for length, begin in product(lengths, ({}, starts) if starts else ({},)):
        edits = {
            path: _choose(values, length, few)
            for path, values in model.base.before.items()
            if path not in model.weights and length in values.shape
        } | count_again(length, few, model.base.before)
        smaller = _with(run, edits | begin)
        found = smaller({}, outputs)
        if not found.error and 0 < sum(np.size(value) for *_, value in found.events) < size:
            return build_model(smaller)
    return None


def take_fewest(model: Model) -> Model:
    """Return a step with so few samples that even a small net has more weights than outputs; as it
    is where that does not work.
    """
    fewer = _shrink(model, model.run, FEWEST, FEWEST)
    return fewer if fewer and set(fewer.weights) == set(model.weights) else model


def _list_starts(model: Model, lengths: list[int]) -> dict[str, int]:
    """Return 0 for the numbers that may be where a batch begins."""
    sizes = {n for i in model.outputs[0] for n in model.base.events[i][2].shape if n > MANY}
    whole = (
        (path, v) for path, v in model.base.before.items() if v.dtype.kind == "i" and not v.ndim
    )
    return {path: 0 for path, number in whole
            if number not in lengths and any(number % n == 0 for n in sizes)}  # fmt: skip


def _with(run: Run, edits: Mapping[str, Any]) -> Run:
    return lambda more, form: run({**edits, **more}, form)


def _list_lengths(model: Model, many: int) -> list[int]:
    """Return the lengths above many that outputs and data have in common, but those of weights, and
    then those of data of which the step takes a batch.
    """

    def collect(paths: list[str]) -> set[int]:
        leaves = (model.base.before[path] for path in paths if path in model.base.before)
        return {n for values in leaves for n in values.shape if n > many}

    outputs = {n for group in model.outputs for i in group for n in model.base.events[i][2].shape}
    data = collect([path for path in model.base.before if path not in model.weights])
    whole = outputs & data - collect(model.weights)
    batched = collect(model.targets) & collect(model.inputs) - outputs - collect(model.weights)
    return [*sorted(whole, reverse=True), *sorted(batched, reverse=True)]


def _choose(values: Array, length: int, few: int) -> Array:
    """Return every so many rows, or columns, along the axis of that length."""
    rows = np.linspace(0, length - 1, few).astype(int)
    if values.ndim == 1 and values.dtype.kind in "iu" and len(set(values.tolist())) == length:
        return np.arange(few)  # an order in which samples are taken
    return values.take(rows, axis=values.shape.index(length))
