"""Tell which kind of targets a net takes, labels or one-hot rows, and where methods differ."""

from collections.abc import Iterator
from typing import Any

from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import (
    CLOSE,
    OTHER_TARGETS,
    Finding,
    as_array,
    compute_error,
)
from trainer.checker.findings.descriptions import append_mistake, describe_mistake
from trainer.checker.measure.choosing import is_right
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.trial import ONLY, Outcomes, Trial, collect_values
from trainer.common.language import translate as _


def blame_mixed_targets(finding: Finding, trial: Trial, runs: dict[str, Outcomes]) -> None:
    """Name mixed targets as the cause where the other kind of targets gives the right value."""
    key = finding.quantity.split()[-1]
    if finding.verdict not in ("differs", "raises") or key == "predict":
        return
    got = collect_values(runs[trial.other_target])
    judge = Judge(trial.case, got, trial.expected, trial.form.head)
    keys = PARAMS if key == "gradient" else (key,)
    errors = [run["gradient"].error for run in runs.values() if "gradient" in run]
    if all(k in got and is_right(k, judge) for k in keys):
        message = _("{message}; with {targets} it is right: {mistake}")
    elif key == "gradient" and all(
        any(isinstance(error, kind) for error in errors) for kind in (IndexError, ValueError)
    ):
        message = _("{message}; with {targets} it raises too: {mistake}")
        if "loss" in got:
            message = _("{message}; with {targets} it raises too, as loss does not: {mistake}")
    else:
        return
    finding.cause = "targets-mixed"
    finding.message = message.format(
        message=finding.message,
        targets=trial.name_targets(trial.other_target),
        mistake=describe_mistake(finding.cause),
    )


def check_other_targets(trial: Trial, runs: dict[str, Outcomes]) -> Iterator[Finding]:
    """Yield a note where the other kind of targets raises or gives other numbers.

    No labels are expected of a squared error of plain outputs, whose targets are numbers.
    """
    if trial.form.head == "squared-error" and trial.subject.C > 1:
        return
    target, other = trial.target, trial.other_target
    got, got_other = collect_values(runs[target]), collect_values(runs[other])
    for quantity in ("loss", "gradient"):
        outcome, usual = runs[other].get(quantity), runs[target].get(quantity)
        if outcome is None or usual is None or usual.error:
            continue
        keys: list[str] = [quantity] if quantity == "loss" else [k for k in PARAMS if k in got]
        error = outcome.error
        if _is_multiple(got_other, got, keys, len(trial.case.x)):
            yield _report_multiple(quantity, trial)
            return
        message = _("takes {targets} only: with {others} it returns other numbers")
        if error:
            message = _("takes {targets} only: with {others} it raises {error}")
        if error or any(compute_error(got_other.get(k), got[k]) > CLOSE for k in keys):
            words = {"targets": trial.name_targets(target), "others": trial.name_targets(other)}
            cause = ONLY[target] if trial.subject.C > 1 else None
            message = message.format(**words, error=type(error).__name__)
            yield Finding(quantity, "note", message, cause)
            return


def _is_multiple(got: dict[str, Any], expected: dict[str, Any], keys: list[str], N: int) -> bool:
    """Return whether all values are N times the expected ones."""
    known = {k: as_array(expected[k]) for k in keys}
    return bool(keys) and all(
        value is not None and compute_error(got.get(k), N * value) <= CLOSE
        for k, value in known.items()
    )


def _report_multiple(quantity: str, trial: Trial) -> Finding:
    """Return the finding on a mean over the batch that is missing for one kind of targets."""
    cause = "loss-sum" if quantity == "loss" else "batch-mean-missing"
    message = _("right with {targets}, but with {others} it is {factor} times as large")
    words = {"targets": trial.name_targets(trial.target), "factor": len(trial.case.x),
             "others": trial.name_targets(trial.other_target)}  # fmt: skip
    message = append_mistake(message.format(**words), cause)
    return Finding(quantity, "differs", message, cause, topic=OTHER_TARGETS)
