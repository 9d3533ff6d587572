"""The report on a net, as text or as one JSON object, and its exit status."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.descriptions import join_quantities, show_quantity
from trainer.checker.findings.json_report import write_json
from trainer.checker.findings.located import describe_diagnosis
from trainer.checker.findings.quotient_table import show_own_step, show_quotients
from trainer.common.language import N_, join_clauses, join_words, translate_plural
from trainer.common.language import translate as _
from trainer.common.text import escape

CODE = "the code of "  # how the name of functions and layers that make no class begins, in JSON
STEP = N_("training step")
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
    search: dict[str, Any] | None = None  # {"tried", "limit", "stopped"} of the search for a fix
    # The program of the file and the step of it that alone shows what is wrong.
    step: tuple[int, int] | None = None
    beside: list[str] = field(default_factory=list)  # what is wrong, and no fix of the step changes
    has_line: bool = True  # False where nothing on the way back is wrong
    # The gradients beside difference quotients, where that was asked, and the loss they are of.
    quotients: Sequence[Any] | None = None
    loss: str = ""
    own_step: float | None = None  # the h of the file's own numerical gradient
    learning: list[str] = field(default_factory=list)  # the lines on a training, where it was asked
    learned: dict[str, Any] | None = None  # the numbers of that
    curves: dict[str, dict[float, float]] = field(default_factory=dict)  # dtype: {h: error}
    tried: list[str] = field(default_factory=list)  # what the code of a submission was kept from

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
        if any((f.quantity, f.verdict) == (STEP, "ok") for f in self.findings):
            return []  # what a step minimises was found, so all that it uses fits together
        if self.name.startswith(CODE):
            unchecked = [f for f in self.findings if not f.checked]
            is_judged = any(f.verdict == "ok" for f in self.findings)
            none = Finding("code", "missing", _("no function of it could be run"))
            return unchecked or ([] if is_judged else [none])
        core = [f for f in self.findings if f.quantity.split()[0] in CORE]
        blocked = [f for f in core if not f.checked]
        if blocked or not self.name:
            return blocked or [Finding("class", "missing", _("the file has no two-layer net"))]
        if any(f.verdict == "ok" and f.quantity.split()[0] in CORE[:3] for f in core):
            return []
        return [Finding("net", "missing", _("no predict, loss or gradient of it could be run"))]

    def list_unchecked(self) -> list[str]:
        """Return what a net without gradients lacks: what is right so far proves too little."""
        lacking = [f.quantity for f in self.findings if f.verdict == "missing"]
        steps = ("train", STEP)
        has_step = any(f.quantity in steps and f.verdict == "ok" for f in self.findings)
        is_enough = "gradient" not in lacking or has_step
        return [] if is_enough else [q for q in ("loss", "gradient") if q in lacking]

    def as_json(self) -> str:
        """Return the report as one JSON object."""
        return write_json(self)

    def as_text(self) -> str:
        """Return what is right in one line, what is wrong, where and why, notes, and the verdict.

        The verdict on a right net comes first, so that no note reads as a fault.
        """
        wrong = {f.quantity for f in self.wrong_findings}
        right = [f for f in self.findings if f.verdict == "ok" and f.quantity not in wrong]
        names = join_quantities(right)
        lines = [_("right: {quantities}").format(quantities=names)] if right else []
        if self.hints > 1:
            lines += [*self._describe_wrong(), *self._describe_place()]
        if self.quotients is not None and not self.stopped:
            lines += show_quotients(self.quotients, self.loss)
            lines += show_own_step(self.quotients, self.curves, self.own_step)
        lines += self.learning
        notes, missing = self._describe_notes(), self._describe_missing()
        if self.status == 0:
            heading = [_("notes, none of which makes the net wrong:")] if notes else []
            lines = [self.summarise(), *lines, *missing, *heading, *notes]
        else:
            lines += [*(_("note on {note}").format(note=each) for each in notes), *missing]
            lines.append(self.summarise())
        return "\n".join(map(escape, lines))

    def _describe_notes(self) -> list[str]:
        told = {f.cause for f in self.wrong_findings} - {None}
        notes = (f for f in self.findings if f.verdict == "note" and f.cause not in told)
        return [_tell(show_quantity(f.quantity), _describe(f)) for f in notes]

    def _describe_missing(self) -> list[str]:
        return [
            (
                _("{quantity} is missing: {message}")
                if f.checked
                else _("{quantity} could not be checked: {message}")
            ).format(quantity=show_quantity(f.quantity), message=_describe(f))
            for f in self.findings
            if f.verdict == "missing"
        ]

    def _describe_wrong(self) -> list[str]:
        """Return a line for each cause with its quantities, and what has no cause at the end."""
        groups: dict[object, list[Finding]] = {}
        for finding in self.wrong_findings:
            groups.setdefault(_find_group(finding), []).append(finding)
        lines = [
            _("wrong: {quantities}: {message}").format(
                quantities=join_quantities(group), message=_describe(group[0])
            )
            for group in groups.values()
        ]
        return lines + self._describe_unexplained()

    def _describe_unexplained(self) -> list[str]:
        """Return what has no cause; where a wrong line is named, that is the cause."""
        unexplained = [f for f in self.wrong_findings if not f.is_explained]
        if not unexplained or self.diagnosis is not None:
            return []
        if len(unexplained) == len(self.wrong_findings):
            return [_("no cause was found")]
        which = join_quantities(unexplained)
        return [_("no cause was found for {quantities}").format(quantities=which)]

    def _describe_place(self) -> list[str]:
        """Return the wrong line and a fix, with the ids of the mistakes that can be explained."""
        if self.diagnosis is None:
            return self._describe_stop()
        causes = dict.fromkeys(f.cause for f in self.wrong_findings if f.cause in MISTAKES)
        more = [_("more: {command}").format(command=f"--explain {cause}") for cause in causes]
        return [*describe_diagnosis(self.diagnosis, has_fix=self.hints > 2), *more]

    def _describe_stop(self) -> list[str]:
        """Return that a clock stopped the search for a fix, if one did."""
        if not (self.search and self.search["stopped"]):
            return []
        message = _(
            "the search for a fix was stopped after {tried} of {limit} changes: a larger --timeout "
            "gives it more time"
        )
        return [message.format(tried=self.search["tried"], limit=self.search["limit"])]

    def summarise(self) -> str:
        """Return the verdict in one sentence."""
        if self.status == 1:
            return self._summarise_wrong()
        if self.status == 2 and not self.stopped and not self.find_obstacles():
            return self._summarise_unchecked()
        if self.status == 2:
            obstacles = join_clauses(
                _tell(show_quantity(f.quantity), f.message) for f in self.find_obstacles()
            )
            message = _("{title} could not be checked: {reason}")
            return message.format(title=self.title, reason=self.stopped or obstacles)
        message = translate_plural("{title} is right", "{title} are right", self.number)
        return message.format(title=self.title)

    def _summarise_wrong(self) -> str:
        """Return that the net is wrong, in what, why, and what else stopped the check."""
        quantities = join_quantities(self.wrong_findings)
        if quantities == self.name:  # a function by itself
            message = translate_plural("{title} is wrong", "{title} are wrong", self.number)
        else:
            message = translate_plural(
                "{title} is wrong in {quantities}", "{title} are wrong in {quantities}", self.number
            )
        message = message.format(title=self.title, quantities=quantities)
        causes = ", ".join(dict.fromkeys(f.cause for f in self.wrong_findings if f.cause))
        message = _tell(message, causes) if causes and self.hints > 1 else message
        if not self.stopped:
            return message
        return _("{verdict}; and {reason}").format(verdict=message, reason=self.stopped)

    def _summarise_unchecked(self) -> str:
        """Return what is right in a net that lacks its loss or gradient."""
        ok = {f.quantity.split()[0] for f in self.findings if f.verdict == "ok"}
        shown = join_words(quantity for quantity in ("predict", "loss") if quantity in ok)
        message, lacking = _("{title} is right in {shown}; no {lacking} to check"), ""
        match self.list_unchecked():
            case [lacking]:
                pass
            case _lacking:
                message = _("{title} is right in {shown}; no loss and no gradient to check")
        return message.format(title=self.title, shown=shown, lacking=lacking)

    @property
    def number(self) -> int:
        """How many things the title names, for the grammar: 2 for several functions."""
        return 1

    @property
    def title(self) -> str:
        """The name of what was checked, in the chosen language."""
        if self.name.startswith(CODE):
            return _("the code of {file}").format(file=self.name.removeprefix(CODE))
        return self.name or _("the file")


def _find_group(finding: Finding) -> object:
    """Return what the findings of one cause share: its id, a message, or an unknown cause."""
    if finding.cause or finding.is_explained:
        return finding.cause or finding.message
    return finding.quantity.split()[0]


def _tell(quantity: str, message: str) -> str:
    return _("{quantity}: {message}").format(quantity=quantity, message=message)


def _describe(finding: Finding) -> str:
    return finding.message + (f" [{finding.cause}]" if finding.cause else "")
