"""Steps of training that a worker runs: the judge asks for what they compute."""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.loaded import Loaded
from trainer.checker.find.discovering import MOST_STEPS
from trainer.checker.find.inventing import INPUTS
from trainer.checker.find.options import MOST as MOST_OPTIONS
from trainer.checker.find.pairing import MOST as MOST_LAYERS
from trainer.checker.find.pairing import MOST_BODIES
from trainer.checker.find.programs import (
    CALLS,
    MOST_LATER,
    OF_USER,
    OPTION,
    OWN,
    PASSED,
    TRAINING,
)
from trainer.checker.find.trace import Form, Trace, digest
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.quotient_table import find_worst
from trainer.checker.findings.report import CODE, STEP, Report
from trainer.checker.judge.advising import advise
from trainer.checker.judge.judging import Judged, judge_later, judge_options, judge_programs
from trainer.checker.judge.layers import judge_layers
from trainer.checker.judge.quotients import (
    ROUNDOFF,
    Quotient,
    compare_quotients,
    find_own_step,
    measure_curve,
    measure_far,
)
from trainer.checker.judge.reporting import (
    describe,
    describe_unknown,
    describe_unrun,
    has_parts_alone,
    lacks_loss,
    leave_raised,
    leave_unknown,
    may_be_settled,
    name_loss,
    point_to,
    report_failure,
    report_fault,
    report_truncated,
    settle,
    settle_layers,
    shows_loss,
)
from trainer.checker.judge.unrun import list_unknown, list_unrun
from trainer.checker.load.source import read_source
from trainer.checker.remote.connection import Connection, WorkerLostError
from trainer.checker.remote.hanging import HangError, LargeError
from trainer.checker.worker.packing import unpack
from trainer.checker.worker.protocol import (
    TEXT,
    ProtocolError,
    encode,
    take_list,
    take_number,
    take_text,
)
from trainer.common.language import translate as _


class RemoteStep:
    """One step of training in a worker; line is that of its loop, 0 for a call of a function, and
    file the name of another file than the checked one that has the loop.

    place is the number of the program that takes it, and of the step in that.
    """

    def __init__(self, connection: Connection, place: tuple[int, int], about: dict[str, Any]):
        self._connection, self.place = connection, place
        self._number = take_number(about, "step")
        self._sent: set[str] = set()
        self._described: dict[int, tuple[int, str]] = {}  # by the site
        self.line, self.name = take_number(about, "line"), take_text(about, "name")
        self.file = take_text(about, "file")
        self.option, self.is_still = take_text(about, "option"), about.get("still") is True
        self.is_after = about.get("after") is True

    def run(self, edits: Mapping[str, Any], form: Form) -> Trace:
        """Return what one step does with these values in the places of its own."""
        arrays = {path: np.asarray(value) for path, value in edits.items()}
        question = {"do": "step", "step": self._number, "form": form}
        answer = self._connection.ask(question | {"edits": self._encode(arrays)})
        return Trace(error="step") if "error" in answer else unpack(answer)

    def _encode(self, arrays: dict[str, Any]) -> dict[str, Any]:
        """Return arrays as data, those that were sent before by their digests alone."""
        found = {}
        for path, array in arrays.items():
            name = str(digest(array))
            is_new = name not in self._sent
            self._sent.add(name)
            found[path] = {"name": name} | ({"value": encode(array)} if is_new else {})
        return found

    def describe(self, site: int) -> tuple[int, str]:
        """Return the line of a value, 0 in another file, and its name or expression."""
        if site not in self._described:
            answer = self._connection.ask({"do": "site", "step": self._number, "site": site})
            self._described[site] = take_number(answer, "line"), take_text(answer, "text")
        return self._described[site]

    def is_inside(self, site: int) -> bool:
        """Return whether a value is computed in the checked file."""
        return self.describe(site)[0] > 0

    def locate(self, site: int | None = None) -> str:
        """Return the words for the line of a value, or of the loop."""
        question = {"do": "place", "step": self._number, "site": site}
        return take_text(self._connection.ask(question), "place")


