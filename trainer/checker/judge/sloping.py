"""Tells a loss of no usual form from a wrong derivative of the last activation.

Of outputs y and targets t the errors are (y − t) g. Squares have g = 1, weights of samples or of
classes another g that does not depend on y, and the losses of generalised linear models (McCullagh
and Nelder, chapter 2) g = 1 / V(y), where the variance V is a power of y or y (1 − y). Any other g
that depends on y is what a wrong derivative of the last activation leaves.
"""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.consistency import find_errors
from trainer.checker.judge.events import Events, read_events
from trainer.checker.judge.influence import Model, begin_at, build_model, leave_start
from trainer.checker.judge.losses import arrange_targets
from trainer.checker.judge.moving import turn

SAME, OTHER = 1e-5, 1e-2  # relative: what rounding leaves of two equal factors, and what it cannot
CLOSE = 1e-4  # the same of the logarithm of a factor that may be that of a loss
FARTHER = 0.8  # how far the weights are moved, relative to the largest
LEAST = 4  # outputs of which a power of y explains no other factor


def find_sloped(model: Model) -> Events | None:
    """Return the outputs whose errors are y − t times what depends on y alone, and is of no loss;
    None where there are none.
    """
    targets = {path: turn(model.get_value(path)) for path in model.targets}
    others = build_model(begin_at(model.run, targets)), leave_start(model, FARTHER)
    last = reversed(model.outputs)  # of several with the same values the last
    return next((each for each in last if _is_sloped(model, each, *others)), None)


def _is_sloped(model: Model, events: Events, turned: Model | None, farther: Model) -> bool:
    """Return whether the factors of errors are the same with other targets, and others with other
    outputs.
    """
    if turned is None:
        return False
    found = zip(*(_list_factors(each, events) for each in (model, turned, farther)), strict=False)
    return any(_differ(g, at_turned) < SAME and _differ(g, at_farther) > OTHER
               and not _is_of_loss(y, g)
               for (y, g), (_, at_turned), (_, at_farther) in found)  # fmt: skip


def _list_factors(model: Model, events: Events) -> Iterator[tuple[Array, Array]]:
    """Yield outputs and what their errors are relative to y − t, for each form of the targets."""
    y = read_events([event[2] for event in model.base.events], events)
    errors = find_errors(model, events, lambda each: -each.moved)
    if y is None or errors is None:
        return
    for t in (t for each in model.list_targets() for t in arrange_targets(y, each)):
        with np.errstate(all="ignore"):
            yield y.reshape(-1), errors.reshape(-1) / (y - t).reshape(-1)


def _differ(one: Array, other: Array) -> float:
    """Return how far two factors are from one multiple of each other, relative to the largest."""
    if not (np.isfinite(one).all() and np.isfinite(other).all() and one.any()):
        return 0.0
    factor = float((one * other).sum() / (one * one).sum())
    return float(np.abs(other - factor * one).max() / (np.abs(other).max() or 1.0))


def _is_of_loss(y: Array, g: Array) -> bool:
    """Return whether g is one over a power of y, or over y (1 − y), or may be."""
    if len(y) < LEAST or (g <= 0).any() or (y <= 0).any():
        return len(y) < LEAST
    columns, values = np.stack([np.ones(len(y)), np.log(y)], axis=1), np.log(g)
    solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
    is_power = np.abs(columns @ solution - values).max() < CLOSE
    is_binary = y.max() < 1 and np.ptp(values + np.log(y * (1 - y))) < CLOSE
    return bool(is_power or is_binary)
