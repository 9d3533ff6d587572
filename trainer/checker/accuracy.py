"""Check the accuracy on labels, three of which the net does not predict."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array, one_hot
from trainer.checker.attempts import attempt, report_exception
from trainer.checker.cases import make_labels
from trainer.checker.comparing import Finding, as_array, as_number, describe_difference
from trainer.checker.descriptions import describe_mistake
from trainer.checker.explaining import build_mistaken_net, matches
from trainer.checker.trial import LABELS, ONE_HOT, ONLY, Outcomes, Trial

ACCURACY_MISTAKES = ("accuracy-count", "accuracy-of-itself", "accuracy-axis")


def check_accuracy(trial: Trial) -> Iterator[Finding]:
    """Check the accuracy with labels and with one-hot rows; one of them is enough."""
    if not trial.subject.has("accuracy"):
        yield Finding("accuracy", "missing", "the net has no method accuracy")
        return
    trial.progress("accuracy")
    a2 = _predict_scores(trial)
    labels = make_labels(a2)
    expected = float((a2.argmax(axis=1) == labels).mean())
    targets = {LABELS: labels, ONE_HOT: one_hot(labels, a2)}
    outcomes = {k: attempt(trial.subject.accuracy, trial.case.x, t) for k, t in targets.items()}
    trial.reset_weights()
    right = [kind for kind, outcome in outcomes.items() if _is_number(outcome.value, expected)]
    if right:
        yield Finding("accuracy", "ok")
        if len(right) == 1:
            yield Finding("accuracy", "note", f"takes {right[0]} only", ONLY[right[0]])
    elif any(_is_number(outcome.value, 100 * expected) for outcome in outcomes.values()):
        yield Finding("accuracy", "ok")
        yield Finding("accuracy", "note", "is a percentage")
    else:
        yield _judge_wrong_accuracy(trial, a2, outcomes, targets, expected)


def _is_number(value: object, expected: float) -> bool:
    number = as_number(value)
    return number is not None and abs(number - expected) < 1e-9


def _predict_scores(trial: Trial) -> Array:
    """Return what predict gives as scores (N, C), right or not, or else the expected a2."""
    a2: Array = trial.expected["a2"]
    if not trial.subject.has("predict"):
        return a2
    scores = as_array(attempt(trial.subject.predict, trial.case.x).value)
    trial.reset_weights()
    if scores is None or not np.isfinite(scores).all():
        return a2
    if scores.shape == (len(a2),) and set(scores) <= set(range(a2.shape[1])):
        return one_hot(scores.astype(int), a2)
    return scores if scores.shape == a2.shape else a2


def _judge_wrong_accuracy(
    trial: Trial, a2: Array, outcomes: Outcomes, targets: dict[str, Array], expected: float
) -> Finding:
    usable = [kind for kind, outcome in outcomes.items() if not outcome.error]
    outcome = outcomes[trial.target if trial.target in usable or not usable else usable[0]]
    cause = _find_accuracy_mistake(trial, a2, outcomes, targets)
    explanation = f"; it is what you get when {describe_mistake(cause)}" if cause else ""
    if outcome.error:
        finding = report_exception("accuracy", outcome.error)
        if cause and finding.cause is None and finding.verdict == "raises":
            finding.cause, finding.message = cause, finding.message + explanation
        return finding
    if outcome.value is None:
        return Finding("accuracy", "differs", "returns None", "unfinished")
    message = describe_difference(outcome.value, expected) + explanation
    return Finding("accuracy", "differs", message, cause)


def _find_accuracy_mistake(
    trial: Trial, a2: Array, outcomes: Outcomes, targets: dict[str, Array]
) -> str | None:
    """Return the mistake that gives the accuracy of one of the outcomes, None if none does."""
    hits = (a2.argmax(axis=0) == targets[ONE_HOT].argmax(axis=0)).sum()  # over the wrong axis
    for kind, outcome in outcomes.items():
        for slug in ACCURACY_MISTAKES:
            net = build_mistaken_net(trial.case, "sigmoid", "cross-entropy", slug)
            net._forward = lambda x: (a2, a2, a2)  # type: ignore[method-assign]
            mistaken = attempt(net.accuracy, trial.case.x, targets[kind])
            if not mistaken.error and _is_number(outcome.value, mistaken.value):
                return slug
        if any(_is_number(outcome.value, hits / n) for n in a2.shape) or (
            isinstance(outcome.error, ValueError)
            and "broadcast" in str(outcome.error)
            and matches("predict", a2, trial.expected)
        ):
            return "accuracy-axis"
    return None
