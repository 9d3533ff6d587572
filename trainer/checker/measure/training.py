"""Checks one step of a train method: it must update every parameter, once, downwards."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import Outcome, attempt, report_exception
from trainer.checker.adapt.names import PARAMS, call_by_role, find_call_roles, list_arguments
from trainer.checker.adapt.subject import Subject
from trainer.checker.findings.comparing import (
    Finding,
    accept,
    as_array,
    compute_error,
    report_unchecked,
)
from trainer.checker.findings.descriptions import append_mistake
from trainer.checker.measure.choosing import HAND_WRITTEN
from trainer.checker.measure.explaining import Case, build_mistaken_net
from trainer.checker.measure.reference import Form, get_reference
from trainer.checker.measure.trial import ONE_HOT, Trial
from trainer.common.language import join_changes, join_words, translate_plural
from trainer.common.language import translate as _

LR = 0.01
SAME_STEP = 1e-3  # relative to the step, which rounding of float32 weights moves too
SUM = "batch-mean-missing"
# How many times a step subtracts the gradient of each parameter → the mistake.
PATTERNS: dict[tuple[int | None, ...], str] = {
    (1, 0, 1, 0): "bias-not-updated",
    (1, 2, 1, 0): "bias-updated-twice",
    (-1, -1, -1, -1): "update-sign",
}


def check_training(trial: Trial) -> Iterator[Finding]:
    """Yield the finding on one training step, if the net has a train method that takes a batch."""
    function = _find_step(trial)
    if function is None:
        return
    trial.progress("train")
    equal, t = _make_equal(trial)
    outcome = _attempt_step(trial, equal.x, t)
    if outcome.error:
        finding = report_exception("train", outcome.error)
        is_guess = any(p.default is None for p in list_arguments(function))
        # Only an update in place of an array of another shape raises this.
        is_misfit = "non-broadcastable output" in finding.message
        is_unfinished = finding.cause == "unfinished" and not is_guess
        if finding.cause == "misspelt-name" or is_unfinished or is_misfit:
            yield finding
        return
    if any(outcome.value[k].shape != equal.weights[k].shape for k in PARAMS):
        return  # by gradients of other shapes
    moved = {k: outcome.value[k] - equal.weights[k] for k in PARAMS}
    trial.reset_weights()
    has_own = trial.subject.has("gradient")
    own = attempt(trial.subject.backpropagate, equal.x, t).value if has_own else None
    want = get_reference(trial.form, equal)
    # The step may divide what gradient sums over the batch.
    grads = want if _is_step(moved, want) else own or want
    yield from _judge(moved, grads, equal, trial.form)


def accept_sums(findings: list[Finding], trial: Trial) -> None:
    """Make gradients that are sums over the batch right, where a training step divides them or
    there is no loss and none is a mean, and a loss that is a sum, where there is no gradient.
    """
    gradients = [f for f in findings if f.quantity.startswith("gradient ")]
    sums = [f for f in gradients if f.cause == SUM]
    has_loss, has_gradient = (trial.subject.has(quantity) for quantity in ("loss", "gradient"))
    has_loss |= getattr(trial.kind, "has_guessed_calls", False)  # functions have one inside
    is_open = bool(sums) and not has_loss and all(f.verdict != "ok" for f in gradients)
    if is_open or (len(sums) == len(PARAMS) and _takes_mean_steps(trial)):
        message = _("it is the sum over the batch: the training step divides it by the batch size")
        if not has_loss:
            message = _("it is the sum over the batch: right if the loss is, which is not here")
        accept(findings, sums, "gradient", message)
    losses = [f for f in findings if f.quantity == "loss" and f.verdict == "differs"]
    if losses and losses[0].cause == "loss-sum" and not has_gradient:
        message = _("it is the sum over the batch: right if the gradient is, which is not here")
        accept(findings, losses, "loss", message)
    elif losses and not losses[0].cause and not (has_gradient or trial.subject.has("numerical")):
        reason = _("its form is not known here, and no gradient shows whether it is right")
        findings[findings.index(losses[0])] = report_unchecked("loss", reason)


def _takes_mean_steps(trial: Trial) -> bool:
    """Return whether a training step subtracts the gradient of the mean loss."""
    if _find_step(trial) is None:
        return False
    equal, t = _make_equal(trial)
    after = _attempt_step(trial, equal.x, t).value or {}
    moved = {k: value - equal.weights[k] for k, value in after.items()}
    return bool(moved) and _is_step(moved, get_reference(trial.form, equal))


def _find_step(trial: Trial) -> Callable[..., Any] | None:
    """Return the net's train method, None if it has none that takes a batch and a rate."""
    function = trial.subject.methods["train"]
    takes_batch = function is not None and {"lr", "x", "t"} <= find_call_roles(function)
    return function if takes_batch else None


