"""Finds the layers of a net in a step: their weights, sums and outputs, by value."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trainer.checker.find.trace import EVENT
from trainer.checker.judge.derivatives import differentiate_along, list_forward
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model

MOST_EVENTS = 200  # of a forward pass that is understood
MOST_OUTPUTS = 4  # values that may be those of an activation


@dataclass(frozen=True)
class Layer:
    """The weights of a layer, of which some are no biases, the event of its sums z, and those that
    may be its outputs.
    """

    weights: list[str]
    matrices: list[str]
    sums: int
    outputs: list[int]


def list_layers(model: Model, fit: Fit) -> list[Layer]:
    """Return the layers on whose sums the loss of a fit depends, the first first; [] where samples
    come one by one.
    """
    data = [path for path in model.depends if path not in model.base.list_changed()]
    made = frozenset().union(*(model.depends[path] for path in data))
    forward = [i for i in list_forward(model, is_whole=True) if i in made]
    used = [i for i in forward if _matters(model, fit, i)] if len(forward) < MOST_EVENTS else []
    firsts = {w: next((i for i in used if i in model.depends[w]), -1) for w in model.weights}
    ordered = sorted((w for w in firsts if firsts[w] >= 0), key=lambda w: firsts[w])
    matrices = [w for w in ordered if not is_added(model, w, firsts[w])]
    starts = [*dict.fromkeys(firsts[w] for w in matrices), max(used, default=0) + 1]
    return [_make_layer(model, used, firsts, matrices, *pair) for pair in pairwise(starts)]


def _make_layer(
    model: Model, used: list[int], firsts: dict[str, int], matrices: list[str], start: int, end: int
) -> Layer:
    inside = [weight for weight, first in firsts.items() if start <= first < end]
    sums = max(firsts[weight] for weight in inside)
    outputs = _list_outputs(model, [i for i in used if sums < i < end], sums)
    return Layer(inside, [weight for weight in inside if weight in matrices], sums, outputs)


def is_added(model: Model, weight: str, event: int) -> bool:
    """Return whether a weight is added to the sums, as a bias is."""
    before, sums = model.base.before[weight], model.base.events[event][2]
    vector = np.random.default_rng(0).normal(size=before.shape)
    moved = model.read({weight: before + vector}, (event,))[event]
    try:
        added = np.broadcast_to(vector, sums.shape)
    except ValueError:
        return False
    return moved is not None and np.allclose(moved - sums, added)


def _matters(model: Model, fit: Fit, event: int) -> bool:
    """Return whether a loss depends on an event."""
    vector = np.random.default_rng(0).normal(size=model.base.events[event][2].shape)
    return bool(differentiate_along(model, fit, name_event(event), [vector]).any())


def _list_outputs(model: Model, later: list[int], sums: int) -> list[int]:
    """Return the events of the size of a layer's sums before the next layer, each value once: one
    of them is the output of its activation.
    """
    size = model.base.events[sums][2].size
    same = [i for i in later if model.base.events[i][2].size == size]
    firsts = {model.base.events[i][2].tobytes(): i for i in [sums, *same][::-1]}
    return [i for i in firsts.values() if i != sums][:MOST_OUTPUTS] or [sums]


def name_event(event: int) -> str:
    """Return the path of an event."""
    return f"{EVENT}{event}"
