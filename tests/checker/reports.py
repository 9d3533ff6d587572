"""The layouts of nets in nets/, and reports on files that are checked in this process."""

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
