"""Measures nets that are written for one output column: for two classes, or for one number."""

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.subject import make_subject
from trainer.checker.findings.comparing import Finding, report_unchecked
from trainer.checker.findings.descriptions import join_quantities
from trainer.checker.measure.explaining import Case
from trainer.checker.measure.measuring import Measured, measure
from trainer.checker.measure.reference import BINARY
from trainer.checker.measure.trial import Trial
from trainer.common.language import translate as _

HEADS = (*BINARY, "squared-error")  # those that one output column may have


def choose_columns(measured: Measured) -> Measured:
    """Return the results with one output column where more of them are right, or else as given.

    A mean over all outputs, for instance, is the mean over the batch only with one output, and
    some nets assert that they have one.
    """
    trial = measured.trial
    may_have_one = trial.form.head in HEADS or _asserts(measured)
    if not may_have_one or trial.subject.C == 1 or not measured.is_wrong():
        return measured
    single: Measured | None = attempt(lambda: _measure_one_column(trial)).value
    is_better = single is not None and single.count("ok") > measured.count("ok")
    return single if single is not None and is_better else measured


def _asserts(measured: Measured) -> bool:
    """Return whether an assertion of the net failed."""
    return any("AssertionError" in each.message for each in measured.findings)


def _measure_one_column(trial: Trial) -> Measured | None:
    """Return the results of a net with one output column, None if it cannot have one."""
    subject = make_subject(trial.kind, trial.subject.D, trial.subject.H, 1)
    if subject.weights.problems or subject.weights.absent:
        return None
    weights, t = trial.case.weights, trial.case.t[:, :1]
    first = {"W2": weights["W2"][:, :1], "b2": weights["b2"][:1]}
    single = Trial(trial.kind, subject, Case(weights | first, trial.case.x, t), trial.progress)
    return measure(single, single.call_with_each_target())


def describe_columns(measured: Measured, several: Measured) -> Finding:
    """Return what to say of a net that was measured with one output column, and with several.

    A squared error whose results are wrong with several outputs may be meant for these.
    """
    if measured.trial.form.head in BINARY or measured.is_wrong():
        wrong = [f for f in several.findings if f.verdict in ("differs", "raises")]
        message = _("was checked with one output column; with several, {quantities} would be wrong")
        quantities = join_quantities(wrong)
        return Finding("predict", "note", message.format(quantities=quantities))
    reason = _(
        "right with one output column, but only nets with an output for each class can be checked"
    )
    return report_unchecked("predict", reason)
