"""The report on a net, as text or as one JSON object, and its exit status."""

import json
from dataclasses import dataclass, field
from typing import Any

from trainer.checker.comparing import Finding
from trainer.common.text import escape

PLACE = ("file", "cell", "line", "column", "end_column", "code")
HEADS = ("---", "+++")  # the lines of a diff that name the file
CORE = ("predict", "loss", "gradient", "construction", "loading")


@dataclass
class Report:
    """The findings on one class; stopped says why the check could not continue, if it could not.

    hints is 1 to show what is wrong, 2 to show its reason and line too, 3 to show a fix too.
    diagnosis is a trainer.checker.diagnosing.Diagnosis as a dict, where there is one.
    """

    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    stopped: str = ""
    hints: int = 3
    diagnosis: dict[str, Any] | None = None

    @property
    def wrong_findings(self) -> list[Finding]:
        """The findings that differ or raise."""
        return [f for f in self.findings if f.verdict in ("differs", "raises")]

    @property
    def status(self) -> int:
        """0 right, 1 wrong, 2 could not be checked."""
        if self.wrong_findings:
            return 1
        return 2 if self.stopped or self.find_obstacles() else 0

    def find_obstacles(self) -> list[Finding]:
        """Return what kept the net itself from being checked."""
        core = [f for f in self.findings if f.quantity.split()[0] in CORE]
        blocked = [f for f in core if not f.checked]
        if blocked or not self.name:
            return blocked or [Finding("class", "missing", "the file has no two-layer net")]
        if any(f.verdict == "ok" for f in core):
            return []
        return [Finding("net", "missing", "no predict, loss or gradient of it could be run")]

    def as_json(self) -> str:
        """Return {"right", "class", "findings", "fix"}; fix is None or {"diff", "checks"}."""
        findings = list(self.findings)
        if self.stopped:
            findings.append(Finding("check", "missing", self.stopped))
        diff = self.diagnosis["diff"] if self.diagnosis and self.hints > 2 else ""
        fix = (
            {"diff": diff, "checks": self.diagnosis["checks"]} if self.diagnosis and diff else None
        )
        whole = {
            "right": self.status == 0,
            "class": self.name,
            "findings": [self._list_values(finding) for finding in findings],
            "fix": fix,
        }
        return json.dumps(whole, ensure_ascii=False)

    def _list_values(self, finding: Finding) -> dict[str, Any]:
        is_wrong = finding.verdict in ("differs", "raises")
        shown = self.hints > 1 or not is_wrong
        place: dict[str, Any] = dict.fromkeys(PLACE)
        if is_wrong and self.hints > 1:
            place |= {"file": finding.file, "cell": finding.cell, "line": finding.line}
            if self.diagnosis:
                place = {key: self.diagnosis.get(key) for key in PLACE}
        return {
            "quantity": finding.quantity,
            "verdict": finding.verdict,
            "cause": finding.cause if shown else None,
            "message": finding.message if shown else "",
        } | place

    def as_text(self) -> str:
        """Return one line for all that is right, then what is wrong, where, and why."""
        wrong = {f.quantity for f in self.wrong_findings}
        right = [f.quantity for f in self.findings if f.verdict == "ok" and f.quantity not in wrong]
        lines = [f"right: {', '.join(dict.fromkeys(right))}"] if right else []
        if self.hints > 1:
            lines += [*self._describe_wrong(), *self._describe_place()]
        for finding in self.findings:
            quantity = finding.quantity
            if finding.verdict == "note":
                lines.append(f"note on {quantity}: {_describe(finding)}")
            elif finding.verdict == "missing":
                how = "is missing" if finding.checked else "could not be checked"
                lines.append(f"{quantity} {how}: {_describe(finding)}")
        return "\n".join(map(escape, [*lines, self.summarise()]))

    def _describe_wrong(self) -> list[str]:
        """Return a line for each cause with its quantities, and for each finding without one."""
        groups: dict[object, list[Finding]] = {}
        for finding in self.wrong_findings:
            groups.setdefault(finding.cause or id(finding), []).append(finding)
        return [
            f"wrong: {', '.join(dict.fromkeys(f.quantity for f in group))}: {_describe(group[0])}"
            for group in groups.values()
        ]

    def _describe_place(self) -> list[str]:
        """Return the wrong line with a mark under the part, what is expected, and a fix."""
        found = self.diagnosis
        if found is None:
            return []
        cell = found.get("cell")
        place = f"cell {cell}, line " if cell else f"{found['file']}:"
        head = f"{place}{found['line']}  "
        indent = len(found["code"]) - len(found["code"].lstrip())
        mark = " " * (len(head) + found["column"] - indent)
        lines = [
            head + found["code"].strip(),
            mark + "^" * max(1, found["end_column"] - found["column"]),
        ]
        lines += [found["expected"]] if found["expected"] else []
        if found["diff"] and self.hints > 2:
            lines += ["tried fix:", *_format_diff(found["diff"])]
            lines.append(f"with this change all {found['checks']} checks pass")
        causes = dict.fromkeys(f.cause for f in self.wrong_findings if f.cause)
        return lines + [f"more: --explain {cause}" for cause in causes]

    def summarise(self) -> str:
        """Return the verdict in one sentence."""
        if self.status == 1:
            causes = list(dict.fromkeys(f.cause for f in self.wrong_findings if f.cause))
            why = f": {', '.join(causes)}" if causes and self.hints > 1 else ""
            more = f"; and {self.stopped}" if self.stopped else ""
            quantities = dict.fromkeys(f.quantity for f in self.wrong_findings)
            return f"{self._title} is wrong in {', '.join(quantities)}{why}{more}"
        if self.status == 2:
            obstacles = (f"{f.quantity}: {f.message}" for f in self.find_obstacles())
            return f"{self._title} could not be checked: {self.stopped or '; '.join(obstacles)}"
        return f"{self._title} is right"

    @property
    def _title(self) -> str:
        return self.name or "the file"


def _format_diff(diff: str) -> list[str]:
    """Return the changed lines of a unified diff, each old one with its number."""
    lines, number = [], 0
    for line in diff.splitlines():
        if line.startswith("@@"):
            number = int(line.split()[1].lstrip("-").split(",")[0])
        elif line.startswith("+++ cell"):  # a cell of a notebook
            lines.append(line.removeprefix("+++ "))
        elif line[:3] not in HEADS:
            lines.append(f"{number if line[0] == '-' else '':>6} {line}")
            number += line[0] == "-"
    return lines


def _describe(finding: Finding) -> str:
    return finding.message + (f" [{finding.cause}]" if finding.cause else "")
