"""Runs the book's training loop with a net, and counts what its gradient calls.

What came of it is judged elsewhere: the process of the net's code may run this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS

if TYPE_CHECKING:
    from trainer.checker.adapt.subject import Subject


@dataclass
class LoopRun:
    """One step of the book's loop: what it found, and where it stopped.

    names are the net's own keys of W1 to b2, keys those of the gradients it returned, and absent
    the names that are no key of these. shapes are those of a parameter and of its gradient.
    failed is the first parameter whose update raised error, "" where none did.
    """

    names: dict[str, str]
    keys: list[str]
    absent: list[str]
    shapes: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    failed: str = ""
    error: BaseException | None = None


def run_loop(subject: "Subject", x: Array, t: Array, lr: float) -> LoopRun | None:
    """Update the params of a net in place by its own gradients, as the book's loop does.

    None for nets that do not keep arrays in the dict params or return no dict of gradients: they
    may update their weights as they like.
    """
    if not _keeps_params(subject):
        return None
    named, grads = attempt(subject.gradient, x, t).value, subject.returned_grads
    if not named or not isinstance(grads, dict):
        return None
    places = {key: name for key, (_, name) in subject.weights.places.items()}
    absent = [name for name in places.values() if name not in grads]
    names = {key: str(name) for key, name in places.items()}
    run = LoopRun(names, list(map(str, grads)), list(map(str, absent)), {})
    if not absent:
        _update(run, subject.net.params, grads, places, lr)  # type: ignore[attr-defined]
    return run


def _keeps_params(subject: "Subject") -> bool:
    """Return whether all weights are NumPy arrays in the net's own dict params."""
    params, places = getattr(subject.net, "params", None), subject.weights.places
    is_dict = isinstance(params, dict) and set(places) == set(PARAMS)
    return is_dict and not subject.has_tensors and all(c is params for c, _ in places.values())


def _update(
    run: LoopRun, params: dict[Any, Any], grads: dict[Any, Any], places: dict[str, Any], lr: float
) -> None:
    """Take the step, and note where it raises."""
    run.shapes = {k: (np.shape(params[n]), np.shape(grads[n])) for k, n in places.items()}
    for key, name in places.items():
        outcome = attempt(lambda name=name: _subtract(params, grads, name, lr))
        if outcome.error:
            run.failed, run.error = key, outcome.error
            return


def _subtract(params: dict[Any, Any], grads: dict[Any, Any], key: Any, lr: float) -> None:
    params[key] -= lr * grads[key]


def count_calls(subject: "Subject", quantity: str, x: Array, t: Array) -> int:
    """Return how often gradient calls the net's method for a quantity."""
    method: Any = subject.methods[quantity]
    name, calls = getattr(method, "__name__", ""), 0

    def count(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return method(*arguments, **options)

    setattr(subject.net, name, count)
    subject.gradient(x, t)
    return calls
