"""Tells whether a right step shows all matrices of its net, or leaves some unseen."""

import re
from collections.abc import Iterable

from trainer.book.functions import Array
from trainer.checker.find.trace import Trace
from trainer.checker.judge.budget import Budget, Step
from trainer.checker.judge.fit import is_multiple
from trainer.checker.judge.idle import DATA
from trainer.checker.judge.influence import Model
from trainer.checker.judge.moving import move


def sees_all(model: Model, calls: Iterable[Step], budget: Budget) -> bool:
    """Return whether a right step shows all matrices: those that it moves beside its weights in a
    list or a table, and those that the calls around its loop move.
    """
    lists = [_find_list(path) for path in model.weights]
    outputs = {i for events in model.outputs for i in events}
    kept = [path for path in model.list_others() if model.get_value(path).ndim > 1]
    hidden = (path for path in kept if lists.count(_find_list(path)) > 1 and _find_list(path))
    unseen = (path for path in hidden if outputs.isdisjoint(model.depends.get(path, ())))
    if not all(_is_state(model, path) for path in unseen):
        return False
    number = sum(model.get_value(path).ndim > 1 for path in model.weights)
    traces = (budget.run(step, {}, "full") for step in calls)
    return all(trace.error or number >= _count_drawn(trace) for trace in traces)


def _is_state(model: Model, path: str) -> bool:
    """Return whether the step keeps an array for the next one: it moves the weights, or would with
    a momentum that is not 0, since it is how far a weight moves.
    """
    before, after = model.base.before, model.base.after
    moves = (after[w] - before[w] for w in model.weights if before[w].shape == before[path].shape)
    is_move = any(is_multiple(moved, after[path]) for moved in moves)
    return is_move or bool(model.list_moved({path: move(model.get_value(path))}))


def _count_drawn(trace: Trace) -> int:
    """Return how many matrices a call moves, without data of ours, which it may shuffle."""
    moved = (path for path in trace.list_changed() if not re.match(DATA, path))
    return sum(_is_drawn(trace.before[path]) for path in moved)


def _find_list(path: str) -> str:
    """Return the list or the table in which an array is, "" for an attribute or a variable."""
    return path[: path.rfind("[")] if path.endswith("]") else ""


def _is_drawn(values: Array) -> bool:
    """Return whether an array may be a matrix of weights: one of zeros may be kept for a step."""
    return values.ndim > 1 and values.dtype.kind == "f" and bool(values.any())
