"""Makes plain steps of those that divide their gradients by what they keep, as Adam does."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from trainer.checker.judge.influence import Model, begin_at, build_model

LARGE = 1e8  # beside squares of gradients
LESS = 0.01  # of how far a step moves its weights


def calm(model: Model) -> Model:
    """Return a step in which all that it divides its gradients by is so large that they change it
    little, and all else that it keeps is 0: it moves the weights by a multiple of the gradients, as
    one without Adam or RMSprop does. The same one where it divides by nothing.
    """
    kept = [path for path in model.list_others() if model.base.before[path].ndim]
    large = {path: np.full(model.base.before[path].shape, LARGE) for path in kept}
    divided = [path for path in kept if _moves_less(model, {path: large[path]})]
    edits = {path: large[path] if path in divided else 0 * large[path] for path in kept}
    calmed = build_model(begin_at(model.run, edits)) if divided else None
    return calmed or model


def _moves_less(model: Model, edits: Mapping[str, Any]) -> bool:
    """Return whether the weights that move otherwise with some values all move much less."""
    before, base, trace = model.base.before, model.base.after, model.run(edits, "changes")
    if trace.error:
        return False
    paths = [w for w in model.weights if w in trace.after and (trace.after[w] != base[w]).any()]
    return bool(paths) and all(
        np.abs(trace.after[w] - before[w]).max() <= LESS * np.abs(base[w] - before[w]).max()
        for w in paths
    )
