"""Check a file whose code runs in a cell of its own; the judge is this process."""

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer.checker.adapt.loaded import Loaded
from trainer.checker.adapt.plan import Rows
from trainer.checker.findings.comparing import LACKING, Finding, show_safely
from trainer.checker.findings.report import Report
from trainer.checker.learn.explaining_learning import show_training
from trainer.checker.load.source import read_source
from trainer.checker.remote.cell import Cell
from trainer.checker.remote.connection import Connection, WorkerLostError
from trainer.checker.remote.hanging import TIMEOUT, TRAINING, HangError, Hangs
from trainer.checker.remote.library import ROOT
from trainer.checker.worker.protocol import ProtocolError, take_list
from trainer.common.errors import InputError
from trainer.common.language import N_, get_language
from trainer.common.language import translate as _

FORGED = N_("its code wrote to the checker's own channel, so nothing it says can be trusted")
LIMITS = {
    "memory": N_("it took more memory than --memory allows"),
    "processes": N_("it started too many processes"),
    "files": N_("it wrote too many files"),
    "values": N_("it computed more values than a check can compare"),
}
SEARCH = 3  # times the timeout, after which a search for a fix is stopped: its limits are counts
MOST_LEFT, TEXT = 20, 200  # names of what a fix leaves wrong, and characters of one
GRACE = 10.0  # seconds for a stopped search to say so
Diagnosed = dict[str, Any] | None
TEXTS, NUMBERS = ("file", "code", "expected", "diff"), ("line", "column", "end_column", "checks")


@dataclass(frozen=True)
class Task:
    """What is checked, and how.

    timeout is in seconds, memory in MiB, both for the file's code with all its processes. A search
    for a fix may take three times as long. run_all runs every top-level statement too. seed is that
    of the weights and inputs. hints is 1 to say what is wrong, 2 to name the line too, 3 to show a
    fix too. folder is that of a submission: a copy of it is what the code sees. is_wrapped puts
    the code into bubblewrap.
    """

    path: Path
    name: str | None = None
    timeout: float = TIMEOUT
    memory: int = 2048
    run_all: bool = False
    seed: int = 0
    hints: int = 3
    folder: Path | None = None
    is_wrapped: bool = False
    cells: Path | None = None  # the folder of temporary folders
    gradients: bool = False  # whether to compare them with difference quotients, entry by entry
    rows: Rows | None = None  # on which the net is trained, if it is, and their name
    rows_name: str = ""


def check_in_child(
    path: Path,
    name: str | None = None,
    *,
    timeout: float = TIMEOUT,
    memory: int = 2048,
    run_all: bool = False,
    seed: int = 0,
    hints: int = 3,
    gradients: bool = False,
    rows: Rows | None = None,
    rows_name: str = "",
) -> tuple[Report, str]:
    """Check a file's class; return the report, and what the file's code printed.

    The arguments are those of Task.
    """
    task = Task(path, name, timeout, memory, run_all, seed, hints, gradients=gradients)
    return check_task(replace(task, rows=rows, rows_name=rows_name))


def check_task(task: Task) -> tuple[Report, str]:
    """Check a file's class; return the report, and what the file's code printed."""
    task = replace(task, path=task.path.resolve())
    with Cell(task.memory, task.folder, task.is_wrapped, task.cells) as cell:
        hangs, left, ending = Hangs(task.timeout), task.timeout, "hung"
        while ending == "hung":
            hangs.start_worker()
            connection = Connection(cell.start_worker(), left, cell.watch, hangs)
            report = Report(hints=task.hints, file=task.path.name)
            ending = _judge(task, cell, connection, report)
            left = connection.seconds_left
            cell.kill()
            connection.close()
        _report_hangs(report, hangs)
        if task.hints > 1 and _may_have_line(report, hangs):
            report.diagnosis, report.search = _look_for_line(task, cell, report.step)
            if report.diagnosis:
                report.diagnosis["left"] += report.beside
        return report, connection.read_printed()


def _report_hangs(report: Report, hangs: Hangs) -> None:
    """Add to the report which parts did not come back, where the judge had no use for that."""
    if report.stopped in (*LIMITS.values(), FORGED):
        return
    known = {finding.quantity for finding in report.findings}
    for hang in hangs.found:
        if hang.is_wrong and hang.part not in known:
            report.findings.append(Finding(hang.part, "raises", hang.text))
        elif hang.is_large and report.status == 2:
            report.stopped = _(LIMITS["memory"])
        elif not hang.is_wrong and hang.part != TRAINING:
            report.stopped = report.stopped or f"{hang.part} {hang.text}"


