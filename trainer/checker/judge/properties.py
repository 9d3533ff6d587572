"""Question 3: are the outputs those of a net?

Properties that the outputs of every net have, whatever its form.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.steps import Trace
from trainer.checker.judge.influence import Model, Run
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


def list_grown(run: Run, base: Trace) -> list[str]:
    """Return the arrays to which a step adds something larger, so that they take its shape, and on
    which its values depend: a bias of one column for each sample.
    """
    return [path for path in base.before if _grows(base, path) and _is_added(run, base, path)]


def _grows(base: Trace, path: str) -> bool:
    old, new = base.before[path], base.after.get(path)
    if new is None or not new.size > old.size > 1 or "f" not in new.dtype.kind:
        return False
    with suppress(ValueError):
        return np.broadcast_shapes(old.shape, new.shape) == new.shape
    return False


def _is_added(run: Run, base: Trace, path: str) -> bool:
    """Return whether an array moves by about as much as it was moved before, but for what its
    gradient makes of that, and other values with it.
    """
    change = np.random.default_rng(1).standard_normal(base.before[path].shape)
    other = run({path: base.before[path] + change}, "full")
    now, new = other.after.get(path), base.after[path]
    if now is None or now.shape != new.shape:
        return False
    if np.linalg.norm(now - new - change) > 0.5 * np.linalg.norm(change + 0 * new):
        return False
    pairs = zip(other.events, base.events, strict=False)
    changed = [a[:2] for a, b in pairs if not np.array_equal(a[2], b[2])]
    return any(place != (-1, path) for place in changed)


def is_named_as_weight(model: Model, path: str) -> bool:
    """Return whether a leaf has the name of a weight, but for numbers."""
    return re.sub(r"\d+", "#", path) in {re.sub(r"\d+", "#", each) for each in model.weights}


def _is_other(model: Model, path: str, event: int) -> bool:
    """Return whether an event is anything but the changed array itself."""
    return not np.array_equal(model.base.events[event][2], model.base.after[path])
