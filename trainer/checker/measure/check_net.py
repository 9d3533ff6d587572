"""Check one net: every quantity in the order of the book."""

from collections.abc import Callable, Iterator

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.subject import Subject
from trainer.checker.findings.comparing import (
    COLUMNS,
    Finding,
    as_array,
    report_unchecked,
)
from trainer.checker.measure import cases
from trainer.checker.measure.accuracy import check_accuracy
from trainer.checker.measure.constructing import (
    build_subject,
    check_construction,
    report_failed_construction,
)
from trainer.checker.measure.credit import credit_parts
from trainer.checker.measure.edges import check_edges
from trainer.checker.measure.initial import check_initial
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.measuring import measure, refuse_shape
from trainer.checker.measure.numerical import check_numerical
from trainer.checker.measure.one_column import choose_columns, describe_columns
from trainer.checker.measure.penalty import check_penalty
from trainer.checker.measure.targets import blame_mixed_targets, check_other_targets
from trainer.checker.measure.training import check_training
from trainer.checker.measure.trial import Outcomes, Trial
from trainer.checker.measure.updating import check_cost, check_update
from trainer.common.language import translate as _


def check_net(kind: type, seed: int, progress: Callable[[str], None]) -> Iterator[Finding]:
    """Yield every finding on a class; construction comes first, and alone where it fails."""
    progress("construction")
    outcome = attempt(lambda: build_subject(kind))
    if outcome.error:
        yield report_failed_construction(kind, outcome.error)
        return
    subject: Subject = outcome.value
    construction = check_construction(kind, subject)
    yield construction
    if construction.verdict == "ok":
        case = cases.make_case(seed, (subject.D, subject.H, subject.C))
        yield from _check_quantities(Trial(kind, subject, case, progress))


def prepare_trial(kind: type, seed: int) -> tuple[Trial, Judge] | None:
    """Return the net in its form with its targets, and the judge of its results; None if it has
    no form.
    """
    subject = build_subject(kind)
    if check_construction(kind, subject).verdict != "ok":
        return None
    trial = Trial(kind, subject, cases.make_case(seed, (subject.D, subject.H, subject.C)))
    if _find_obstacle(trial, runs := trial.call_with_each_target()):
        return None
    measured = choose_columns(measure(trial, runs))
    return measured.trial, measured.judge


def _check_quantities(trial: Trial) -> Iterator[Finding]:
    """Yield the findings on all that a net computes, each after what it depends on."""
    if obstacle := _find_obstacle(trial, runs := trial.call_with_each_target()):
        yield obstacle
        return
    several = measure(trial, runs)
    measured = choose_columns(several)
    if measured.trial is not trial:
        yield (about_columns := describe_columns(measured, several))
        if about_columns.verdict != "note":
            return
    trial, judge, findings = measured.trial, measured.judge, measured.findings
    credit_parts(findings, judge)
    for finding in findings:
        blame_mixed_targets(finding, trial, measured.runs)
        yield refuse_shape(finding, measured)
    if trial.subject.is_derived:
        message = _("returns no gradients: what its update subtracts from the weights was compared")
        yield Finding("gradient", "note", message)
    if getattr(trial.kind, "counts_samples", False):
        message = _("a global variable is taken for the number of samples")
        yield Finding("gradient", "note", message)
    if trial.subject.columns:
        message = _("takes samples as columns (D, N): the book's are rows")
        yield Finding("predict", "note", message, topic=COLUMNS)
    yield from check_other_targets(trial, measured.runs)
    yield from check_accuracy(trial)
    yield from check_numerical(trial, judge)
    edges = list(check_edges(trial, judge, measured.outcomes))
    yield from edges
    yield from check_penalty(trial)
    if all(f.quantity != "inputs" for f in edges):  # a step on other inputs shows nothing more
        yield from check_training(trial)
    if all(f.verdict not in ("differs", "raises") for f in findings if f.quantity != "loss"):
        yield from check_update(trial)
        yield from check_cost(trial)
    if trial.subject.has("gradient") or trial.subject.has("numerical"):
        yield from check_initial(trial.kind)
    yield from judge.notes


def _find_obstacle(trial: Trial, runs: dict[str, Outcomes]) -> Finding | None:
    """Return the finding on why the numbers cannot be compared, None if they can."""
    if trial.is_random():
        reason = _(
            "returns different outputs for the same input: remove what is random, check again"
        )
        return report_unchecked("predict", reason)
    outcomes = [outcome for run in runs.values() for outcome in run.values()]
    outputs = [as_array(run["predict"].value) for run in runs.values() if "predict" in run]
    if trial.subject.C == 1 and any(y is not None and (y == 1).all() for y in outputs):
        reason = _("one output column of softmax is always 1: use sigmoid for two classes")
        return report_unchecked("predict", reason)
    fails = all(isinstance(outcome.error, ValueError | IndexError) for outcome in outcomes)
    if {"W1", "W2"} <= trial.subject.weights.transposed and fails:
        reason = _("takes samples neither as rows (N, D) nor as columns (D, N)")
        return report_unchecked("predict", reason, topic=COLUMNS)
    return None
