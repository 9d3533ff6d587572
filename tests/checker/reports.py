"""The layouts of nets in nets/, and reports on files that are checked in this process."""

import re
from pathlib import Path

from mistaken import NETS

from trainer.checker.check_file import check_file
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report

LAYOUTS = sorted(path.stem for path in NETS.glob("*.py"))
# Mistakes that leave the numbers right, and are reported as notes.
NOTES = {"float32-inside", "softmax-overflow", "loss-log-epsilon", "one-hot-only", "labels-only",
         "relu-grad-at-zero"}  # fmt: skip


def report_on(path: Path, name: str | None = None, seed: int = 0) -> Report:
    """Check a file in this process and return the report."""
    found = list(check_file(path, name, seed=seed))
    name = next((item for item in found if isinstance(item, str)), "")
    return Report(name, [item for item in found if isinstance(item, Finding)])


def collect_causes(report: Report, *verdicts: str) -> set[str | None]:
    """Return the causes of the findings with those verdicts."""
    return {f.cause for f in report.findings if f.verdict in verdicts} - {None}


def apply_diff(text: str, diff: str) -> str:
    """Return a text with a unified diff of one file without context applied."""
    lines, shift = text.splitlines(keepends=True), 0
    hunks = re.split(r"^@@ -(\d+)(?:,(\d+))? \+\S+ @@\n", diff, flags=re.MULTILINE)[1:]
    for start, count, body in zip(hunks[::3], hunks[1::3], hunks[2::3], strict=True):
        old, new = ([n[1:] for n in body.splitlines(keepends=True) if n[0] == s] for s in "-+")
        first = int(start) - (count != "0") + shift
        assert lines[first : first + len(old)] == old
        lines[first : first + len(old)] = new
        shift += len(new) - len(old)
    return "".join(lines)
