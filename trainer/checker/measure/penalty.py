"""Checks that a weight penalty's gradient is the derivative of what it adds to the loss."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import (
    CLOSE,
    OWN_PENALTY,
    Finding,
    accept,
    as_array,
    compute_error,
    describe_difference,
)
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.trial import Trial
from trainer.common.language import N_
from trainer.common.language import translate as _

REG = 0.7
NEAR = 1e-3  # of what is differentiated numerically
LACKS = N_("the derivative of the loss's penalty is not added to this gradient")


def check_penalty(trial: Trial) -> Iterator[Finding]:
    """Yield a finding for each parameter where the penalty's gradient is wrong.

    Compares what reg adds to the gradient with what it adds to the derivative of their loss. A
    method gradient of its own may decay the weights without a penalty in the loss.
    """
    if not (trial.subject.has("gradient") and trial.subject.has("loss")):
        return
    outcome = attempt(lambda: Trial(trial.kind, trial.build_subject(REG), trial.case))
    if outcome.error:
        return
    strict: Trial = outcome.value
    strict.form, strict.target = trial.form, trial.target
    trials = (trial, strict)
    losses = [attempt(b.subject.loss, b.case.x, b.t) for b in trials]
    if any(o.error or o.value is None for o in losses):
        return
    is_free = compute_error(losses[1].value, losses[0].value) <= CLOSE
    if is_free and not trial.subject.gives_both():
        return
    grads = [attempt(b.subject.backpropagate, b.case.x, b.t) for b in trials]
    for b in trials:
        b.reset_weights()
    if any(o.error or not o.value for o in grads):
        return
    derivatives = [b.differentiate_loss(list(PARAMS)) for b in trials]
    compare = _report_free if is_free else _compare
    yield from compare(grads[0].value, grads[1].value, *derivatives)
    yield from _check_sign(trial.case.weights, *derivatives)


def _check_sign(
    weights: dict[str, Array], own: dict[str, Array], strict: dict[str, Array]
) -> Iterator[Finding]:
    """Yield a finding where reg subtracts a multiple of the squared weights from the loss."""
    for key in ("W1", "W2"):
        if key not in own or key not in strict:
            continue
        c = _fit_share(strict[key] - own[key], weights[key], NEAR)
        if c < 0:
            message = _("reg = {reg} subtracts {factor} ‖{name}‖²: a penalty must not be negative")
            message = message.format(reg=REG, factor=f"{-c / 2:.4g}", name=key)
            yield Finding("loss", "differs", message)
            return


def _report_free(
    before: dict[str, Any], after: dict[str, Any], *_derivatives: dict[str, Array]
) -> Iterator[Finding]:
    """Yield a finding for each parameter where reg changes the gradient: the loss it leaves."""
    for key in PARAMS:
        old, new = as_array(before.get(key)), as_array(after.get(key))
        if old is not None and new is not None and compute_error(new, old) > CLOSE:
            message = _("reg changes it, but not the loss: add the penalty to the loss")
            yield Finding(f"gradient {key}", "differs", message)


def _compare(
    before: dict[str, Any], after: dict[str, Any], own: dict[str, Array], strict: dict[str, Array]
) -> Iterator[Finding]:
    for key in PARAMS:
        if not all(key in values for values in (before, after, own, strict)):
            continue
        old, new = as_array(before[key]), as_array(after[key])
        if old is None or new is None or old.shape != new.shape or old.size != own[key].size:
            continue
        added, want = new - old, (strict[key] - own[key]).reshape(old.shape)
        if compute_error(added, want, least=1.0) > CLOSE:
            message = _(
                "the penalty's gradient is not the derivative of what it adds to the loss: "
                "it {difference}"
            ).format(difference=describe_difference(added, want))
            if not added.any():
                message = _(LACKS)
            yield Finding(f"gradient {key}", "differs", message, topic=OWN_PENALTY)


def accept_decay(findings: list[Finding], trial: Trial, judge: Judge) -> None:
    """Make gradients of W1 and W2 right that were read from an update, where this also subtracts a
    share of the weights: a decay of weights need not show in the loss.
    """
    wrong = [f for f in findings if f.quantity.startswith("gradient ") and f.verdict == "differs"]
    names = [f.quantity for f in wrong]
    if not trial.subject.is_derived or names != ["gradient W1", "gradient W2"]:
        return
    shares = [_measure_decay(judge, key) for key in ("W1", "W2")]
    if shares[0] > 0 and compute_error(shares[0], shares[1]) <= CLOSE:
        message = _("its update also subtracts {share} of W1 and W2, which the loss does not show")
        accept(findings, wrong, "gradient", message.format(share=f"{shares[0]:.3g}"))


def blame_gradients(findings: list[Finding], trial: Trial, judge: Judge) -> None:
    """Say that the gradients of W1 and W2 lack a penalty, where the loss alone is wrong and its
    derivative is the gradient and one multiple of the weights.
    """
    wrong = [finding for finding in findings if finding.verdict == "differs"]
    keys = ["W1", "W2"]
    if [finding.quantity for finding in wrong] != ["loss"] or not trial.subject.has("gradient"):
        return
    if _takes_strength(trial, judge):
        return  # without one there is to be no penalty
    own = trial.differentiate_loss(keys)
    shares = [_measure_share(judge, key, own.get(key)) for key in keys]
    if min(shares) > 0 and compute_error(shares[0], shares[1]) <= NEAR:
        message = _("includes a penalty of {factor} ‖W‖²")
        accept(findings, wrong, "loss", message.format(factor=f"{shares[0] / 2:.4g}"))
        for finding in (f for f in findings if f.quantity in ("gradient W1", "gradient W2")):
            finding.verdict, finding.message = "differs", _(LACKS)


def _takes_strength(trial: Trial, judge: Judge) -> bool:
    """Return whether a strength that the net is given changes its gradients."""
    subject = attempt(lambda: trial.build_subject(REG)).value
    if subject is None:
        return False
    subject.weights.set(trial.case.weights)
    grads = attempt(subject.backpropagate, trial.case.x, trial.t).value or {}
    new, old = as_array(grads.get("W1")), as_array(judge.theirs.get("W1"))
    return new is None or old is None or compute_error(new, old) > CLOSE


def _measure_share(judge: Judge, key: str, own: Array | None) -> float:
    """Return the multiple of a weight by which the derivative of the loss is more than a gradient,
    0 where that is none.
    """
    got = as_array(judge.theirs.get(key))
    if own is None or got is None or own.shape != got.shape:
        return 0.0
    return _fit_share(own - got, judge.case.weights[key], NEAR)


def _measure_decay(judge: Judge, key: str) -> float:
    """Return the share of a weight that a gradient has beside the right one, 0 if it has none."""
    got, weight = as_array(judge.theirs[key]), judge.case.weights[key]
    if got is None or got.shape != weight.shape:
        return 0.0
    return _fit_share(got - judge.get_expected(key), weight, CLOSE)


def _fit_share(rest: Array, weight: Array, limit: float) -> float:
    """Return which multiple of a weight an array is, 0 where it is none within the limit."""
    if rest.shape != weight.shape:
        return 0.0
    share = float(np.vdot(weight, rest) / np.vdot(weight, weight))
    return share if compute_error(rest, share * weight) <= limit else 0.0
