"""Tells of a wrong call of ours that it was given data which mean something else there."""

import re

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.decision import Decision
from trainer.checker.judge.influence import Model

LITTLE = 0.01  # by which targets are moved
LEAST = 1e-3  # what a probability that is clipped is at least, or less than 1


def misreads(decision: Decision) -> bool:
    """Return whether what is wrong takes data of ours for something else: more targets than
    outputs, too many samples, one number of ours as the targets, or outputs for probabilities that
    are none.
    """
    if decision.is_right is not False:
        return False
    model = decision.model
    others = [path for path in model.targets if not re.match(r"t\b", path)]
    is_number = bool(others) and all(model.get_value(path).size == 1 for path in others)
    return is_number or _is_stretched(model) or _expects_one(decision) or _clips(model)


def _clips(model: Model) -> bool:
    """Return whether outputs of a step are clipped to lie between 0 and 1, before a logarithm."""
    values = [model.base.events[events[0]][2] for events in model.outputs]
    return any(
        y.shape == v.shape
        and ((y.min() < v.min() < LEAST and v.min() > 0) or (y.max() > v.max() > 1 - LEAST))
        and v.max() < 1
        and np.array_equal(v, np.clip(y, v.min(), v.max()))
        for y in values
        for v in values
    )


def _is_stretched(model: Model) -> bool:
    """Return whether what is wrong compares its outputs with targets to more numbers than the
    outputs are.
    """
    first = min(model.weighted & model.after_targets, default=None)
    return first is not None and model.base.events[first][2].size > count_outputs(model)


def _expects_one(decision: Decision) -> bool:
    """Return whether what is wrong depends on the targets of the first sample alone, and what is
    right on those of others too: the call is meant for one sample.
    """
    model = decision.model
    if decision.fault or len(model.targets) != 1:
        return False
    wrong, values = set(decision.wrong), model.get_value(model.targets[0])
    for axis in range(values.ndim):
        later = _list_moved(model, np.moveaxis(values, axis, 0), axis, 1)
        if later and later.isdisjoint(wrong):
            return wrong <= _list_moved(model, np.moveaxis(values, axis, 0), axis, 0)
    return False


def _list_moved(model: Model, samples: Array, axis: int, first: int) -> set[str]:
    """Return the weights that move otherwise with other targets from a sample on."""
    other = samples.copy()
    other[first:] = other[first:][::-1] if other.dtype.kind != "f" else other[first:] + LITTLE
    return model.list_moved({model.targets[0]: np.moveaxis(other, 0, axis)})


def count_outputs(model: Model) -> int:
    """Return how many numbers the largest outputs of a step are."""
    sizes = (sum(model.base.events[i][2].size for i in events) for events in model.outputs)
    return max(sizes, default=0)
