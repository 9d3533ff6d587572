"""What is said of a net, as text or as one JSON object, and the exit status."""

import json
from dataclasses import dataclass, field

from trainer.checker.comparing import Finding

CORE = ("predict", "loss", "gradient")


@dataclass
class Report:
    """The findings on one class; stopped says why the check could not go on, if it could not."""

    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    stopped: str = ""

    @property
    def wrong(self) -> bool:
        """Whether anything differs or raises."""
        return any(f.verdict in ("differs", "raises") for f in self.findings)

    @property
    def status(self) -> int:
        """0 right, 1 wrong, 2 could not be checked."""
        if self.wrong:
            return 1
        return 2 if self.stopped or self.unchecked() else 0

    def unchecked(self) -> list[Finding]:
        """What kept the net itself from being checked."""
        blocked = [f for f in self.findings if not f.checked and self._is_core(f)]
        if blocked or not self.name:
            return blocked or [Finding("class", "missing", "the file has no two-layer net")]
        if any(f.verdict == "ok" and self._is_core(f) for f in self.findings):
            return []
        return [Finding("net", "missing", "no predict, loss or gradient of it could be run")]

    def _is_core(self, finding: Finding) -> bool:
        return finding.quantity.split()[0] in (*CORE, "construction", "loading")

    def as_json(self) -> str:
        """{"right", "class", "findings": [{"quantity", "verdict", "cause", "message"}]}."""
        findings = [
            {"quantity": f.quantity, "verdict": f.verdict, "cause": f.cause, "message": f.message}
            for f in self.findings
        ]
        if self.stopped:
            findings.append(
                {"quantity": "check", "verdict": "missing", "cause": None, "message": self.stopped}
            )
        made = {"right": self.status == 0, "class": self.name, "findings": findings}
        return json.dumps(made, ensure_ascii=False)

    def as_text(self) -> str:
        """A line a quantity, then the verdict."""
        width = max((len(f.quantity) for f in self.findings), default=0)
        lines = [f"{f.quantity:<{width}}  {_verdict(f)}" for f in self.findings]
        return "\n".join([*lines, self.verdict()])

    def verdict(self) -> str:
        """One sentence."""
        name = self.name or "the file"
        if self.status == 1:
            wrong = [f for f in self.findings if f.verdict in ("differs", "raises")]
            slugs = list(dict.fromkeys(f.cause for f in wrong if f.cause))
            why = f": {', '.join(slugs)}" if slugs else ""
            more = f"; and {self.stopped}" if self.stopped else ""
            first = list(dict.fromkeys(f.quantity for f in wrong))
            return f"{name} is wrong in {', '.join(first)}{why}{more}"
        if self.status == 2:
            first_reason = self.stopped or "; ".join(
                f"{f.quantity}: {f.message}" for f in self.unchecked()
            )
            return f"{name} could not be checked: {first_reason}"
        return f"{name} is right"


def _verdict(finding: Finding) -> str:
    words = {"missing": "not there" if finding.checked else "not checked"}
    word = words.get(finding.verdict, finding.verdict)
    cause = f" [{finding.cause}]" if finding.cause else ""
    return f"{word:<11} {finding.message}{cause}".rstrip()
