"""Write a report as one JSON object, for programs."""

import json
from typing import TYPE_CHECKING, Any

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.quotient_table import keep_finite, list_quotients

if TYPE_CHECKING:  # it imports this module
    from trainer.checker.findings.report import Report

PLACE = ("file", "cell", "line", "column", "end_column", "code")


def write_json(report: "Report") -> str:
    """Return {"right", "file", "class", "findings", "fix", "search"}; fix is None or
    {"diff", "checks", "left"}, left what is still wrong with it. search is None or {"tried",
    "limit", "stopped"}, the changes that were tried.

    report.schema.json is its schema. right is None where the net could not be checked. With
    --gradients there are "gradients" and "curves" too, with --train "learning".
    Messages are in the chosen language.
    """
    findings = list(report.findings)
    if report.stopped:
        findings.append(Finding("check", "missing", report.stopped))
    whole: dict[str, Any] = {
        "right": None if report.status == 2 else report.status == 0,
        "file": report.file,
        "class": report.name,
        "findings": [_list_values(finding, report) for finding in findings],
        "fix": _describe_fix(report),
        "search": report.search,
    }
    if report.quotients is not None:
        whole["gradients"] = list_quotients(report.quotients)
        whole["curves"] = {
            dtype: {f"{h:g}": keep_finite(error) for h, error in errors.items()}
            for dtype, errors in report.curves.items()
        }
    if report.learning:
        whole["learning"] = {"lines": report.learning} | (report.learned or {})
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def _describe_fix(report: "Report") -> dict[str, Any] | None:
    found = report.diagnosis
    has_fix = found is not None and report.hints > 2 and found["diff"]
    return {key: found[key] for key in ("diff", "checks", "left")} if found and has_fix else None


def _list_values(finding: Finding, report: "Report") -> dict[str, Any]:
    """Return a finding as JSON, without what the hints hold back."""
    is_wrong = finding.verdict in ("differs", "raises")
    shown = report.hints > 1 or not is_wrong
    place: dict[str, Any] = dict.fromkeys(PLACE)
    if is_wrong and report.hints > 1:
        place |= {"file": finding.file, "cell": finding.cell, "line": finding.line}
        if report.diagnosis:
            place = {key: report.diagnosis.get(key) for key in PLACE}
    return {
        "quantity": finding.quantity,
        "verdict": finding.verdict,
        "cause": finding.cause if shown else None,
        "message": finding.message if shown else "",
    } | place