def _is_step(moved: dict[str, Array], grads: dict[str, Any]) -> bool:
    """Return whether weights moved by one step down these gradients."""
    return all(_count_updates(moved[k], grads.get(k)) == 1 for k in PARAMS)


def _make_equal(trial: Trial) -> tuple[Case, Array]:
    """Return a case with equal rows, and its targets as the net takes them.

    A step is the same then whichever rows it draws.
    """
    case = trial.case
    x = np.repeat(case.x[:1], len(case.x), axis=0)
    rows = np.repeat(case.t[:1], len(case.t), axis=0)
    return Case(case.weights, x, rows), rows if trial.target == ONE_HOT else trial.to_labels(rows)


def _attempt_step(trial: Trial, x: Array, t: Array) -> Outcome:
    weights = trial.case.weights
    return attempt(lambda x, t: _train_step(trial.build_subject(), weights, x, t), x, t)


def _train_step(fresh: Subject, weights: dict[str, Array], x: Array, t: Array) -> dict[str, Array]:
    fresh.weights.set(weights)
    x, t = fresh.to_native(x), fresh.to_native(t)
    values = {"x": x, "t": t, "x val": x, "t val": t, "lr": LR, "reg": 0.0,
              "batch": len(x), "epochs": 1}  # fmt: skip
    call_by_role(fresh.methods["train"], values)  # type: ignore[arg-type]
    return fresh.weights.get()


def _judge(
    moved: dict[str, Array], grads: dict[str, Any], case: Case, form: Form
) -> Iterator[Finding]:
    """Yield a finding only for a known step: a schedule or a momentum of theirs is no mistake."""
    times = {k: _count_updates(moved[k], grads.get(k)) for k in PARAMS}
    counts = tuple(times.values())
    if counts == (1, 1, 1, 1):
        yield Finding("train", "ok")
        return
    message = _describe_moves(times)
    if slug := PATTERNS.get(counts):
        yield Finding("train", "differs", append_mistake(message, slug), slug)
    elif _is_updated_too_early(moved, case, form):
        slug = "w2-updated-before-backward"
        message = _("one training step gives other weights than expected")
        yield Finding("train", "differs", append_mistake(message, slug), slug)
    elif None not in counts and 1 in counts:
        is_bias_left = 0 in counts[1::2] and counts[::2] == (1, 1)
        cause = "bias-not-updated" if is_bias_left else None
        yield Finding("train", "differs", message, cause)


def _describe_moves(times: dict[str, int | None]) -> str:
    """Return which parameters a step leaves as they are, updates twice, or the wrong way."""
    groups = {n: [k for k in PARAMS if times[k] == n] for n in (0, 2, -1)}
    changes = (_describe_move(n, keys) for n, keys in groups.items() if keys)
    return _("after one training step {changes}").format(changes=join_changes(changes))


def _describe_move(times: int, keys: list[str]) -> str:
    count = len(keys)
    message = {
        0: translate_plural("{names} is unchanged", "{names} are unchanged", count),
        2: translate_plural("{names} is updated twice", "{names} are updated twice", count),
        -1: translate_plural(
            "{names} is changed in the wrong direction",
            "{names} are changed in the wrong direction",
            count,
        ),
    }[times]
    return message.format(names=join_words(keys))


def _count_updates(moved: Array, grad: object) -> int | None:
    """Return how many times the step subtracts the gradient: 1, 0, 2 or -1; None for no such."""
    if grad is None:
        return None
    array = as_array(grad)
    if array is None or not array.any():  # No neuron of a ReLU was awake: nothing to subtract.
        return None if moved.any() else 1
    if array.size != moved.size:
        return None
    array = array.reshape(moved.shape)
    array = LR * array
    least = float(np.abs(array).max())
    fits = (n for n in (1, 0, 2, -1) if compute_error(-moved, n * array, least) <= SAME_STEP)
    return next(fits, None)


def _is_updated_too_early(moved: dict[str, Array], case: Case, form: Form) -> bool:
    if form not in HAND_WRITTEN:
        return False
    net = build_mistaken_net(case, form.activation, form.head, "w2-updated-before-backward")
    net.step(case.x, case.t, LR)
    return all(compute_error(moved[k], net.params[k] - case.weights[k]) <= 1e-5 for k in PARAMS)
