"""Check live objects, such as those of a notebook's kernel, by the text of their definitions."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.plan import Rows
from trainer.checker.findings.comparing import Finding, show_safely
from trainer.checker.findings.report import Report
from trainer.checker.learn.explaining_learning import DEFAULT
from trainer.checker.learn.images import load_rows, make_rows
from trainer.checker.live.cells import NAME, name_cells, write_cells
from trainer.checker.live.jobs import Job, list_jobs
from trainer.checker.live.reaching import Reached
from trainer.checker.live.result import CheckResult, LiveReport
from trainer.checker.load.source import split_class
from trainer.checker.measure.book_functions import CHECKS
from trainer.checker.process import check_in_child
from trainer.checker.remote.hanging import TIMEOUT
from trainer.common.language import translate as _
from trainer.common.language import use_language


def check(
    target: Any,
    *,
    hints: int = 3,
    seed: int = 0,
    timeout: float = TIMEOUT,
    train: bool | tuple[Any, Any] = False,
    lang: str | None = None,
) -> CheckResult:
    """Check a net's class or a function; with globals(), all that is known in a notebook.

    target is a class, an instance, whose class is checked, a function, a dictionary of names, or
    the path of a file, as FILE or FILE:CLASS. hints is 1 to say what is wrong, 2 to name the line
    too, 3 to show a fix too. seed is that of the weights and inputs. timeout is in seconds; a
    search for a fix may take three times as long. train trains the net too, on mnist-5k or on the
    rows and labels that are given, to say what would make it learn. lang is the language of the
    result: "en", "zh", "ja", or None for that of the locale. The definitions of a live object, and
    of what it uses, are run in a process of their own, so that nothing changes here. Raises
    TypeError or ValueError for what cannot be checked.
    """
    if hints not in (1, 2, 3):
        raise ValueError(f"hints is {hints!r}; give 1, 2 or 3")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number from 0")
    with use_language(lang):
        options = Options(hints, seed, timeout, *_choose_rows(train))
        if isinstance(target, str | Path):
            path, name = split_class(str(target))
            return CheckResult([LiveReport(**vars(_check_file(path, name, options)))])
        reports = [_check_job(job, options) for job in list_jobs(target)]
        known = [report for report in reports if report.findings or report.stopped]
        if not known:
            raise ValueError(_("no two-layer net in a form that is known here"))
        return CheckResult(known)


@dataclass(frozen=True)
class Options:
    """The arguments of check."""

    hints: int
    seed: int
    timeout: float
    rows: Rows | None = None  # on which nets are trained, if they are, and their name
    rows_name: str = ""


def _choose_rows(train: bool | tuple[Any, Any]) -> tuple[Rows | None, str]:
    if isinstance(train, bool):
        name = _("{name} (train=(x, labels): on rows of your own)").format(name=DEFAULT)
        return (load_rows(None, None), name) if train else (None, "")
    if not isinstance(train, tuple) or len(train) != 2:
        raise ValueError(f"train is {show_safely(train)}; give True, or (rows, labels)")
    x, t = map(np.asarray, train)
    return make_rows(x, t, "train"), _("{number} rows").format(number=len(x))


def _check_file(path: Path, name: str | None, options: Options, run_all: bool = False) -> Report:
    return check_in_child(path, name, run_all=run_all, **vars(options))[0]


def _check_job(job: Job, options: Options) -> LiveReport:
    """Check the text of one job; raises ValueError where that is lost, or says nothing of it."""
    reached = _reach(job)
    with write_text(job, reached) as path:
        name, is_written = job.kind.__name__ if job.kind else None, path.name == NAME
        report = _check_file(path, name, options, run_all=is_written)
    if is_written:
        name_cells(report, reached)
    live = LiveReport(**vars(report), is_net=job.kind is not None)
    live.name = job.title
    if not job.kind and not job.may_be_unknown:
        live.findings = [f for f in live.findings if _is_on(f, job) or f.quantity == "loading"]
        live.stopped = "" if live.findings else live.stopped
        _refuse_unknown(job, live)
    if live.stopped:
        raise ValueError(live.stopped.replace(NAME, job.title))
    if job.note:
        live.findings.append(Finding("class", "note", job.note))
    return live


def _reach(job: Job) -> Reached:
    """Return what a job's objects need; raises ValueError where one has no source."""
    reached = Reached()
    for target in [job.kind] if job.kind else job.functions:
        reached.add(target)
    if reached.lost:
        lost = _("the source of {names} was not found: run its cell again, or give its file")
        raise ValueError(lost.format(names=", ".join(reached.lost)))
    return reached


@contextmanager
def write_text(job: Job, reached: Reached) -> Iterator[Path]:
    """Give the file that defines a job's objects, or a notebook of their cells."""
    file = Path(str(job.space.get("__file__")))
    if file in reached.list_files():
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        yield write_cells(Path(folder), reached, job.space)


def _is_on(finding: Finding, job: Job) -> bool:
    """Return whether a finding is on one of a job's functions or layers."""
    names = {each.__name__ for each in job.functions}
    return finding.quantity.split()[0].partition(".")[0] in names


def _refuse_unknown(job: Job, report: Report) -> None:
    """Raise ValueError for a function that the checker does not know."""
    known = {finding.quantity.split()[0].partition(".")[0] for finding in report.findings}
    for function in job.functions:
        if function.__name__ not in known:
            message = _("{name} is no function that can be checked by itself; these are: {names}")
            raise ValueError(message.format(name=function.__name__, names=", ".join(CHECKS)))
