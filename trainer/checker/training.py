"""One step of a train method: whether it updates all that it should, once, downwards."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.attempts import attempt, report_exception
from trainer.checker.choosing import HAND_WRITTEN
from trainer.checker.comparing import Finding, as_array, compute_error
from trainer.checker.explaining import Case, planted
from trainer.checker.names import PARAMS, call_by_role, find_call_roles
from trainer.checker.reference import Form, numbers
from trainer.checker.subject import Subject
from trainer.checker.telling import told_of
from trainer.checker.trial import ONE_HOT, Trial

LR = 0.01
# How many times each parameter's own gradient is taken off it.
PATTERNS: dict[tuple[int | None, ...], str] = {
    (1, 0, 1, 0): "bias-not-updated",
    (1, 2, 1, 0): "bias-updated-twice",
    (-1, -1, -1, -1): "update-sign",
}


def check_training(trial: Trial) -> Iterator[Finding]:
    """Train one step on a batch of equal rows, so that any choice of a batch is the same one."""
    function = trial.subject.methods["train"]
    if function is None or not {"lr", "x", "t"} <= find_call_roles(function):
        return
    trial.progress("train")
    case = trial.case
    x = np.repeat(case.x[:1], len(case.x), axis=0)
    rows = np.repeat(case.t[:1], len(case.t), axis=0)
    t = rows if trial.target == ONE_HOT else rows.argmax(axis=1)
    outcome = attempt(lambda x, t: _step(trial.build_subject(), case.weights, x, t), x, t)
    if outcome.error:
        finding = report_exception("train", outcome.error)
        if finding.cause == "misspelt-name":
            yield finding
        return
    equal = Case(case.weights, x, rows)
    moved = {k: outcome.value[k] - case.weights[k] for k in PARAMS}
    trial.reset_weights()
    own = attempt(trial.subject.gradient, x, t) if trial.subject.has("gradient") else None
    grads = own.value if own and not own.error and own.value else None
    yield from _verdict(moved, grads or numbers(trial.form, *equal.parts), equal, trial.form)


def _step(fresh: Subject, weights: dict[str, Array], x: Array, t: Array) -> dict[str, Array]:
    fresh.weights.set(weights)
    x, t = fresh.native(x), fresh.native(t)
    values = {"x": x, "t": t, "x val": x, "t val": t, "lr": LR, "reg": 0.0,
              "batch": len(x), "epochs": 1}  # fmt: skip
    call_by_role(fresh.methods["train"], values)  # type: ignore[arg-type]
    return fresh.weights.get()


def _verdict(
    moved: dict[str, Array], grads: dict[str, Any], case: Case, form: Form
) -> Iterator[Finding]:
    """Only what is recognised is said: a schedule or a momentum of theirs is no mistake."""
    times = tuple(_times(moved[k], grads.get(k)) for k in PARAMS)
    if times == (1, 1, 1, 1):
        yield Finding("train", "ok")
        return
    slug = PATTERNS.get(times) or (
        "w2-updated-before-backward" if _too_early(moved, case, form) else None
    )
    if slug:
        message = f"one step changes the weights as when {told_of(slug)}"
        yield Finding("train", "differs", message, slug)
    elif None not in times and 1 in times:
        named = zip(PARAMS, times, strict=True)
        parts = [f"{k} is updated {n} times" for k, n in named if n != 1]
        cause = "bias-not-updated" if 0 in times[1::2] and times[::2] == (1, 1) else None
        yield Finding("train", "differs", f"one step: {', '.join(parts)}", cause)


def _times(moved: Array, grad: Any) -> int | None:
    """How many times the step subtracts the gradient, if it is a whole number of times."""
    if grad is None:
        return None
    if not np.any(as_array(grad)):  # no neuron of a ReLU was awake: nothing to take off
        return None if moved.any() else 1
    return next((n for n in (1, 0, 2, -1) if _close(moved, grad, n)), None)


def _close(moved: Array, grad: Any, n: int) -> bool:
    return compute_error(moved - n * -LR * as_array(grad).reshape(moved.shape), 0 * moved) <= (  # type: ignore[union-attr]
        1e-5 * LR * np.abs(as_array(grad)).max()  # type: ignore[arg-type]
    )


def _too_early(moved: dict[str, Array], case: Case, form: Form) -> bool:
    if form not in HAND_WRITTEN:
        return False
    net = planted("w2-updated-before-backward", form.activation, form.head, case)
    net.step(case.x, case.t, LR)
    return all(compute_error(moved[k], net.params[k] - case.weights[k]) <= 1e-5 for k in PARAMS)
