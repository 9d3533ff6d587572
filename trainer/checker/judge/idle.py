"""Recognises training that changes no weight, or changes them whatever the targets are."""

import re

import numpy as np

from trainer.checker.adapt.names import METHODS, simplify_name
from trainer.checker.find.trace import EVENT, Trace
from trainer.checker.judge.derivatives import find_factor
from trainer.checker.judge.influence import Model, Run, find_dependents, follow_changed
from trainer.checker.judge.moving import looks_like_target, move, turn

DATA = r"[xt](\[|$)"  # paths of data of ours
TARGETS = r"t|x\[\d+\]\[1\]"  # those of targets, which may stand beside their inputs
NAMES = METHODS["train"] + r"|update.*|.*descent|.*step|optimi[sz]e.*"


def is_idle(run: Run, name: str) -> bool:
    """Return whether a call of a function of that name computes gradients and does nothing."""
    if not re.fullmatch(NAMES, simplify_name(name)):
        return False
    base = run({}, "full")
    is_silent = not base.error and not base.gave and not _changes(base)
    return is_silent and _computes_gradients(Model(run, base))


def is_random(model: Model) -> bool:
    """Return whether a step moves its weights as far for inputs that differ a little: at random, to
    keep what makes a loss smaller.
    """
    given = [path for path in model.inputs if path[0] != EVENT]  # what is drawn is none of these
    for path in given:
        edits = {path: move(model.get_value(path))}
        if model.list_moved(edits) or model.run(edits, "changes").error:
            return False
    return bool(given)


def _changes(base: Trace) -> bool:
    """Return whether a call changes anything but the order of its data."""
    pairs = ((old, base.after.get(path)) for path, old in base.before.items()
             if not re.match(DATA, path))  # fmt: skip
    return any(new is None or not np.array_equal(old, new) for old, new in pairs)


def _computes_gradients(model: Model) -> bool:
    """Return whether some value depends on an array of its shape and on the targets."""
    before = model.base.before
    given = {path: turn(before[path]) for path in before if re.fullmatch(TARGETS, path)}
    targets = find_dependents(model, given) if given else None
    for path, values in before.items() if targets else ():
        if path.startswith("net") and values.dtype.kind == "f" and values.ndim:
            found = find_dependents(model, {path: move(values)}) or frozenset()
            shapes = (model.base.events[i][2].shape for i in found & (targets or found))
            if values.shape in shapes:
                return True
    return False


def list_ignored(run: Run, base: Trace) -> list[str]:
    """Return the data that are named as targets, and on which a loss of the weights depends, but
    not how far a step moves these; nothing where that depends on others of them: the targets of
    validation are ignored, nor where it depends on no other data: a random step follows none.
    """
    model = Model(run, base)
    changed = follow_changed(model)
    weights = [path for path in changed if base.before[path].ndim]
    data = [path for path, value in base.before.items() if path not in changed and value.ndim]
    named = [path for path in data if weights and looks_like_target(path)]
    found = {path: _turn(model, path) for path in named}
    if any(_moves(model, weights, each) for each in found.values()):
        return []
    ignored = [path for path, each in found.items() if _has_loss(model, weights, each)]
    others = (path for path in data if ignored and path not in named)
    follows_data = any(_moves(model, weights, _turn(model, path)) for path in others)
    return ignored if follows_data else []


def _turn(model: Model, path: str) -> frozenset[int]:
    """Return the events that change with other values of some data."""
    return find_dependents(model, {path: turn(model.base.before[path])}) or frozenset()


def _has_loss(model: Model, weights: list[str], found: frozenset[int]) -> bool:
    """Return whether a number among some events depends on all weights."""
    events = model.base.events
    return any(
        events[i][0] >= 0 and events[i][2].size == 1 and events[i][2].dtype.kind == "f"
        and all(i in model.depends[weight] for weight in weights)
        for i in found
    )  # fmt: skip


def _moves(model: Model, weights: list[str], found: frozenset[int]) -> bool:
    """Return whether what a step leaves in weights is among some events."""
    return any(model.base.events[i][:2] == (-1, weight) for i in found for weight in weights)


def list_lost(base: Trace) -> list[str]:
    """Return the variables that a step sets to a weight less a multiple of its gradient, and drops:
    the array that holds the weight stays as it is. One number is a multiple of any other.
    """
    changed = base.list_changed()
    names = [path for path in changed if path.isidentifier() and base.before[path].size > 1]
    return [name for name in names if _is_lost(base, name, changed)]


def _is_lost(base: Trace, name: str, changed: list[str]) -> bool:
    """Return whether a variable stood for an array that stays, and moves along another one, and
    whether nothing else has its new value.
    """
    old, new = base.before[name], base.after[name]
    same = [p for p, v in base.before.items() if p not in changed and v.shape == old.shape]
    stays = name in base.dropped or any(np.array_equal(base.before[p], old) for p in same)
    others = (base.before[p] for p in same if base.before[p].dtype.kind == "f")
    moved = any(find_factor(old - new, each) for each in others)
    places = {e[0] for e in base.events if e[2].shape == new.shape and np.array_equal(e[2], new)}
    return stays and moved and len(places - {-1}) == 1
