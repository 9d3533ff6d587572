"""Question 3: are the outputs those of a net?

Properties that the outputs of every net have, whatever its form.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import Trace
from trainer.checker.judge.events import align, read_events
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model, Run, is_moved
from trainer.checker.judge.losses import OF_SOFTMAX, arrange_targets
from trainer.checker.judge.moving import leave, move

CLOSE = 1e-9  # of sums that are 1, and of steps that are the same
FAR = 3.0  # of inputs, so that what bends does so between them
MOVED = 1e-6  # relative, of two changes that are the same
SAMPLES = 4  # that are of one class by chance in no data of ours


def find_wrong_softmax(model: Model) -> int | None:
    """Return the event of probabilities, or of logarithms of these, that sum to 1 over the samples,
    or over everything, and not over the classes of one sample, whatever the targets may be; None
    for none.
    """
    found: dict[int, set[bool | None]] = {}
    for event, y, t in _list_outputs(model):
        is_wrong = _sums_over_samples(np.exp(y) if y.max() < 0 else y, t)
        found.setdefault(event, set()).add(is_wrong)
    return min((i for i, each in found.items() if True in each and False not in each), default=None)


def _list_outputs(model: Model) -> Iterator[tuple[int, Array, Array]]:
    """Yield outputs of several samples and classes, their event, and possible targets of them."""
    for event in (events[0] for events in model.outputs if len(events) == 1):
        y = model.base.events[event][2]
        for target in model.list_targets() if y.ndim == 2 else ():
            yield from ((event, y, t) for t in arrange_targets(y, target))


def _sums_over_samples(y: Array, t: Array) -> bool | None:
    """Return whether numbers sum to 1 over samples with these targets, None if that is open."""
    is_hot = bool(np.isin(t, (0, 1)).all())
    if y.shape[0] == y.shape[1]:  # either axis may be that of the samples
        return None
    axes = [axis for axis in (0, 1) if is_hot and (t.sum(axis=axis) == 1).all()]
    if len(axes) != 1 or min(y.shape) < 2 or y.min() <= 0:
        return None
    sums = y.sum(axis=axes[0])
    if np.allclose(sums, sums[0], rtol=0, atol=CLOSE):  # 1, or 1 / N of probabilities over N
        return False
    over_samples = np.allclose(y.sum(axis=1 - axes[0]), 1, rtol=0, atol=CLOSE)
    return True if over_samples or abs(y.sum() - 1) < CLOSE else None


def has_equal_targets(model: Model) -> bool:
    """Return whether all that may be the targets of probabilities is the same for every sample,
    with several 1: rows that should have one each.
    """
    outputs = (model.base.events[events[0]][2] for events in model.outputs if len(events) == 1)
    pairs = ((y, axis) for y in outputs if (axis := _find_classes(y)) is not None)
    found = [
        (t.sum(axis=axis) > 1).all() and (np.ptp(t, axis=1 - axis) == 0).all()
        for y, axis in pairs for t in model.list_targets()
        if y.shape == t.shape and np.isin(t, (0, 1)).all()
    ]  # fmt: skip
    return bool(found) and all(found)


def _find_classes(y: Array) -> int | None:
    """Return the axis along which the probabilities of several samples sum to 1, None for none."""
    axes = list_summed(y) if y.ndim == 2 else []
    return axes[0] if len(axes) == 1 and y.shape[1 - axes[0]] >= SAMPLES else None


def find_softmax_twice(model: Model, fits: list[Fit]) -> int | None:
    """Return the event of outputs that are probabilities already, where each usual loss that a step
    goes down applies a softmax to such; None where one does not.
    """
    usual = [fit for fit in fits if fit.is_right and not fit.is_own]
    values = [event[2] for event in model.base.events]
    is_twice = all(
        fit.loss == OF_SOFTMAX and _are_probabilities(read_events(values, fit.events))
        for fit in usual
    )
    return usual[0].events[0] if usual and is_twice else None


def _are_probabilities(y: Array | None) -> bool:
    """Return whether numbers, none of which is negative, sum to 1 along an axis."""
    return y is not None and bool(list_summed(y))


def list_summed(y: Array, close: float = CLOSE) -> list[int]:
    """Return the axes along which numbers, none of which is negative, sum to about 1."""
    axes = [axis for axis in range(y.ndim) if y.shape[axis] > 1] if y.min() >= 0 else []
    return [each for each in axes if np.allclose(y.sum(axis=each), 1, rtol=0, atol=close)]


def list_accumulated(model: Model) -> list[str]:
    """Return the arrays to which a step only ever adds, and by which it moves a weight: gradients
    that are not set to 0.
    """
    kept = (path for path in model.list_others() if model.base.before[path].ndim)
    return [path for path in kept if _accumulates(model, path)]


def _accumulates(model: Model, path: str) -> bool:
    """Return whether a step adds to an array, and subtracts a multiple of the sum from a weight."""
    before, base = model.base.before[path], model.base.after
    more = np.random.default_rng(4).standard_normal(before.shape)
    after = model.run({path: before + more}, "full").after  # whatever an earlier run changed
    if path not in after or not np.allclose(after[path] - base[path], more, rtol=MOVED):
        return False
    pairs = [(w, after[w] - base[w]) for w in model.weights if w in after]
    for weight, moved in ((w, m) for w, m in pairs if m.shape == more.shape and m.any()):
        rate = float((moved * more).sum() / (more * more).sum())
        step = base[weight] - model.base.before[weight]
        if np.allclose(moved, rate * more, rtol=MOVED) and np.allclose(
            step, rate * base[path], rtol=MOVED, atol=MOVED * np.abs(step).max()
        ):
            return True
    return False


def list_unused(model: Model) -> list[str]:
    """Return the arrays that a step changes as it does the weights, of whose names they are, though
    nothing else depends on them: a bias that the forward pass leaves out.
    """
    return [
        path for path in model.list_others()
        if _is_beside_weights(model, path) and model.base.before[path].ndim
        and not _is_used(model, path)
    ]  # fmt: skip


def _is_used(model: Model, path: str) -> bool:
    """Return whether anything changes with an array, but what it is itself in the meantime."""
    changed = move(model.base.before[path])
    by = changed - model.base.before[path]
    values = align(model.base, model.run({path: changed}, "full"))
    pairs = ((values[i], model.base.events[i][2]) for i in model.depends[path])
    return any(new is None or not is_moved(new - old, by) for new, old in pairs)


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


def find_growing(base: Trace, path: str) -> int | None:
    """Return the first event of which a step subtracts a multiple from an array that grows."""
    moved = base.before[path] - base.after[path]
    return next((i for i, (site, _, value) in enumerate(base.events)
                 if site >= 0 and value.size > 1 and _is_multiple(value, moved)), None)  # fmt: skip


def _is_multiple(value: Array, moved: Array) -> bool:
    """Return whether a value that is repeated as an array needs it is a multiple of that array."""
    with suppress(ValueError):
        whole = np.broadcast_to(value, moved.shape)
        rate = float((whole * moved).sum() / ((whole * whole).sum() or 1.0))
        return rate != 0 and np.allclose(moved, rate * whole, rtol=MOVED, atol=0)
    return False


def is_affine(model: Model) -> bool:
    """Return whether outputs of several matrices of weights lie on a line where the inputs do: no
    activation is between the layers.
    """
    matrices = [w for w in model.weights if model.base.before[w].ndim > 1]
    arrays = {p: model.base.before[p] for p in model.inputs if p in model.base.before}
    inputs = {p: x for p, x in arrays.items() if x.dtype.kind in "fi" and x.ndim}
    if len(matrices) < 2 or not inputs:
        return False
    steps = [{p: x + k * FAR * leave(x, 1.0) for p, x in inputs.items()} for k in range(4)]
    runs = [model.read(edits) for edits in steps]
    return any(_lies_on_a_line([read_events(run, e) for run in runs]) for e in model.outputs)


def _lies_on_a_line(values: list[Array | None]) -> bool:
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        return False
    steps = np.diff(found, axis=0)
    return bool(steps.any()) and np.allclose(
        steps, steps[0], rtol=0, atol=CLOSE * np.abs(steps).max()
    )


def is_zero_bias(model: Model, path: str) -> bool:
    """Return whether an array of zeros is kept beside the weights, under the name of a bias; the
    whole number 0 may be a sample.
    """
    values = model.get_value(path)
    is_sample = not values.ndim and values.dtype.kind == "i"
    return _is_bias_beside(model, path) and not values.any() and not is_sample


def _is_bias_beside(model: Model, path: str) -> bool:
    """Return whether a leaf has the name of a bias, in the object that has a weight."""
    return is_named_as_bias(path) and _name_holder(path) in map(_name_holder, model.weights)


def _name_holder(path: str) -> str:
    """Return the name of the object that has an array."""
    return path.rpartition(".")[0].partition("[")[0]


def is_named_as_bias(path: str) -> bool:
    """Return whether the last name of a leaf is that of a bias, or begins as one does; of a list,
    which may have batches, whether it is that of biases.
    """
    parts = [part for part in re.split(r"[\[\]()', .]+", path) if part]
    name = next((part for part in reversed(parts) if not part.isdigit()), "")
    begins = re.match("b" if parts[-1:] == [name] else "_*bs?$", name)
    return "bias" in name or begins is not None


def _is_beside_weights(model: Model, path: str) -> bool:
    """Return whether a leaf has the name of a weight, but for numbers, or that in another layer, or
    that of a bias beside them.
    """
    places = {(each.count("."), each.rpartition(".")[2]) for each in model.weights if "." in each}
    is_of_layer = (path.count("."), path.rpartition(".")[2]) in places and path.count(".") > 1
    return is_of_layer or _is_bias_beside(model, path) or is_named_as_weight(model, path)


def is_named_as_weight(model: Model, path: str) -> bool:
    """Return whether a leaf has the name of a weight, but for numbers."""
    return re.sub(r"\d+", "#", path) in {re.sub(r"\d+", "#", each) for each in model.weights}
