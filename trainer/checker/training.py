"""One step of a train method: whether it updates all that it should, once, downwards."""

from collections.abc import Iterator

import numpy as np

from trainer.checker.adapters import PARAMS, call, call_roles
from trainer.checker.attempts import attempt, raised
from trainer.checker.bench import ONE_HOT, Bench
from trainer.checker.choosing import HAND_WRITTEN
from trainer.checker.comparing import Finding, as_array, error
from trainer.checker.explaining import Case, planted
from trainer.checker.judging import told_of
from trainer.checker.reference import Form, numbers
from trainer.checker.subject import Subject
from trainer.functions import Array

LR = 0.01
UPDATES = ("bias-not-updated", "bias-updated-twice", "update-sign", "w2-updated-before-backward")


def check_training(bench: Bench) -> Iterator[Finding]:
    """Train one step on a batch of equal rows, so that any choice of a batch is the same one."""
    function = bench.subject.methods["train"]
    if function is None or not {"lr", "x", "t"} <= call_roles(function):
        return
    bench.progress("train")
    case = bench.case
    x = np.repeat(case.x[:1], len(case.x), axis=0)
    rows = np.repeat(case.t[:1], len(case.t), axis=0)
    t = rows if bench.target == ONE_HOT else rows.argmax(axis=1)
    outcome = attempt(lambda x, t: _step(bench.anew(), case.weights, x, t), x, t)
    if outcome.error:
        finding = raised("train", outcome.error)
        if finding.cause == "misspelt-name":
            yield finding
        return
    yield from _verdict(outcome.value, Case(case.weights, x, rows), bench.form)


def _step(fresh: Subject, weights: dict[str, Array], x: Array, t: Array) -> dict[str, Array]:
    fresh.weights.set(weights)
    x, t = fresh.native(x), fresh.native(t)
    values = {"x": x, "t": t, "x val": x, "t val": t, "lr": LR, "reg": 0.0,
              "batch": len(x), "epochs": 1}  # fmt: skip
    call(fresh.methods["train"], values)  # type: ignore[arg-type]
    return fresh.weights.get()


def _verdict(after: dict[str, Array], case: Case, form: Form) -> Iterator[Finding]:
    """Only what is recognised is said: a schedule or a momentum of theirs is no mistake."""
    right = numbers(form, case.weights, case.x, case.t)
    moved = {k: after[k] - case.weights[k] for k in PARAMS}
    good = {k: error(moved[k], -LR * right[k]) <= 1e-5 for k in PARAMS}
    if all(good.values()):
        yield Finding("train", "ok")
        return
    if form in HAND_WRITTEN:
        for slug in UPDATES:
            net = planted(slug, form.activation, form.head, case)
            net.step(case.x, case.t, LR)
            if all(error(moved[k], net.params[k] - case.weights[k]) <= 1e-5 for k in PARAMS):
                message = f"one step changes the weights as when {told_of(slug)}"
                yield Finding("train", "differs", message, slug)
                return
    still = [k for k in PARAMS if not as_array(moved[k]).any()]  # type: ignore[union-attr]
    double = [k for k in PARAMS if error(moved[k], -2 * LR * right[k]) <= 1e-5]
    if any(good.values()) and (still or double):
        parts = [f"{k} is not updated" for k in still] + [f"{k} is updated twice" for k in double]
        cause = "bias-not-updated" if still and still[0][0] == "b" else None
        yield Finding("train", "differs", f"one step: {', '.join(parts)}", cause)
