"""Starts a net elsewhere whose weights are all 0, so that no step moves most of them."""

from trainer.checker.find.trace import Trace
from trainer.checker.judge.influence import Model, Run, begin_at, build_model
from trainer.checker.judge.moving import leave

AWAY = 0.5  # from 0


def wake(run: Run) -> tuple[Run, Model | None]:
    """Return a step and what is known of it: from other weights where some are zeros that it leaves
    as they are, and then moves more of them.
    """
    first = build_model(run)
    base = first.base if first else run({}, "full")
    start = {path: leave(base.before[path], AWAY) for path in _list_still(base)}
    if not start:
        return run, first
    run_awake = begin_at(run, start)
    awake = build_model(run_awake)
    has_more = awake and len(awake.weights) > len(first.weights if first else ())
    return (run_awake, awake) if has_more else (run, first)


def _list_still(base: Trace) -> list[str]:
    """Return the matrices of zeros that a step leaves as they are, where it moves something."""
    moved = [] if base.error else base.list_changed()
    still = [path for path, value in base.before.items()
             if value.ndim == 2 and value.dtype.kind == "f" and not value.any()]  # fmt: skip
    return [path for path in still if path not in moved] if moved else []
