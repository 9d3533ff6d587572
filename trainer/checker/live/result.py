"""The result of a check in a notebook: a table there, and text elsewhere."""

from dataclasses import dataclass, field

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.live.html import render
from trainer.common.language import N_, get_language, use_language
from trainer.common.language import translate as _

SEVERAL = N_("the functions")  # the name of what is no net and more than one function


@dataclass
class LiveReport(Report):
    """The report on a class, or on functions: is_net tells which."""

    is_net: bool = True

    def find_obstacles(self) -> list[Finding]:
        """Return what kept the net, or a function, from being checked."""
        if self.is_net:
            return super().find_obstacles()
        return [f for f in self.findings if not f.checked]

    def list_unchecked(self) -> list[str]:
        """Return what a net lacks; a function lacks nothing."""
        return super().list_unchecked() if self.is_net else []

    @property
    def title(self) -> str:
        """The name of what was checked, in the chosen language."""
        return _(SEVERAL) if self.name == SEVERAL else super().title

    @property
    def number(self) -> int:
        """How many things the title names, for the grammar: 2 for several functions."""
        return 2 if self.name == SEVERAL else 1


@dataclass(repr=False)
class CheckResult:
    """What a check found: a report for each class, and one for the functions.

    language is the one in which the result is shown, whatever is chosen afterwards.
    """

    reports: list[LiveReport]
    language: str = field(default_factory=get_language)

    @property
    def status(self) -> int:
        """0 right, 1 something is wrong, 2 something could not be checked."""
        statuses = {report.status for report in self.reports}
        return 1 if 1 in statuses else max(statuses)

    @property
    def right(self) -> bool | None:
        """True, False, or None where it could not be checked."""
        return None if self.status == 2 else self.status == 0

    @property
    def findings(self) -> list[Finding]:
        """All findings, those of the first report first."""
        return [finding for report in self.reports for finding in report.findings]

    def __bool__(self) -> bool:
        return self.right is True

    def __str__(self) -> str:
        with use_language(self.language):
            return "\n\n".join(report.as_text() for report in self.reports)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        with use_language(self.language):
            return "".join(render(report) for report in self.reports)
