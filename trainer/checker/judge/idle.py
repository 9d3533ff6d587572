"""Recognises a function that computes gradients, is named as training, and changes no weight."""

import re

import numpy as np

from trainer.checker.adapt.names import METHODS, simplify_name
from trainer.checker.find.steps import Trace
from trainer.checker.judge.influence import Model, Run, find_dependents
from trainer.checker.judge.moving import move, turn

NAMES = METHODS["train"] + r"|update.*|.*descent|.*step|optimi[sz]e.*"


def is_idle(run: Run, name: str) -> bool:
    """Return whether a call of a function of that name computes gradients and does nothing."""
    if not re.fullmatch(NAMES, simplify_name(name)):
        return False
    base = run({}, "full")
    is_silent = not base.error and not base.returns and not _changes(base)
    return is_silent and _computes_gradients(Model(run, base))


def _changes(base: Trace) -> bool:
    pairs = ((old, base.after.get(path)) for path, old in base.before.items())
    return any(new is None or not np.array_equal(old, new) for old, new in pairs)


def _computes_gradients(model: Model) -> bool:
    """Return whether some value depends on an array of its shape and on the targets."""
    before = model.base.before
    targets = find_dependents(model, {"t": turn(before["t"])}) if "t" in before else None
    for path, values in before.items() if targets else ():
        if path.startswith("net") and values.dtype.kind == "f" and values.ndim:
            found = find_dependents(model, {path: move(values)}) or frozenset()
            shapes = (model.base.events[i][2].shape for i in found & (targets or found))
            if values.shape in shapes:
                return True
    return False