class RemotePrograms:
    """The programs that train a net, the file's own first; failed is what that raises, "" for
    nothing, or where it lacks its data, and misfit the line at which that is a mistake of its own.

    runs_alone tells that the file trains a net as a script. fault is the line at which a call fails
    by a mistake of the file, and what it raises. truncated is the line at which its own loop, which
    changes nothing, loses decimals, and the array. A line is 0 for none.
    """

    def __init__(self, connection: Connection, numbers: Iterable[int] = range(TRAINING)):
        self._connection, self._numbers = connection, numbers
        self.failed, self.misfit, self._varies = "", 0, False
        self.runs_alone = False
        self.fault, self.truncated = (0, ""), (0, "")

    def __iter__(self) -> Iterator[list[RemoteStep]]:
        """Yield the steps of each program."""
        for number in self._numbers:
            try:
                answer = self._connection.ask({"do": "program", "program": number})
            except LargeError:  # others may need less
                continue
            if answer.get("end") is True or "stopped" in answer:
                return
            if "error" in answer:
                continue
            self.failed = self.failed or take_text(answer, "failed")
            self.misfit = self.misfit or take_number(answer, "misfit")
            self.runs_alone |= number == 0 and bool(answer.get("steps"))
            self._varies = answer.get("varies") is True
            fault, truncated = (_read_place(answer, key) for key in ("fault", "truncated"))
            self.fault = self.fault if self.fault[0] else fault
            self.truncated = self.truncated if self.truncated[0] else truncated
            steps = take_list(answer, "steps", MOST_STEPS)
            if not all(isinstance(each, dict) for each in steps):
                raise ProtocolError
            yield [RemoteStep(self._connection, (number, i), e) for i, e in enumerate(steps)]

    def vary(self, place: int) -> "RemotePrograms":
        """Return the programs that take the place of one, with other activations."""
        numbers = (place + option * OPTION for option in range(1, MOST_OPTIONS + 1))
        return RemotePrograms(self._connection, numbers)

    def list_later(self, place: int) -> Iterator[Sequence[RemoteStep]]:
        """Yield the steps of each later training in a run of the file, with the data of one of its
        own programs; where that has its own data, which may lack later, with the first that help.
        """
        places = [place] if place else range(OF_USER)
        for skipped in range(1, MOST_LATER + 1):
            numbers = [each - skipped * PASSED for each in places]
            yield next(filter(None, RemotePrograms(self._connection, numbers)), [])

    def list_calls(self) -> "RemotePrograms":
        """Return the programs that call what the file defines, none where it has one activation."""
        return RemotePrograms(self._connection, range(CALLS, TRAINING) if self._varies else ())


def _read_place(answer: dict[str, Any], key: str) -> tuple[int, str]:
    """Return a line, and what is said of it, of an answer."""
    line, text = take_list(answer, key, 2)
    return int(line), str(text)


def _list_layers(
    connection: Connection, report: Report, judged: Judged | None = None,
    doubted: Collection[str] = (),
) -> Iterator[tuple[str, RemotePrograms]]:  # fmt: skip
    """Yield the name of each layer that a report knows nothing of, or that was doubted, and of
    which a judged step saw no line, and its steps with inputs of one layout after the other.
    """
    known = _list_names(f for f in report.findings if f.checked) - {*doubted}
    answer = connection.ask({"do": "layers"})
    names, lines = (take_list(answer, key, MOST_LAYERS) for key in ("names", "lines"))
    seen = _list_lines(judged) if judged and names else set()
    for number, (name, (first, last)) in enumerate(zip(map(str, names), lines, strict=True)):
        start = TRAINING + number * len(INPUTS)
        is_seen = any(line in seen for line in range(int(first), int(last) + 1))
        if not is_seen and known.isdisjoint((name, name.partition(".")[0])):
            yield name[:TEXT], RemotePrograms(connection, range(start, start + len(INPUTS)))


def _runs_layers(connection: Connection, judged: Judged | None) -> bool:
    """Return whether what was followed, if anything, runs nothing of the file but its layers."""
    if judged is None:
        return True
    bodies = take_list(connection.ask({"do": "bodies"}), "bodies", MOST_BODIES)
    known = {line for first, last in bodies for line in range(int(first), int(last) + 1)}
    return _list_lines(judged) - {0} <= known


def _list_names(findings: Iterable[Finding]) -> set[str]:
    """Return the names of the functions and layers that findings are on."""
    return {finding.quantity.split()[0] for finding in findings}


def measure_gradients(
    connection: Connection, report: Report, judged: Judged | None, tree: ast.AST
) -> None:
    """Add to a report the gradients of the net beside difference quotients of its loss.

    judged is the step that was judged; where it shows no gradients, the functions of the file are
    called. tree is the file's code, which may have a numerical gradient of its own.
    """
    may_pull = not report.wrong_findings
    quotients = compare_quotients(judged, may_pull) if judged else []
    if not quotients:
        numbers = [*(() if judged else range(OWN)), *range(CALLS, TRAINING)]
        judged = judge_programs(RemotePrograms(connection, numbers))
        quotients = compare_quotients(judged, may_pull) if judged else []
    if not quotients:
        judged, report.quotients = None, list(_compare_layers(connection))
        report.loss = _("half the squared distance of a layer's outputs from others")
        return
    report.quotients, report.loss = quotients, name_loss(judged) if judged else ""
    if judged and quotients:
        worst = find_worst(quotients)
        own = report.own_step = find_own_step(tree)
        measured = replace(worst, far=measure_far(judged, worst, own))
        report.quotients = [measured if each is worst else each for each in quotients]
        report.curves = {dtype: measure_curve(judged, worst, dtype, own) for dtype in ROUNDOFF}


def _compare_layers(connection: Connection) -> Iterator[Quotient]:
    """Yield the worst entry of each gradient of each layer that the file has by itself."""
    found = judge_layers(_list_layers(connection, Report()))
    for name, judged in found.items():
        for each in compare_quotients(judged) if judged else ():
            yield replace(each, weight=f"{name} {each.weight}")


