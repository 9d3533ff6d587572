"""Tells whether a step is several, one after the other: an epoch of samples, for instance."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT, LIST
from trainer.checker.judge.influence import Model, find_dependents
from trainer.checker.judge.moving import move

KEPT = 0.5  # of a change of a weight that what follows keeps


def takes_several(model: Model) -> bool:
    """Return whether a line gives a weight one value after the other, and the step goes on from
    each: it is then no step down the derivative of one loss.
    """
    return any(_has_versions(model, weight) for weight in model.weights)


def _has_versions(model: Model, weight: str) -> bool:
    found = (events for events in _list_repeated(model, weight) if len(events) > 1)
    return any(
        all(_is_version(model, weight, i) for i in events) and _is_used(model, events[0])
        for events in found
    )


def _is_used(model: Model, event: int) -> bool:
    """Return whether another line than that of an event depends on it: one that adds the rows of a
    gradient to a weight, one after the other, takes one step.
    """
    later = find_dependents(model, model.move_events([event]))
    events = model.base.events
    return later is None or any(events[i][0] not in (events[event][0], -1) for i in later)


def _list_repeated(model: Model, weight: str) -> Iterator[list[int]]:
    """Yield the first and the last event of each place, where they are other values of the shape of
    a weight, of which some element changes twice: what changes one part after the other is one.
    """
    places: dict[int, dict[bytes, int]] = {}
    before = model.get_value(weight)
    for i, (site, path, value) in enumerate(model.base.events):
        if site >= 0 and path in ("", LIST) and value.shape == before.shape:
            places.setdefault(site, {}).setdefault(value.tobytes(), i)
    for each in places.values():
        found = sorted(each.values())
        values = np.stack([before, *(model.base.events[i][2] for i in found)])
        if ((values[1:] != values[:-1]).sum(axis=0) > 1).any():
            yield [found[0], found[-1]]


def _is_version(model: Model, weight: str, event: int) -> bool:
    """Return whether a change of an event is one of a weight after the step."""
    value: Array = model.base.events[event][2]
    change = move(value) - value
    after = model.run({f"{EVENT}{event}": value + change}, "changes").after.get(weight)
    if after is None or after.shape != change.shape:
        return False
    kept = (after - model.base.after[weight]) * change
    return bool(kept.sum() > KEPT * (change * change).sum())