def _locate(task: Task, cell: Cell) -> Path:
    """Return the file as the code sees it."""
    if task.folder is None:
        return task.path
    return cell.locate(task.path.relative_to(task.folder.resolve()))


def _make_settings(task: Task, cell: Cell) -> dict[str, Any]:
    return cell.make_settings() | {
        "path": str(_locate(task, cell)), "memory": task.memory, "seconds": task.timeout,
        "run_all": task.run_all, "language": get_language(), "hidden": str(ROOT / "trainer"),
    }  # fmt: skip


def _judge(task: Task, cell: Cell, connection: Connection, report: Report) -> str:
    """Fill the report with what the judge finds, and with how the code ends, which is returned."""
    doing, loaded = ["start"], list[Loaded]()
    try:
        from trainer.checker.remote.judge import judge_file  # imported as the worker starts
        from trainer.checker.remote.steps import judge_training, measure_gradients

        with _survive(report, connection):
            connection.start(_make_settings(task, cell))
            inside = _locate(task, cell)
            about = task.path, task.name, task.seed
            found = judge_file(connection, inside, *about, doing.append, loaded.append)
            _fill(report, found, task, inside)
        if report.stopped and task.name and task.name not in read_source(task.path).text:
            return ""  # a name that the file has not
        doing.append(TRAINING)
        may_acquit = task.folder is None
        with _leave_doubted(report, may_acquit, task.timeout), _survive(report, connection):
            known = next(iter(loaded), None)
            judged = judge_training(connection, report, task.path, may_acquit, known)
            if task.folder:
                report.tried = list(map(str, take_list(connection.ask({"do": "tried"}), "tried")))
            if task.gradients:
                measure_gradients(connection, report, judged, read_source(task.path).tree)
            if task.rows and loaded:
                report.learning = [_("it could not be trained in time: give a larger --timeout")]
                tree = read_source(task.path).tree
                training = loaded[0].kind, tree, task.rows, task.rows_name
                report.learning, report.learned = show_training(*training)
    except WorkerLostError as lost:
        doing[-1] = "loading" if connection.is_ready and doing[-1] == "start" else doing[-1]
        # Another worker is asked for the rest; a step that was looked for accuses nobody.
        if lost.ending != "hung" and doing[-1] != TRAINING:
            _explain_ending(report, connection, doing[-1], lost.ending)
        elif lost.ending in LIMITS and report.status == 2:
            report.stopped = _(LIMITS[lost.ending])
        return lost.ending
    except ProtocolError:
        _explain_ending(report, connection, doing[-1], "forged")
    return ""


@contextmanager
def _leave_doubted(report: Report, may_acquit: bool, timeout: float) -> Iterator[None]:
    """Hold nothing against a net that a step of its training might acquit, where that is cut off;
    end quietly where some of it does not come back.
    """
    from trainer.checker.judge.advising import report_late
    from trainer.checker.judge.reporting import leave_doubted

    try:
        yield
    except (HangError, WorkerLostError) as cut:
        if may_acquit:
            leave_doubted(report)
        if isinstance(cut, HangError) or cut.ending == "late":
            report_late(report, timeout)
        if isinstance(cut, WorkerLostError):
            raise


@contextmanager
def _survive(report: Report, connection: Connection) -> Iterator[None]:
    """Report a bug of the checker, which must not be held against the net."""
    try:
        yield
    except (WorkerLostError, ProtocolError, HangError):
        raise
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        connection.printed += text.encode("utf-8", "replace")
        what = f"{type(error).__name__}: {show_safely(error)}"
        message = _("the check itself failed: {error} (--verbose shows more)")
        report.stopped = message.format(error=what)


def _fill(report: Report, found: Iterator[Finding | str], task: Task, inside: Path) -> None:
    """Fill a report with findings, or with why the file cannot be checked."""
    try:
        for item in found:
            if isinstance(item, Finding):
                report.findings.append(item)
            else:
                report.name = item
    except InputError as error:
        text = str(error).replace(str(inside), task.path.name)
        report.stopped = text.replace(str(task.path), task.path.name)


