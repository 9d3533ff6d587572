"""What a step changes, and what of it is carried on to the next: weights, and no caches."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.checker.find.shortening import shorten
from trainer.checker.find.steps import Step
from trainer.checker.find.trace import Trace


@dataclass
class Changes:
    """What a step changes: the numbers before it, by their paths, and the paths of those whose new
    value depends on the one before: weights, not caches.
    """

    before: dict[str, Any]
    carried: set[str]


def find_changes(step: Step) -> Changes:
    """Return what a step, with few samples from here on, changes; nothing where it fails."""
    trace = _start_elsewhere(step, shorten(step))
    changed = [] if trace.error else trace.list_changed()
    carried = {path for path in changed if is_carried(step.run, trace, path)}
    return Changes({path: trace.before[path] for path in changed}, carried)


def _start_elsewhere(step: Step, trace: Trace) -> Trace:
    """Return what a step does that leaves its matrices at 0, with others in their places, and let
    it have these from here on; what it did where it leaves these too.

    Without a hidden layer weights of 0 are none that stay: each moves if it alone is another.
    """
    zeros = {p: v for p, v in trace.before.items()
             if v.ndim == 2 and min(v.shape) > 1 and not v.any()}  # fmt: skip
    if trace.error or len(zeros) < 2 or zeros.keys() & set(trace.list_changed()):
        return trace
    rng = np.random.default_rng(0)
    moved = {path: 0.5 * rng.standard_normal(value.shape) for path, value in zeros.items()}
    changed = step.run(moved).list_changed()
    moved = {path: value for path, value in moved.items() if path in changed}
    alone = (path not in step.run({path: value}).list_changed() for path, value in moved.items())
    step.is_still = len(moved) > 1 and any(alone)
    step.given = step.given | (moved if step.is_still else {})
    return step.run()


def is_carried(run: Callable[..., Trace], trace: Trace, path: str) -> bool:
    """Return whether some number that a step changes depends on the one in its place before.

    What is only put into another order is not carried on.
    """
    old = trace.before[path]
    if is_reordered(trace, path):
        return False
    after = run({path: old + 1e-3 * (1 + np.abs(old))}, "changes").after.get(path)
    if after is None or after.shape != old.shape:
        return False
    changed = old != trace.after[path]
    return not np.array_equal(after[changed], trace.after[path][changed], equal_nan=True)


def is_replaced(run: Callable[..., Trace], trace: Trace, path: str) -> bool:
    """Return whether what a step leaves of an array keeps less than half of any change of it, as
    the values that go from layer to layer do: a weight is moved from where it is.
    """
    old, new = trace.before[path], trace.after.get(path)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], old.shape)
    by = signs * (1 + np.abs(old))  # so much that rounding hides nothing
    moved = run({path: old + by}, "changes").after.get(path)
    if new is None or moved is None or not new.shape == moved.shape == old.shape:
        return True
    return bool(abs(((moved - new) * by).sum()) < 0.5 * (by * by).sum())


def is_velocity(run: Callable[..., Trace], trace: Trace, path: str) -> bool:
    """Return whether an array becomes what a step adds to another one, or a multiple of it, also
    from other values: a momentum, which an output depends on where the gradient is taken ahead.
    """
    others = _list_moved_by(trace, path)
    if not others:
        return False
    shape = trace.before[path].shape
    other = run({path: np.random.default_rng(0).standard_normal(shape)}, "full")
    return not other.error and bool(set(others) & set(_list_moved_by(other, path)))


def _list_moved_by(trace: Trace, path: str) -> list[str]:
    """Return the arrays that are not 0 and to which a step adds a multiple of what one becomes, []
    where it ends without that one.
    """
    new = trace.after.get(path)
    if new is None:
        return []
    changed = (p for p in trace.list_changed() if p != path and trace.before[p].any())
    others = [p for p in changed if trace.after[p].shape == new.shape and new.size > 1]
    return [p for p in others if _is_multiple(trace.after[p] - trace.before[p], new)]


def _is_multiple(values: Any, of: Any) -> bool:
    factor = float((values * of).sum()) / (float((of * of).sum()) or 1.0)
    least = 1e-9 * np.abs(values).max()
    return math.isfinite(factor) and np.allclose(values, factor * of, rtol=1e-9, atol=least)


def is_reordered(trace: Trace, path: str) -> bool:
    """Return whether a step puts numbers into another order, as it may do with samples, or takes
    other rows or columns of a larger array that stays as it is.
    """
    old, new = trace.before[path], trace.after[path]
    if np.array_equal(np.sort(old, axis=None), np.sort(new, axis=None)):
        return True
    larger = ((p, v) for p, v in trace.before.items()
              if v.ndim == new.ndim == 2 and v.size > new.size)  # fmt: skip
    return any(
        (_holds_rows(v, new) or _holds_rows(v.T, new.T))
        and np.array_equal(v, trace.after.get(p, old))
        for p, v in larger
    )


def _holds_rows(whole: Any, part: Any) -> bool:
    """Return whether each row of an array is one of another."""
    if whole.shape[1:] != part.shape[1:] or not len(part):
        return False
    return {row.tobytes() for row in part} <= {row.tobytes() for row in whole}
