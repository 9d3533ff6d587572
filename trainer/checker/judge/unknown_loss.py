"""Finds a loss of no usual form that a step goes down: one that grows with each error.

A step down any loss is Jᵀδ (consistency.py). Where one δ explains all weights, it is the derivative
of the loss by the outputs y. Of targets t, a loss that grows with the distance of y has the signs
of y − t there, as Huber's has, one with a weight for each class, or one of some targets alone.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.consistency import find_errors
from trainer.checker.judge.descent import list_directions, sum_events
from trainer.checker.judge.events import Events, read_events
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model
from trainer.checker.judge.losses import GROWING, arrange_targets
from trainer.checker.judge.properties import list_summed
from trainer.checker.judge.slopes import CLOSE, Direction

TINY = 1e-6  # of the largest error: none


def find_growing_loss(model: Model) -> Fit | None:
    """Return the fit of such a loss, None where the step follows none, or the net computes one by
    itself: that it does not go down.
    """
    for events in model.outputs:
        errors = find_errors(model, events, lambda each: -each.moved)
        rests = list(_list_rests(model)) if errors is not None else []
        if any(_has_signs(errors, rest) for rest in rests):
            own = (find_errors(model, events, _differentiate(each)) for each in model.losses)
            is_own = any(_has_signs(each, rest) for each in own for rest in rests)
            return None if is_own else _make_fit(model, events)
    return None


def _differentiate(loss: Events) -> Callable[[Direction], float]:
    """Return what differentiates a number that the net computes, along a direction."""
    return lambda direction: direction.differentiate(partial(sum_events, events=loss))[0]


def _make_fit(model: Model, events: Events) -> Fit:
    found = list_directions(model, model.weights)
    slopes = -np.array([each.moved for each in found])
    rates: dict[str, float | None] = dict.fromkeys(model.weights, 1.0)
    sizes = {weight: model.count_moved(weight) for weight in model.weights}
    return Fit(GROWING, events, 0, 1.0, 0.0, [], rates, slopes, 0 * slopes, sizes=sizes)


def _list_rests(model: Model) -> Iterator[Array]:
    """Yield what outputs and targets differ by, of each of the outputs; where a softmax is among
    them, of this only: what it is computed from is as large as all of a sample let it be.
    """
    values = [event[2] for event in model.base.events]
    read = (read_events(values, events) for events in model.outputs)
    every = [outputs for outputs in read if outputs is not None]
    for outputs in [each for each in every if list_summed(each, CLOSE)] or every:
        arranged = (t for each in model.list_targets() for t in arrange_targets(outputs, each))
        yield from (outputs - t for t in arranged)


def _has_signs(errors: Array | None, rest: Array) -> bool:
    """Return whether the derivative by outputs has the signs of what these and targets differ by,
    or is 0, in more than one number. Of a softmax it is a multiple of that for each sample.
    """
    if errors is None or errors.size != rest.size:
        return False
    errors = errors.reshape(rest.shape)
    is_error = np.abs(errors) > TINY * np.abs(errors).max()
    same = np.sign(errors) == np.sign(rest)
    has_signs = bool(is_error.sum() > 1 and same[is_error].all())
    axes = [i for i, n in enumerate(rest.shape) if n > 1 and np.allclose(rest.sum(axis=i), 0)]
    return has_signs and all(_is_multiple(errors, rest, axis) for axis in axes)


def _is_multiple(errors: Array, rest: Array, axis: int) -> bool:
    """Return whether errors are a multiple of what outputs and targets differ by, along an axis."""
    sizes = (rest * rest).sum(axis=axis, keepdims=True)
    factors = (errors * rest).sum(axis=axis, keepdims=True) / sizes
    return bool(np.abs(errors - factors * rest).max() <= TINY * np.abs(errors).max())