def _explain_ending(report: Report, connection: Connection, doing: str, ending: str) -> None:
    """Add to the report why the worker did not answer all questions."""
    if ending == "late" and doing == "start":
        report.stopped = _("the checking process did not start in time")
    elif ending == "late":
        hang = next(iter(connection.hangs.found), None) if connection.hangs else None
        report.cut = _describe_cut(hang.part, hang.text) if hang else ""
        late = _("{quantity} did not come back in {seconds} s (--timeout)")
        late = late.format(quantity=doing, seconds=f"{connection.timeout:g}")
        report.stopped = "" if hang else late
    elif ending in LIMITS or ending == "forged":
        report.findings.clear()
        report.stopped = _(LIMITS.get(ending, FORGED))
    elif doing == "start":
        status = _describe_status(connection.exit_status())
        last = connection.read_printed().strip().splitlines()[-1:]
        message = _("the checking process could not start ({status}): {text}")
        report.stopped = message.format(status=status, text="".join(last))
    elif doing == "loading":
        status = _describe_status(connection.exit_status())
        message = _("its code ended the program while loading ({status})")
        report.stopped = message.format(status=status)
    else:
        status = _describe_status(connection.exit_status())
        message = _("its code ended the whole program ({status})")
        _cut(report, doing, message.format(status=status))


def _cut(report: Report, doing: str, message: str) -> None:
    """Add the finding on what ended the check."""
    report.findings.append(Finding(doing, "raises", message))
    report.cut = _describe_cut(doing, message)


def _describe_cut(quantity: str, message: str) -> str:
    """Return why the quantities after one were not reached."""
    cut = _("not reached, since {quantity} {message}")
    return cut.format(quantity=quantity, message=message)


def _describe_status(code: int | None) -> str:
    number = -code if code is not None and code < 0 else (code or 0) - 128  # a shell adds 128
    with suppress(ValueError):
        if sys.platform != "win32":
            return _("signal {name}").format(name=signal.Signals(number).name)
    return _("exit status {number}").format(number=code)


def _may_have_line(report: Report, hangs: Hangs) -> bool:
    """Return whether a wrong line may be found.

    That is where something is wrong or a parameter is lacking, and the check came to its end.
    """
    is_cut = report.stopped or report.cut or hangs.found
    is_lacking = any(finding.topic == LACKING for finding in report.findings)
    is_wrong = bool(report.wrong_findings) and report.has_line
    return (is_wrong or is_lacking) and not is_cut


def _look_for_line(
    task: Task, cell: Cell, step: tuple[int, int] | None
) -> tuple[Diagnosed, Diagnosed]:
    """Return the wrong line and a fix, and what the search was: of a step, or of a whole net.

    A process says them that nobody trusts: hints, no verdict.
    """
    seconds = SEARCH * task.timeout
    settings = cell.make_settings()
    run_all, seed = "1" if task.run_all else "0", str(task.seed if task.folder is None else 0)
    child = cell.start_hints([
        get_language(), str(task.memory), str(seconds), seed, run_all, *map(str, step or (-1, -1)),
        settings["copy_from"], settings["copy_to"],
        str(_locate(task, cell)), *filter(None, [task.name]),
    ])  # fmt: skip
    connection = Connection(child, seconds + GRACE, cell.watch)
    try:
        connection.start()
        answer = connection.receive()
        return _read_diagnosis(answer.get("diagnosis")), _read_search(answer.get("search"))
    except (WorkerLostError, ProtocolError):
        return None, None
    finally:
        connection.close()
        cell.kill()


def _read_search(data: Any) -> Diagnosed:
    """Return how many changes were tried if that is what the data says."""
    match data:
        case {"tried": int(tried), "limit": int(limit), "stopped": bool(stopped)} if (
            0 <= tried <= limit < 10**6
        ):
            return {"tried": tried, "limit": limit, "stopped": stopped}
    return None


def _read_diagnosis(data: Any) -> Diagnosed:
    """Return a diagnosis if it has the form of one."""
    if not isinstance(data, dict):
        return None
    has_texts = all(isinstance(data.get(key), str) for key in TEXTS)
    has_numbers = all(isinstance(data.get(key), int) and 0 <= data[key] < 10**6 for key in NUMBERS)
    is_placed, left = isinstance(data.get("cell"), int | None), data.get("left")
    if not (has_texts and has_numbers and is_placed and isinstance(left, list)):
        return None
    return (
        {key: data[key][:20_000] for key in TEXTS}
        | {key: data.get(key) for key in (*NUMBERS, "cell")}
        | {"left": [str(name)[:TEXT] for name in left[:MOST_LEFT]]}
    )
