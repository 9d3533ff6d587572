"""Recognises training that computes what it never uses: new weights, or gradients of samples."""

import numpy as np

from trainer.checker.find.trace import EVENT, GAVE, JOINED, RESULT, TWICE
from trainer.checker.judge.influence import Model, find_dependents, name_place
from trainer.checker.judge.moving import move

TRIED = 5  # places of gradients


def list_forgotten(model: Model) -> dict[str, int]:
    """Return the weights of a step with the events that give them new values, if no output of the
    next step depends on these: two names stood for each array, and one stands for another now.
    """
    base = model.base
    if base.gave in set(GAVE) - {RESULT}:
        return {}  # the update is one of ours
    updates = {weight: _list_updates(model, weight) for weight in model.weights}
    moved = {f"{EVENT}{i}": move(base.after[weight]) for weight in updates for i in updates[weight]}
    other = model.run(moved, "changes").after if all(updates.values()) else {}
    is_taken = all(w in other and np.array_equal(other[w], move(base.after[w])) for w in updates)
    is_lost = is_taken and _uses_none(model, moved)
    return {weight: events[0] for weight, events in updates.items()} if is_lost else {}


def _list_updates(model: Model, weight: str) -> list[int]:
    """Return the events that give a weight its new value."""
    new = model.base.after[weight]
    return [i for i, (site, _, value) in enumerate(model.base.events)
            if site >= 0 and np.array_equal(value, new)]  # fmt: skip


def _uses_none(model: Model, moved: dict[str, np.ndarray]) -> bool:
    """Return whether the outputs of a second step are the same after other updates."""
    events = model.base.events
    places = {name_place(*events[i][:2]) for group in model.outputs for i in group}
    runs = [model.run({**edits, TWICE: np.array(True)}, "digests") for edits in ({}, moved)]
    number = sum(site >= 0 for site, *_rest in events)
    second = [[e for e in run.events[number:] if name_place(*e[:2]) in places] for run in runs]
    return not any(run.error for run in runs) and bool(second[0]) and second[0] == second[1]


def find_overwritten(model: Model) -> int | None:
    """Return the first event that is a gradient of a sample which a step does not use, while it
    uses that of the last one at the same place; None for none, and where we call the methods.
    """
    if model.base.gave == JOINED:
        return None
    events, groups = model.base.events, dict[tuple[int, str, tuple[int, ...]], list[int]]()
    shapes = {model.base.before[weight].shape for weight in model.weights} - {()}
    updates = {i for weight in model.weights for i in _list_updates(model, weight)}
    for i in sorted(model.after_targets - updates):
        site, path, value = events[i]
        if site >= 0 and value.shape in shapes:
            groups.setdefault((site, path, value.shape), []).append(i)
    repeated = [group for group in groups.values() if len(group) > 1][:TRIED]
    return next((g[0] for g in repeated if _uses_last(model, g)), None)


def _uses_last(model: Model, group: list[int]) -> bool:
    """Return whether the last of some values moves weights, and none of the first half does, nor
    any number, as a loss: one function may compute both from its arguments.
    """
    later = find_dependents(model, model.move_events(group[: len(group) // 2]))
    if later is None or any(not model.base.events[i][2].ndim for i in later):
        return False
    first, last = (
        model.list_moved(model.move_events(events))
        for events in (group[: len(group) // 2], group[-1:])
    )
    return bool(last) and not first