def _list_lines(judged: Judged) -> set[int]:
    """Return the lines that a step runs."""
    sites = judged.decision.model.base.list_sites()
    return {judged.step.describe(site)[0] for site in sites}


def _list_unknown(report: Report, path: Path) -> list[str]:
    """Return what a file defines besides what is right in a report, and what that uses."""
    known = _list_names(f for f in report.findings if f.verdict == "ok")
    return list_unknown(read_source(path).tree, {name.partition(".")[0] for name in known})


def _is_of_others(judged: Judged | None, programs: RemotePrograms) -> bool:
    """Return whether what the file's own program cannot do is right with other data, or open."""
    if judged is None or judged.decision.is_right is None:
        return bool(programs.misfit)
    return bool(judged.decision.is_right and judged.step.place[0])


def _judge_more(programs: RemotePrograms, judged: Judged | None) -> Judged | None:
    """Return what other activations and later trainings show, and what was judged where these do
    not come back.
    """
    try:
        return judge_later(programs, judge_options(programs, judged))
    except HangError:
        return judged
    except WorkerLostError as lost:
        if lost.ending == "hung":  # another worker is asked for the rest
            raise
        return judged


def _ask_obstacle(connection: Connection) -> tuple[str, list[str]]:
    """Return the call that came farthest and what it raised, and the files that use this one."""
    answer = connection.ask({"do": "obstacle"})
    return take_text(answer, "obstacle"), list(map(str, take_list(answer, "users")))


def judge_training(
    connection: Connection, report: Report, path: Path, may_acquit: bool, loaded: Loaded | None
) -> Judged | None:
    """Add to a report what a step of training shows: all where it left the net open, or doubted
    it without a cause, and of a right net whether the file's own code trains it. Return the step.

    path is that of the file. may_acquit is False for a submission, which may hold a second net
    that is right: of what is wrong there nothing is taken back. A file that was loaded is open only
    for want of a step; one whose layers are right may have other functions, which are called too.
    """
    judged = None
    lists_unknown = may_acquit and loaded and loaded.is_whole and has_parts_alone(report)
    unknown = _list_unknown(report, path) if lists_unknown else []
    if unknown or (may_be_settled(report) and (may_acquit or not report.wrong_findings)):
        programs, doubted = RemotePrograms(connection), _list_names(report.wrong_findings)
        judged = _judge_more(programs, judge_programs(programs))
        is_of_others = programs.failed and _is_of_others(judged, programs)
        if judged and not is_of_others:
            settle(report, judged)
        if is_of_others or (programs.failed and report.status == 2):
            line = programs.misfit if is_of_others and not programs.fault[0] else 0
            report_failure(report, programs.failed, line)
        if programs.runs_alone and not programs.failed:
            leave_raised(report)
        is_open = judged is None or judged.decision.is_right is None or is_of_others
        if programs.fault[0] and is_open:
            report_fault(report, *programs.fault)
        is_wrong = judged and judged.decision.is_right is False
        if programs.truncated[0] and not is_wrong:
            report_truncated(report, *programs.truncated)
            return judged
        if may_be_settled(report) and not is_wrong:  # no layer acquits what trains it
            is_whole = _runs_layers(connection, judged)
            settle_layers(report, judge_layers(_list_layers(connection, report)), is_whole)
        elif report.status == 0 and (unknown or not is_open):
            shown = None if is_open else judged
            layers = _list_layers(connection, report, shown, doubted)
            settle_layers(report, judge_layers(layers), is_whole=False)
        if report.status == 0 and judged and judged.step.file:
            unrun = list_unrun(read_source(path).tree, _list_lines(judged))
            report.findings += describe_unrun(judged, unrun)
        elif report.status == 0 and unknown and is_open:
            obstacle, _users = _ask_obstacle(connection)
            report.findings += describe_unknown(_list_unknown(report, path), obstacle)
        if report.status == 2 and loaded and not programs.failed:
            advise(report, judged, *_ask_obstacle(connection))
    elif report.status == 0:
        numbers = TRAINING if lacks_loss(report) else OWN  # a call may show what its loss is
        programs = RemotePrograms(connection, range(numbers))
        judged = judge_later(programs, judge_programs(programs))
        if judged and judged.step.place[0] >= OWN and not shows_loss(judged):
            judged = None
        if programs.failed and not programs.misfit:
            reason = _("not checked: {reason}").format(reason=programs.failed)
            report.findings.append(Finding(STEP, "note", reason))
        elif programs.failed:
            report_failure(report, programs.failed, programs.misfit)
        elif judged:
            report.findings += describe(judged)
            point_to(report, judged)
        if report.name.startswith(CODE):
            settle_layers(report, judge_layers(_list_layers(connection, report)), is_whole=False)
    taken = map(str, take_list(connection.ask({"do": "taken"}), "taken"))
    report.findings += [Finding("loading", "note", text) for text in taken]
    leave_unknown(report)
    return judged
