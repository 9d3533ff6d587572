"""Tells whether the sign of a step that is no plain one, as that of Adam, is turned."""

import numpy as np

from trainer.checker.judge.descent import find_slopes
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model

LARGE = 0.1  # of the largest derivative: smaller ones may be less than an epsilon


def is_turned(model: Model, fit: Fit) -> bool:
    """Return whether each number with a large derivative of a loss moves up: its sign is turned."""
    return all(_moves_up(model, fit, weight) for weight in model.weights)


def _moves_up(model: Model, fit: Fit, weight: str) -> bool:
    """Return whether the numbers of a weight with large derivatives move up; True where the step
    does not compute these.
    """
    before, after = model.base.before[weight], model.base.after[weight]
    slopes = find_slopes(model, fit, weight) if after.shape == before.shape else None
    if slopes is None:
        return True
    is_large = np.abs(slopes) > LARGE * np.abs(slopes).max()
    return bool((slopes * (after - before) > 0)[is_large].all())
