"""The report on a net, as text or as one JSON object, and its exit status."""

import json
from dataclasses import dataclass, field

from trainer.checker.comparing import Finding
from trainer.common.terminal import escape

CORE = ("predict", "loss", "gradient", "construction", "loading")


@dataclass
class Report:
    """The findings on one class; stopped says why the check could not continue, if it could not."""

    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    stopped: str = ""

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
        """Return {"right", "class", "findings": [{"quantity", "verdict", "cause", "message"}]}."""
        findings = list(self.findings)
        if self.stopped:
            findings.append(Finding("check", "missing", self.stopped))
        keys = ("quantity", "verdict", "cause", "message")
        listed = [{key: getattr(f, key) for key in keys} for f in findings]
        whole = {"right": self.status == 0, "class": self.name, "findings": listed}
        return json.dumps(whole, ensure_ascii=False)

    def as_text(self) -> str:
        """Return one line for all that is right, one for each other finding, and the verdict."""
        wrong = {f.quantity for f in self.wrong_findings}
        right = [f.quantity for f in self.findings if f.verdict == "ok" and f.quantity not in wrong]
        lines = [f"right: {', '.join(dict.fromkeys(right))}"] if right else []
        lines += [
            f"{self._title} is wrong in {f.quantity}: {_describe(f)}" for f in self.wrong_findings
        ]
        for finding in self.findings:
            quantity = finding.quantity
            if finding.verdict == "note":
                lines.append(f"note on {quantity}: {_describe(finding)}")
            elif finding.verdict == "missing":
                how = "is missing" if finding.checked else "could not be checked"
                lines.append(f"{quantity} {how}: {_describe(finding)}")
        return "\n".join(map(escape, [*lines, self.summarise()]))

    def summarise(self) -> str:
        """Return the verdict in one sentence."""
        if self.status == 1:
            causes = list(dict.fromkeys(f.cause for f in self.wrong_findings if f.cause))
            why = f": {', '.join(causes)}" if causes else ""
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


def _describe(finding: Finding) -> str:
    return finding.message + (f" [{finding.cause}]" if finding.cause else "")
