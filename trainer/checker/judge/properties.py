"""Question 3: are the outputs those of a net?

Properties that the outputs of every net have, whatever its form.
"""

import re
from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.influence import Model
from trainer.checker.judge.losses import arrange_targets

CLOSE = 1e-9  # of sums that are 1


def find_wrong_softmax(model: Model) -> int | None:
    """Return the event of probabilities that sum to 1 over the samples, or over everything, and not
    over the classes of one sample; None for none.
    """
    found = (event for event, y, t in _list_outputs(model) if _sums_over_samples(y, t))
    return min(found, default=None)


def _list_outputs(model: Model) -> Iterator[tuple[int, Array, Array]]:
    """Yield outputs of several samples and classes, their event, and possible targets of them."""
    for event in (events[0] for events in model.outputs if len(events) == 1):
        y = model.base.events[event][2]
        for target in model.list_targets() if y.ndim == 2 else ():
            yield from ((event, y, t) for t in arrange_targets(y, target))


def _sums_over_samples(y: Array, t: Array) -> bool:
    is_hot = bool(np.isin(t, (0, 1)).all())
    axes = [axis for axis in (0, 1) if is_hot and (t.sum(axis=axis) == 1).all()]
    if len(axes) != 1 or min(y.shape) < 2 or y.min() <= 0:
        return False
    sums = y.sum(axis=axes[0])
    if np.allclose(sums, sums[0], rtol=0, atol=CLOSE):  # 1, or 1 / N of probabilities over N
        return False
    over_samples = np.allclose(y.sum(axis=1 - axes[0]), 1, rtol=0, atol=CLOSE)
    return bool(over_samples or abs(y.sum() - 1) < CLOSE)


def list_unused(model: Model) -> list[str]:
    """Return the arrays that a step changes as it does the weights, of whose names they are, though
    nothing else depends on them: a bias that the forward pass leaves out.
    """
    return [
        path for path in model.base.list_changed()
        if path in model.depends and path not in model.weights
        and is_named_as_weight(model, path) and model.base.before[path].ndim
        and not any(_is_other(model, path, i) for i in model.depends[path])
    ]  # fmt: skip


def is_named_as_weight(model: Model, path: str) -> bool:
    """Return whether a leaf has the name of a weight, but for numbers."""
    return re.sub(r"\d+", "#", path) in {re.sub(r"\d+", "#", each) for each in model.weights}


def _is_other(model: Model, path: str, event: int) -> bool:
    """Return whether an event is anything but the changed array itself."""
    return not np.array_equal(model.base.events[event][2], model.base.after[path])
