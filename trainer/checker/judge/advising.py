"""Says why a net could not be judged, and what its author can do."""

from trainer.checker.findings.comparing import UNKNOWN_FORM, Finding
from trainer.checker.findings.report import CORE, Report
from trainer.checker.judge.judging import Judged
from trainer.checker.judge.reporting import name_step
from trainer.common.language import join_changes
from trainer.common.language import translate as _


def advise(report: Report, judged: Judged | None, obstacle: str, users: list[str]) -> None:
    """Put the reason into a report that is open, in place of what a known form would have.

    judged is the step that was followed, None where none was. obstacle is the call that came
    farthest and what it raised, users are the files that use this one.
    """
    _replace_form(report, _explain(judged, obstacle, users))


def report_late(report: Report, seconds: float) -> None:
    """Put into a report that is open that its training was not judged in so many seconds."""
    message = _("its training was not judged within {seconds} s: a larger --timeout may show more")
    if report.status == 2:
        _replace_form(report, message.format(seconds=f"{seconds:g}"))


def _replace_form(report: Report, reason: str) -> None:
    """Put a reason in place of what a known form would have, unless there is more than that."""
    core = [f for f in report.findings if f.quantity.split()[0] in CORE]
    known = [f for f in core if f.verdict not in ("missing", "note")]
    missing = [f for f in report.findings if f.verdict == "missing"]
    if known or not all(map(_is_of_form, missing)):
        return
    report.findings = [f for f in report.findings if f.verdict != "missing"]
    report.stopped = reason


def _is_of_form(finding: Finding) -> bool:
    """Return whether a finding is no obstacle, or one of a net that has no known form."""
    is_construction = finding.quantity == "construction" and not finding.topic
    return finding.checked or finding.topic == UNKNOWN_FORM or is_construction


def _explain(judged: Judged | None, obstacle: str, users: list[str]) -> str:
    """Return why nothing was checked, and what to do: from the step that was judged, if any, the
    call that came farthest, and the files that use this one.
    """
    if judged and judged.step.file and judged.decision.wrong:
        message = _("{step}, which uses it, is wrong in {weights}: check {file}")
        weights = join_changes(judged.decision.wrong)
        step, file = name_step(judged.step), judged.step.file
        return message.format(step=step, weights=weights, file=file)
    if judged:
        message = _(
            "no loss was found that {step} goes down. If it has one, compute it there from the "
            "outputs and the targets, and check again"
        )
        return message.format(step=name_step(judged.step))
    message = _("no code that trains was found")
    if obstacle:
        message = _("it was called with small arrays, and {obstacle}").format(obstacle=obstacle)
    if users:
        advice = _("Check what uses it: {files}").format(files=join_changes(users))
    else:
        advice = _("Add lines that make the net and train it on a few samples, and check again")
    return _("{reason}. {advice}").format(reason=message, advice=advice)
