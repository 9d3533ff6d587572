"""Check the accuracy on labels, three of which the net does not predict."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from trainer.book.functions import Array, one_hot
from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.findings.comparing import (
    Finding,
    as_array,
    as_number,
    compute_error,
    describe_difference,
    report_unchecked,
    show_safely,
)
from trainer.checker.findings.descriptions import blame_mistake
from trainer.checker.measure.cases import make_labels
from trainer.checker.measure.explaining import build_mistaken_net
from trainer.checker.measure.reference import BINARY
from trainer.checker.measure.trial import LABELS, ONE_HOT, ONLY, Outcomes, Trial
from trainer.common.language import translate as _

ACCURACY_MISTAKES = ("accuracy-count", "accuracy-of-itself", "accuracy-axis")


@dataclass
class Run:
    """What accuracy returned for some labels, by the kind of targets."""

    targets: dict[str, Array]
    outcomes: Outcomes
    expected: float


def check_accuracy(trial: Trial) -> Iterator[Finding]:
    """Check the accuracy with labels and with one-hot rows; one of them is enough."""
    if not trial.subject.has("accuracy"):
        yield Finding(
            "accuracy", "missing", _("the net has no method {method}").format(method="accuracy")
        )
        return
    trial.progress("accuracy")
    a2 = _predict_scores(trial)
    run = _call_accuracy(trial, a2, wrong=3)
    values = {kind: outcome.value for kind, outcome in run.outcomes.items()}
    right = [kind for kind, value in values.items() if _is_number(value, run.expected)]
    if right:
        yield Finding("accuracy", "ok")
        if len(right) == 1:
            message = _("takes {targets} only").format(targets=trial.name_targets(right[0]))
            yield Finding("accuracy", "note", message, ONLY[right[0]])
    elif any(_is_number(value, 100 * run.expected) for value in values.values()):
        yield Finding("accuracy", "ok")
        yield Finding("accuracy", "note", _("is a percentage"))
    elif trial.form.head in BINARY and _is_number(values[ONE_HOT], _count_each_output(trial, run)):
        yield Finding("accuracy", "ok")
        yield Finding("accuracy", "note", _("compares each output with 0.5"))
    else:
        yield _judge_wrong_accuracy(trial, a2, run)


def _call_accuracy(trial: Trial, a2: Array, wrong: int) -> Run:
    """Call accuracy with labels of which so many are not those that the outputs a2 predict."""
    if is_single := a2.shape[1] == 1:  # the class is whether it is positive
        a2 = np.append(np.zeros_like(a2), a2, axis=1)
    labels = make_labels(a2, wrong)
    targets = {LABELS: labels, ONE_HOT: labels[:, None] if is_single else one_hot(labels, a2)}
    outcomes = {k: attempt(trial.subject.accuracy, trial.case.x, t) for k, t in targets.items()}
    trial.reset_weights()
    return Run(targets, outcomes, float((a2.argmax(axis=1) == labels).mean()))


def _count_each_output(trial: Trial, run: Run) -> float:
    """Return the accuracy of sigmoid outputs, each of which is a class of its own."""
    return float(((trial.expected["y"] > 0.5) == run.targets[ONE_HOT]).mean())


def _is_number(value: object, expected: float | None) -> bool:
    number = as_number(value)
    return None not in (number, expected) and compute_error(number, expected) < 1e-9


def _predict_scores(trial: Trial) -> Array:
    """Return what predict gives as scores (N, C), right or not, or else the expected a2."""
    a2: Array = trial.expected["a2"]
    if not trial.subject.has("predict") or trial.subject.C == 1:
        return a2
    scores = as_array(attempt(trial.subject.predict, trial.case.x).value)
    trial.reset_weights()
    if scores is None or not np.isfinite(scores).all():
        return a2
    if scores.shape == (len(a2),) and set(scores) <= set(range(a2.shape[1])):
        return one_hot(scores.astype(int), a2)
    return scores if scores.shape == a2.shape else a2


def _judge_wrong_accuracy(trial: Trial, a2: Array, run: Run) -> Finding:
    usable = [kind for kind, outcome in run.outcomes.items() if not outcome.error]
    outcome = run.outcomes[trial.target if trial.target in usable or not usable else usable[0]]
    cause = _find_accuracy_mistake(trial, a2, [run, _call_accuracy(trial, a2, wrong=5)])
    if outcome.error:
        finding = report_exception("accuracy", outcome.error)
        if trial.form.head in BINARY and not cause and isinstance(outcome.error, ValueError):
            return _report_one_column(finding.message)
        if cause and finding.cause is None and finding.verdict == "raises":
            finding.cause, finding.message = cause, blame_mistake(finding.message, cause)
        return finding
    if outcome.value is None:
        return Finding("accuracy", "differs", _("returns None"), "unfinished")
    message = describe_difference(outcome.value, run.expected)
    if not cause and (trial.form.head == "squared-error" or trial.subject.C == 1):
        reason = _("may be another measure: {message}").format(message=message)
        return report_unchecked("accuracy", reason)
    if trial.form.head in BINARY and not cause:
        return _report_one_column(message)
    message = blame_mistake(message, cause) if cause else message
    return Finding("accuracy", "differs", message, cause)


def _report_one_column(message: str) -> Finding:
    reason = _("may be written for one output column: {message}").format(message=message)
    return report_unchecked("accuracy", reason)


def _find_accuracy_mistake(trial: Trial, a2: Array, runs: list[Run]) -> str | None:
    """Return the mistake that gives the outcomes of all runs, None if none does."""
    if trial.subject.C == 1:
        return None  # the mistakes are those of several outputs
    for slug, kind in product(ACCURACY_MISTAKES, (LABELS, ONE_HOT)):
        net = build_mistaken_net(trial.case, "sigmoid", "cross-entropy", slug)
        net._forward = lambda x: (a2, a2, a2)  # type: ignore[method-assign]
        mistaken = [attempt(net.accuracy, trial.case.x, run.targets[kind]).value for run in runs]
        if all(_is_number(r.outcomes[kind].value, v) for r, v in zip(runs, mistaken, strict=True)):
            return slug
    return "accuracy-axis" if _uses_wrong_axis(trial, a2, runs) else None


def _uses_wrong_axis(trial: Trial, a2: Array, runs: list[Run]) -> bool:
    """Return whether an argmax along the batch gives the outcomes of all runs."""
    code = getattr(trial.subject.methods["accuracy"], "__code__", None)
    if code is None or "argmax" not in code.co_names:
        return False
    hits = [(a2.argmax(axis=0) == run.targets[ONE_HOT].argmax(axis=0)).sum() for run in runs]
    for kind, n in product((LABELS, ONE_HOT), a2.shape):
        outcomes = [run.outcomes[kind] for run in runs]
        if all(_is_number(o.value, h / n) for o, h in zip(outcomes, hits, strict=True)):
            return True
        errors = [show_safely(o.error) for o in outcomes if isinstance(o.error, ValueError)]
        if all(f"({n},)" in text for n in a2.shape for text in errors) and errors:
            return True
    return False
