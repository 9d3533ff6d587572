"""Check live objects in the process that holds them, such as a notebook's kernel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.plan import Rows
from trainer.checker.check_file import check_loaded
from trainer.checker.findings.comparing import Finding, show_safely
from trainer.checker.learn.explaining_learning import DEFAULT, show_training
from trainer.checker.learn.images import load_rows, make_rows
from trainer.checker.live.jobs import Job, list_jobs
from trainer.checker.live.loader import LiveLoader
from trainer.checker.live.preserving import Snapshot, keep_state
from trainer.checker.live.reaching import Reached
from trainer.checker.live.result import CheckResult, LiveReport
from trainer.checker.live.seeking import seek_fix
from trainer.checker.load.source import split_class
from trainer.checker.measure.book_functions import CHECKS
from trainer.checker.process import check_in_child
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.language import use_language


def check(
    target: Any,
    *,
    hints: int = 3,
    seed: int = 0,
    timeout: float = 20.0,
    train: bool | tuple[Any, Any] = False,
    lang: str | None = None,
) -> CheckResult:
    """Check a net's class or a function; with globals(), all that is known in a notebook.

    target is a class, an instance, whose class is checked, a function, a dictionary of names, or
    the path of a file, as FILE or FILE:CLASS. hints is 1 to say what is wrong, 2 to name the line
    too, 3 to show a fix too. seed is that of the weights and inputs. timeout is that of a file, in
    seconds; a search for a fix may take three times as long. train trains the net too, on mnist-5k
    or on the rows and labels that are given, to say what would make it learn. lang is the language
    of the result: "en", "zh", "ja", or None for that of the locale. A live object is called in this
    process, without a limit, and all that it changes is set back afterwards. Raises TypeError or
    ValueError for what cannot be checked.
    """
    if hints not in (1, 2, 3):
        raise ValueError(f"hints is {hints!r}; give 1, 2 or 3")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number from 0")
    with use_language(lang):
        options = Options(hints, seed, timeout, *_choose_rows(train))
        if isinstance(target, str | Path):
            return _check_path(str(target), options)
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


def _check_path(text: str, options: Options) -> CheckResult:
    path, name = split_class(text)
    report, _printed = check_in_child(path, name, **vars(options))
    return CheckResult([LiveReport(**vars(report))])


def _check_job(job: Job, options: Options) -> LiveReport:
    """Check one job, and seek the wrong line and a fix where something is wrong."""
    reached = Reached()
    for target in [job.kind] if job.kind else job.functions:
        reached.add(target)
    loader = LiveLoader(reached, job.space, job.kind, job.functions)
    report = LiveReport(job.title, hints=options.hints, is_net=job.kind is not None)
    with keep_state(_take_snapshot(reached, job)):
        _list_findings(loader, job, report, options.seed)
        if options.rows and job.kind:
            training = job.kind, loader.sources[loader.path].tree, options.rows, options.rows_name
            report.learning, report.learned = show_training(*training)
    if options.hints > 1 and any(f.verdict in ("differs", "raises") for f in report.findings):
        report.diagnosis, report.search = seek_fix(
            loader, report.findings, options.seed, options.timeout
        )
    report.findings = [loader.place(finding) for finding in report.findings]
    if job.note:
        report.findings.append(Finding("class", "note", job.note))
    if reached.lost:
        lost = _("the source of {names} was not found: no line can be named")
        lost = lost.format(names=", ".join(reached.lost))
        report.findings.append(Finding("class", "note", lost))
    return report


def _take_snapshot(reached: Reached, job: Job) -> Snapshot:
    snapshot = Snapshot()
    for target in (job.kind, *job.functions, *reached.objects.values()):
        snapshot.add(target)
    for space, names in reached.names.values():
        snapshot.add_names(space, names)
    return snapshot


def _list_findings(loader: LiveLoader, job: Job, report: LiveReport, seed: int) -> None:
    """Add the findings; raises ValueError for a function that the checker does not know."""
    name = job.kind.__name__ if job.kind else None
    try:
        for item in check_loaded(loader, name, seed):
            report.findings += [item] if isinstance(item, Finding) else []
    except InputError as error:
        if job.kind:
            raise ValueError(str(error)) from None
    except Exception as error:  # a bug of the checker: it must not be held against the net
        message = _("the check itself failed: {error}")
        report.stopped = message.format(error=f"{type(error).__name__}: {show_safely(error)}")
        return
    for function in () if job.may_be_unknown else job.functions:
        if all(f.quantity.split()[0] != function.__name__ for f in report.findings):
            message = _("{name} is no function that can be checked by itself; these are: {names}")
            raise ValueError(message.format(name=function.__name__, names=", ".join(CHECKS)))
