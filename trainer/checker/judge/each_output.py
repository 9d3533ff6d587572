"""Finds the outputs where samples come one by one, and no place of the source tells them apart.

An engine for derivatives computes every number in the same lines.
"""

from collections.abc import Callable, Mapping

from trainer.book.functions import Array
from trainer.checker.judge.events import Events
from trainer.checker.judge.moving import exchange, turn

MOST = 12  # samples
Find = Callable[[Mapping[str, Array]], frozenset[int] | None]


def find_outputs(
    path: str, targets: Array, forward: list[int], weighted: frozenset[int], find: Find
) -> Events:
    """Return for each target the last number that is computed before it is used, () where these
    are not as many: forward are the numbers that depend on weights and on no target.

    path is that of the targets. find returns what changes with other values, and weighted are the
    numbers that depend on weights.
    """
    if targets.size != len(targets) or not 1 < targets.size <= MOST:
        return ()
    found = []
    for changed in (change_one(targets, i) for i in range(len(targets))):
        mixed = (find({path: changed}) or frozenset()) & weighted
        before = [event for event in forward if mixed and event < min(mixed)]
        found += before[-1:]
    return tuple(found) if len(set(found)) == targets.size else ()


def change_one(targets: Array, number: int) -> Array:
    """Return targets of which one is another; number is its place in all of them."""
    others = exchange(targets).reshape(-1)
    changed = targets.astype(others.dtype)
    flat, old = changed.reshape(-1), targets.reshape(-1)
    flat[number] = (others if others[number] != old[number] else turn(targets).reshape(-1))[number]
    return changed
