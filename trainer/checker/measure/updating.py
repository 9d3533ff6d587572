"""Checks that the book's training loop runs with a net, and counts what its gradient costs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.book_loop import LoopRun
from trainer.checker.adapt.names import simplify_name
from trainer.checker.adapt.subject import Subject
from trainer.checker.findings.comparing import Finding, as_array, compute_error, show_safely
from trainer.checker.measure.trial import Trial, are_equal
from trainer.common.language import translate as _

LR = 0.1
LOOP = "params[key] -= lr * grads[key]"
BOOK_WEIGHTS = 784 * 50 + 50 + 50 * 10 + 10


def check_update(trial: Trial) -> Iterator[Finding]:
    """Yield the finding on one step of the book's loop, which updates params in place.

    Only for nets that keep arrays in the dict params, return a dict of gradients, and have no
    method that trains: others may keep or update their weights as they like.
    """
    if trial.subject.methods["train"] or not trial.subject.has("gradient"):
        return
    trial.progress("update")
    fresh = attempt(trial.build_subject).value
    if fresh is None:
        return
    fresh.weights.set(trial.case.weights)
    grads = attempt(fresh.backpropagate, trial.case.x, trial.t).value or {}
    if not are_equal(fresh.weights.get(), trial.case.weights):
        return  # it takes the step itself
    fresh.weights.set(trial.case.weights)
    run = attempt(lambda x, t: fresh.run_loop(x, t, LR), trial.case.x, trial.t).value
    is_theirs = not getattr(trial.kind, "has_guessed_calls", False)  # functions have keys of ours
    if run is not None and (is_theirs or not run.absent):
        yield _report_absent(run) if run.absent else _judge_step(trial, fresh, run, grads)


def _report_absent(run: LoopRun) -> Finding:
    """Return the finding on keys of params that grads lacks: wrong if only their case differs."""
    simple = {simplify_name(key) for key in run.keys}
    words = {"loop": LOOP, "absent": ", ".join(run.absent), "keys": ", ".join(run.keys)}
    if not all(simplify_name(key) in simple for key in run.absent):  # dW1: a known convention
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


def _judge_step(trial: Trial, fresh: Subject, run: LoopRun, grads: dict[str, Any]) -> Finding:
    """Return the finding on what the step changed, in the order of the parameters."""
    after = fresh.weights.get()
    for key, name in run.names.items():
        if run.error and key == run.failed:
            return _report_error(name, *run.shapes[key], run.error)
        moved, step = trial.case.weights[key] - after[key], as_array(grads.get(key))
        if step is None or run.shapes[key][0] != run.shapes[key][1]:
            continue
        if compute_error(moved, np.reshape(LR * step, moved.shape)) > 1e-3:
            message = _("the book's loop {loop} does not subtract the gradient of {name}")
            return Finding("update", "differs", message.format(loop=LOOP, name=name))
    return Finding("update", "ok")


def _report_error(
    name: str, shape: tuple[int, ...], grad_shape: tuple[int, ...], error: BaseException
) -> Finding:
    words = {"loop": LOOP, "error": type(error).__name__, "name": name}
    if shape != grad_shape:
        message = _(
            "the book's loop {loop} raises {error}: {name} has shape {shape}, its gradient "
            "{gradient}: make them equal"
        )
        message = message.format(shape=shape, gradient=grad_shape, **words)
        return Finding("update", "raises", message)
    if isinstance(error, TypeError) and "Cannot cast ufunc" in show_safely(error):
        message = _(
            "the book's loop {loop} raises {error}: {name} is an array of integers, create it with "
            "dtype=float"
        )
        return Finding("update", "raises", message.format(**words))
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
    """Return how often gradient calls the net's method for a quantity, 0 where it raises."""
    fresh.weights.set(trial.case.weights)
    outcome = attempt(lambda x, t: fresh.count_calls(quantity, x, t), trial.case.x, trial.t)
    return outcome.value or 0
