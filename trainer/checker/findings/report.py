"""The report on a net, as text or as one JSON object, and its exit status."""

import json
from dataclasses import dataclass, field
from typing import Any

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.findings.comparing import Finding
from trainer.common.text import escape

PLACE = ("file", "cell", "line", "column", "end_column", "code")
HEADS = ("---", "+++")  # the lines of a diff that name the file
CODE = "the code of "  # how the name of functions and layers that make no class begins
CORE = ("predict", "loss", "gradient", "construction", "loading")


@dataclass
class Report:
    """The findings on one class; stopped says why the check could not continue, if it could not.

    hints is 1 to show what is wrong, 2 to show its reason and line too, 3 to show a fix too.
    diagnosis is a trainer.checker.diagnose.diagnosing.Diagnosis as a dict, where there is one.
    """

    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    stopped: str = ""
    hints: int = 3
    diagnosis: dict[str, Any] | None = None
    file: str = ""
    cut: str = ""  # what ended the check early, where that is a finding

    @property
    def wrong_findings(self) -> list[Finding]:
        """The findings that differ or raise."""
        return [f for f in self.findings if f.verdict in ("differs", "raises")]

    @property
    def status(self) -> int:
        """0 right, 1 wrong, 2 could not be checked, or not in everything that a net has."""
        if self.wrong_findings:
            return 1
        return 2 if self.stopped or self.find_obstacles() or self.list_unchecked() else 0

    def find_obstacles(self) -> list[Finding]:
        """Return what kept the net itself, or the functions of a file, from being checked."""
        if self.name.startswith(CODE):
            unchecked = [f for f in self.findings if not f.checked]
            is_judged = any(f.verdict == "ok" for f in self.findings)
            none = Finding("code", "missing", "no function of it could be run")
            return unchecked or ([] if is_judged else [none])
        core = [f for f in self.findings if f.quantity.split()[0] in CORE]
        blocked = [f for f in core if not f.checked]
        if blocked or not self.name:
            return blocked or [Finding("class", "missing", "the file has no two-layer net")]
        if any(f.verdict == "ok" and f.quantity.split()[0] in CORE[:3] for f in core):
            return []
        return [Finding("net", "missing", "no predict, loss or gradient of it could be run")]

    def list_unchecked(self) -> list[str]:
        """Return what a net without gradients lacks: what is right so far proves too little."""
        lacking = [f.quantity for f in self.findings if f.verdict == "missing"]
        has_step = any((f.quantity, f.verdict) == ("train", "ok") for f in self.findings)
        is_enough = "gradient" not in lacking or has_step
        return [] if is_enough else [q for q in ("loss", "gradient") if q in lacking]

    def as_json(self) -> str:
        """Return {"right", "file", "class", "findings", "fix"}; fix is None or {"diff", "checks"}.

        right is None where the net could not be checked.
        """
        findings = list(self.findings)
        if self.stopped:
            findings.append(Finding("check", "missing", self.stopped))
        diff = self.diagnosis["diff"] if self.diagnosis and self.hints > 2 else ""
        fix = (
            {"diff": diff, "checks": self.diagnosis["checks"]} if self.diagnosis and diff else None
        )
        whole = {
            "right": None if self.status == 2 else self.status == 0,
            "file": self.file,
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
        """Return what is right in one line, what is wrong, where and why, notes, and the verdict.

        The verdict on a right net comes first, so that no note reads as a fault.
        """
        wrong = {f.quantity for f in self.wrong_findings}
        right = [f.quantity for f in self.findings if f.verdict == "ok" and f.quantity not in wrong]
        lines = [f"right: {', '.join(dict.fromkeys(right))}"] if right else []
        if self.hints > 1:
            lines += [*self._describe_wrong(), *self._describe_place()]
        notes, missing = self._describe_notes(), self._describe_missing()
        if self.status == 0:
            heading = ["notes, none of which makes the net wrong:"] if notes else []
            lines = [self.summarise(), *lines, *missing, *heading, *notes]
        else:
            lines += [*[f"note on {note}" for note in notes], *missing, self.summarise()]
        return "\n".join(map(escape, lines))

    def _describe_notes(self) -> list[str]:
        return [f"{f.quantity}: {_describe(f)}" for f in self.findings if f.verdict == "note"]

    def _describe_missing(self) -> list[str]:
        return [
            f"{f.quantity} {'is missing' if f.checked else 'could not be checked'}: {_describe(f)}"
            for f in self.findings
            if f.verdict == "missing"
        ]

    def _describe_wrong(self) -> list[str]:
        """Return a line for each cause with its quantities, and what has no cause at the end."""
        groups: dict[object, list[Finding]] = {}
        for finding in self.wrong_findings:
            groups.setdefault(_find_group(finding), []).append(finding)
        lines = [
            f"wrong: {', '.join(dict.fromkeys(f.quantity for f in group))}: {_describe(group[0])}"
            for group in groups.values()
        ]
        unexplained = [f.quantity for f in self.wrong_findings if not f.is_explained]
        if not unexplained:
            return lines
        are_all = len(unexplained) == len(self.wrong_findings)
        which = "" if are_all else f" for {', '.join(dict.fromkeys(unexplained))}"
        return [*lines, f"no cause was found{which}"]

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
            lines += ["tried fix:", *format_diff(found["diff"])]
            lines.append(f"with this change all {found['checks']} checks pass")
        causes = dict.fromkeys(f.cause for f in self.wrong_findings if f.cause in MISTAKES)
        return lines + [f"more: --explain {cause}" for cause in causes]

    def summarise(self) -> str:
        """Return the verdict in one sentence."""
        if self.status == 1:
            causes = list(dict.fromkeys(f.cause for f in self.wrong_findings if f.cause))
            why = f": {', '.join(causes)}" if causes and self.hints > 1 else ""
            more = f"; and {self.stopped}" if self.stopped else ""
            quantities = dict.fromkeys(f.quantity for f in self.wrong_findings)
            return f"{self._title} is wrong in {', '.join(quantities)}{why}{more}"
        if self.status == 2 and not self.stopped and not self.find_obstacles():
            ok = {f.quantity.split()[0]: f for f in self.findings if f.verdict == "ok"}
            lacking = " and ".join(f"no {quantity}" for quantity in self.list_unchecked())
            shown = [quantity for quantity in ("predict", "loss") if quantity in ok]
            return f"{self._title} is right in {' and '.join(shown)}; {lacking} to check"
        if self.status == 2:
            obstacles = (f"{f.quantity}: {f.message}" for f in self.find_obstacles())
            return f"{self._title} could not be checked: {self.stopped or '; '.join(obstacles)}"
        return f"{self._title} is right"

    @property
    def _title(self) -> str:
        return self.name or "the file"


def format_diff(diff: str) -> list[str]:
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


def _find_group(finding: Finding) -> object:
    """Return what the findings of one cause share: its id, an exception, or an unknown cause."""
    if finding.cause or finding.is_explained:
        return finding.cause or (finding.message if finding.verdict == "raises" else id(finding))
    return finding.quantity.split()[0]


def _describe(finding: Finding) -> str:
    return finding.message + (f" [{finding.cause}]" if finding.cause else "")
