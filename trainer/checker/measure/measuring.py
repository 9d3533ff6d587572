"""Measures a net: the form it has, and what is found of predict, loss and gradient in it."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import Outcome, report_exception
from trainer.checker.adapt.names import PARAMS, is_guessed, list_arguments
from trainer.checker.adapt.sizes import N
from trainer.checker.findings.comparing import (
    CLOSE,
    Finding,
    Verdict,
    as_array,
    compute_error,
    report_unchecked,
    show_safely,
)
from trainer.checker.load.attributes import keeps_results
from trainer.checker.measure.choosing import choose_form, find_mistakes, is_right
from trainer.checker.measure.judging import Causes, Judge
from trainer.checker.measure.loss_mistakes import name_loss_mistake
from trainer.checker.measure.penalty import accept_decay, blame_gradients
from trainer.checker.measure.training import accept_sums
from trainer.checker.measure.trial import Outcomes, Trial, collect_values
from trainer.common.language import translate as _

WRONG: tuple[Verdict, ...] = ("differs", "raises")


@dataclass
class Measured:
    """A net in its form, its results for each kind of targets, and the findings on them."""

    trial: Trial
    runs: dict[str, Outcomes]
    judge: Judge
    findings: list[Finding]

    @property
    def outcomes(self) -> Outcomes:
        """The results with the targets that the net takes."""
        return self.runs[self.trial.target]

    def count(self, *verdicts: Verdict) -> int:
        """Return the number of quantities with one of the verdicts."""
        return sum(finding.verdict in verdicts for finding in self.findings)

    def is_wrong(self) -> bool:
        """Return whether a quantity is wrong."""
        return self.count(*WRONG) > 0


def measure(trial: Trial, runs: dict[str, Outcomes]) -> Measured:
    """Set the form and the targets of a trial from its results, and judge these."""
    trial.form, trial.target = choose_form(trial, runs)
    outcomes = runs[trial.target]
    judge = Judge(trial.case, collect_values(outcomes), trial.expected, trial.form.head)
    got = judge.theirs
    if not (judge.is_loss_exact() and all(is_right(quantity, judge) for quantity in got)):
        judge.others = trial.call_elsewhere()
    mistakes = find_mistakes(trial, got, judge)
    findings: list[Finding] = []
    for quantity in ("predict", "loss", "gradient"):
        findings += _judge_outcome(quantity, outcomes.get(quantity), trial, judge, mistakes)
    name_loss_mistake(findings, trial)
    accept_sums(findings, trial)
    accept_decay(findings, trial, judge)
    blame_gradients(findings, trial, judge)
    return Measured(trial, runs, judge, findings)


def _judge_outcome(
    quantity: str, outcome: Outcome | None, trial: Trial, judge: Judge, mistakes: Causes
) -> list[Finding]:
    """Return the findings on predict, loss or gradient: one, or one for each parameter."""
    if outcome is None:
        return _report_missing(quantity, trial)
    if outcome.error:
        return [_report_error(quantity, outcome.error, trial)]
    array = as_array(outcome.value) if quantity != "gradient" else None
    is_other = quantity != "gradient" and array is None and outcome.value is not None
    # A loss of two axes of samples takes one sample, or other targets.
    if is_other or (quantity == "loss" and array is not None and array.shape.count(N) > 1):
        what = f"shape {array.shape}" if array is not None else show_safely(outcome.value, repr)
        message = _("unsupported call or return value: {error}")
        return [report_unchecked(quantity, message.format(error=what))]
    if quantity == "predict" and outcome.value is None and _keeps_outputs(trial):
        return [report_unchecked("predict", _("returns None: return the outputs to check them"))]
    if quantity == "predict":
        return [judge.judge_predict(mistakes)]
    if quantity == "loss":
        return [_accept_guess(judge.judge_loss(mistakes), trial)]
    if outcome.value is None and outcome.wrote:
        reason = _("updates the weights itself and returns no gradients: return them to check them")
        return [report_unchecked("gradient", reason)]
    if outcome.value is None:
        return [Finding("gradient", "differs", _("returns no gradients"), "unfinished")]
    given = [key for key in PARAMS if key in outcome.value]
    wrong = [k for k in given if compute_error(outcome.value[k], judge.get_expected(k)) > CLOSE]
    has_loss = trial.subject.has("loss")
    return judge.judge_gradient(mistakes, trial.differentiate_loss(wrong) if has_loss else {})


def _keeps_outputs(trial: Trial) -> bool:
    """Return whether the forward pass keeps what it computes instead of returning it."""
    forward = trial.subject.methods["predict"]
    return forward is not None and keeps_results(forward)


def refuse_shape(finding: Finding, measured: Measured) -> Finding:
    """Return a finding on a right gradient, or that it would make a square of a bias, as a list
    beside a column does.
    """
    key = finding.quantity.split()[-1]
    array = as_array(measured.judge.theirs.get(key))
    is_derived = measured.trial.subject.is_derived
    if key not in ("b1", "b2") or finding.verdict != "ok" or array is None or is_derived:
        return finding
    own = measured.trial.subject.weights.get_shapes()[key]
    if keeps_shape(own, array):
        return finding
    made = np.broadcast_shapes(own, array.shape)
    message = _("has shape {shape}, but {name} has {own}: their difference has {made}")
    return Finding(
        finding.quantity, "differs",
        message.format(shape=array.shape, name=key, own=own, made=made),
    )  # fmt: skip


def keeps_shape(own: tuple[int, ...], gradient: Array) -> bool:
    """Return whether an array has as many numbers as before when a gradient was subtracted."""
    with suppress(ValueError):
        return math.prod(np.broadcast_shapes(own, gradient.shape)) == math.prod(own)
    return False


def _accept_guess(finding: Finding, trial: Trial) -> Finding:
    """Return the finding on a loss; a wrong one proves nothing where an argument was guessed."""
    method = trial.subject.methods["loss"]
    if finding.verdict != "differs" or method is None or not is_guessed(method):
        return finding
    return _report_signature("loss", method)


def _report_signature(quantity: str, method: Callable[..., object]) -> Finding:
    reason = _("unsupported signature: {signature}").format(signature=_show_signature(method))
    return report_unchecked(quantity, reason)


def _report_missing(quantity: str, trial: Trial) -> list[Finding]:
    """Return the finding on a method that is missing: none if a numerical gradient replaces it."""
    internal = trial.subject.internal
    if quantity == "gradient" and internal is not None:
        return [_report_signature(quantity, internal)]
    if quantity == "gradient" and trial.subject.has("numerical"):
        return []
    message = _("the net has no method {method}").format(method=quantity)
    return [Finding(quantity, "missing", message)]


def _report_error(quantity: str, error: BaseException, trial: Trial) -> Finding:
    """Return the finding on a method that raises: a call that was guessed proves nothing."""
    finding = report_exception(quantity, error)
    method = trial.subject.methods[quantity]
    is_own = isinstance(error, NameError | NotImplementedError | MemoryError | RecursionError)
    if finding.verdict != "raises" or is_own or method is None or not is_guessed(method):
        return finding
    message = _("unsupported signature: {signature}: {message}").format(
        signature=_show_signature(method), message=finding.message
    )
    return report_unchecked(quantity, message)


def _show_signature(method: Callable[..., object]) -> str:
    names = ", ".join(p.name for p in list_arguments(method))
    name = getattr(method, "__name__", _("the method"))
    return f"{name}({names})"
