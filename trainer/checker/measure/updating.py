"""Checks that the book's training loop runs with a net, and counts what its gradient costs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.names import PARAMS, simplify_name
from trainer.checker.adapt.subject import Subject
from trainer.checker.findings.comparing import Finding, compute_error, show_safely
from trainer.checker.measure.trial import Trial
from trainer.common.language import translate as _

LR = 0.1
LOOP = "params[key] -= lr * grads[key]"
BOOK_WEIGHTS = 784 * 50 + 50 + 50 * 10 + 10


def check_update(trial: Trial) -> Iterator[Finding]:
    """Yield the finding on one step of the book's loop, which updates params in place.

    Only for nets that keep arrays in the dict params, return a dict of gradients, and have no
    method that trains: others may keep or update their weights as they like.
    """
    is_here = hasattr(trial.subject, "net")  # not in another process
    if not is_here or trial.subject.methods["train"] or not trial.subject.has("gradient"):
        return
    trial.progress("update")
    fresh = attempt(trial.build_subject).value
    if fresh is None or not _keeps_params(fresh):
        return
    fresh.weights.set(trial.case.weights)
    named = attempt(fresh.gradient, trial.case.x, trial.t).value
    grads = fresh.returned_grads
    if not named or not isinstance(grads, dict):
        return
    places = {key: name for key, (_, name) in fresh.weights.places.items()}
    absent = [name for name in places.values() if name not in grads]
    yield _report_absent(absent, grads) if absent else _run_loop(trial, fresh, grads)


def _keeps_params(subject: Subject) -> bool:
    """Return whether all weights are NumPy arrays in the net's own dict params."""
    params, places = getattr(subject.net, "params", None), subject.weights.places
    is_dict = isinstance(params, dict) and set(places) == set(PARAMS)
    return is_dict and not subject.has_tensors and all(c is params for c, _ in places.values())


def _report_absent(absent: list[Any], grads: dict[Any, Any]) -> Finding:
    """Return the finding on keys of params that grads lacks: wrong if only their case differs."""
    keys = [str(key) for key in grads]
    simple = {simplify_name(key) for key in keys}
    words = {"loop": LOOP, "absent": ", ".join(map(str, absent)), "keys": ", ".join(keys)}
    if not all(simplify_name(str(key)) in simple for key in absent):  # dW1: a known convention
        message = _(
            "the book's loop {loop} raises KeyError: grads has no key {absent}; it has {keys}. "
            "Update with these keys"
        )
        return Finding("update", "note", message.format(**words))
    message = _(
        "the book's loop {loop} raises KeyError: grads has no key {absent}; it has {keys}. "
        "Give the gradients the keys of params"
    )
    return Finding("update", "raises", message.format(**words), "misspelt-name")


def _run_loop(trial: Trial, fresh: Subject, grads: dict[Any, Any]) -> Finding:
    before, params = fresh.weights.get(), fresh.net.params  # type: ignore[attr-defined]
    places = fresh.weights.places.items()
    same = [key for key, (_, n) in places if np.shape(grads[n]) == np.shape(params[n])]
    turned = fresh.weights.transposed
    steps = {k: LR * (grads[n].T if k in turned else grads[n]) for k, (_, n) in places if k in same}
    for key, (_holder, name) in places:
        outcome = attempt(lambda name=name: _subtract(params, grads, name))
        if outcome.error:
            return _report_error(name, params[name], grads[name], outcome.error)
        moved = before[key] - fresh.weights.get()[key]
        if key in steps and compute_error(moved, np.reshape(steps[key], moved.shape)) > 1e-3:
            message = _("the book's loop {loop} does not subtract the gradient of {name}")
            return Finding("update", "differs", message.format(loop=LOOP, name=name))
    return Finding("update", "ok")


def _subtract(params: dict[Any, Any], grads: dict[Any, Any], key: Any) -> None:
    params[key] -= LR * grads[key]


def _report_error(name: Any, array: Any, grad: Any, error: BaseException) -> Finding:
    words = {"loop": LOOP, "error": type(error).__name__, "name": name}
    if np.shape(array) != np.shape(grad):
        message = _(
            "the book's loop {loop} raises {error}: {name} has shape {shape}, its gradient "
            "{gradient}: make them equal"
        ).format(shape=np.shape(array), gradient=np.shape(grad), **words)
        return Finding("update", "raises", message)
    if isinstance(error, TypeError):
        message = _("the book's loop {loop} raises {error} for {name}: {text}")
        text = show_safely(error).splitlines()[0]
        return Finding("update", "raises", message.format(text=text, **words))
    return report_exception("update", error)


def check_cost(trial: Trial) -> Iterator[Finding]:
    """Yield a note where gradient computes differences of the loss, and what that costs."""
    if trial.subject.methods["gradient"] is None or trial.subject.gives_both():
        return
    fresh = attempt(trial.build_subject).value
    counts = [
        _count_calls(trial, fresh, q) for q in ("loss", "predict") if fresh and fresh.methods[q]
    ]
    weights = sum(array.size for array in trial.case.weights.values())
    calls = max(counts, default=0)
    if calls >= weights:
        each = calls / weights
        message = _(
            "evaluates the loss {calls} times, {each} times for each of {weights} weights: it is a "
            "numerical gradient. With 784, 50 and 10 neurons that is {total} times in each step; "
            "backpropagation takes about as long as 5 evaluations"
        ).format(
            calls=calls, each=f"{each:.3g}", weights=weights,
            total=f"{round(each * BOOK_WEIGHTS):,}",
        )  # fmt: skip
        yield Finding("gradient", "note", message)


def _count_calls(trial: Trial, fresh: Subject, quantity: str) -> int:
    """Return how often gradient calls the net's method for a quantity."""
    method: Any = fresh.methods[quantity]
    name, calls = getattr(method, "__name__", ""), 0

    def count(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return method(*arguments, **options)

    def call(x: Any, t: Any) -> None:
        fresh.weights.set(trial.case.weights)
        setattr(fresh.net, name, count)
        fresh.gradient(x, t)

    return 0 if attempt(call, trial.case.x, trial.t).error else calls
