"""Tell which kind of targets a net takes, labels or one-hot rows, and where methods differ."""

from collections.abc import Iterator

from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import CLOSE, Finding, compute_error
from trainer.checker.findings.descriptions import describe_mistake
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
        targets=_(trial.other_target),
        mistake=describe_mistake(finding.cause),
    )


def check_other_targets(trial: Trial, runs: dict[str, Outcomes]) -> Iterator[Finding]:
    """Yield a note where the other kind of targets raises or gives other numbers."""
    target, other = trial.target, trial.other_target
    got, got_other = collect_values(runs[target]), collect_values(runs[other])
    for quantity in ("loss", "gradient"):
        outcome, usual = runs[other].get(quantity), runs[target].get(quantity)
        if outcome is None or usual is None or usual.error:
            continue
        keys = [quantity] if quantity == "loss" else [k for k in PARAMS if k in got]
        error = outcome.error
        message = _("takes {targets} only: with {others} it returns other numbers")
        if error:
            message = _("takes {targets} only: with {others} it raises {error}")
        if error or any(compute_error(got_other.get(k), got[k]) > CLOSE for k in keys):
            words = {"targets": _(target), "others": _(other), "error": type(error).__name__}
            yield Finding(quantity, "note", message.format(**words), ONLY[target])
            return
