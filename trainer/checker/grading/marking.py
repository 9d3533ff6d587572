"""Marks one submission: judges it in a cell, and returns a record, which is JSON."""

import hashlib
import hmac
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from trainer.checker.findings.report import Report
from trainer.checker.grading.points import Scheme, count_points
from trainer.checker.grading.submissions import choose_file
from trainer.checker.learn.explaining_learning import DEFAULT
from trainer.checker.learn.images import load_rows
from trainer.checker.process import Task, check_task
from trainer.checker.remote.cell import PREFIX
from trainer.checker.remote.hanging import TIMEOUT
from trainer.common.errors import InputError
from trainer.common.language import N_, get_language, use_language
from trainer.common.language import translate as _
from trainer.common.text import escape

VERDICTS = {0: "right", 1: "wrong", 2: "unchecked"}
TRIED = {  # what the code of a submission was kept from
    "write": N_("tried to write outside its folder"),
    "process": N_("tried to start a program"),
    "connection": N_("tried to use the network"),
}
Record = dict[str, Any]


@dataclass(frozen=True)
class How:
    """How a class is marked. key is the secret from which the inputs of each net are drawn.

    language is that of the reports, also in the processes that mark.
    """

    scheme: Scheme
    key: bytes
    hints: int = 2
    timeout: float = TIMEOUT
    memory: int = 2048
    pattern: str | None = None
    is_wrapped: bool = False
    is_anonymous: bool = False
    trains: bool = False  # whether each net is trained on mnist-5k too
    language: str = field(default_factory=get_language)

    def digest(self) -> str:
        """Return a number for all that may change a result."""
        known = {k: v for k, v in asdict(self).items() if k != "key"}
        text = json.dumps(known, sort_keys=True).encode()
        return hmac.new(self.key, text, "sha256").hexdigest()


@dataclass(frozen=True)
class Job:
    """A submission as data: its files by path, and what is to be said of it before."""

    student: str
    digest: str
    files: list[tuple[str, bytes]]
    notes: list[str]
    problem: str = ""


def mark(job: Job, how: How) -> Record:
    """Return the record of a submission: its points, parts, causes and report."""
    with use_language(how.language):
        return _mark(job, how)


def _mark(job: Job, how: How) -> Record:
    started = time.monotonic()
    report, file = Report(hints=how.hints), ""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as name:
        folder = Path(name).resolve()
        try:
            path = _write_files(job, how, folder)
            file = path.relative_to(folder).as_posix()
            report, _ = check_task(_make_task(job, how, folder, path))
        except (OSError, ValueError) as error:  # a file name that no disk takes; InputError too
            report.stopped = str(error)
    seconds = time.monotonic() - started
    return make_record(job, how, report, file, seconds)


def _write_files(job: Job, how: How, folder: Path) -> Path:
    """Write the files of a submission into a folder; return the one to check."""
    if job.problem:
        raise InputError(job.problem)
    for name, data in job.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    path = choose_file(folder, how.pattern)
    if how.is_anonymous and len(job.files) == 1:  # the file may have the student's name
        path = path.rename(path.with_name("submission" + path.suffix))
    return path


def _make_task(job: Job, how: How, folder: Path, path: Path) -> Task:
    seed = hmac.new(how.key, job.digest.encode(), hashlib.sha256).digest()[:16]
    rows = load_rows(None, None) if how.trains else None
    return Task(
        path, timeout=how.timeout, memory=how.memory, seed=int.from_bytes(seed), hints=how.hints,
        folder=folder, is_wrapped=how.is_wrapped, rows=rows, rows_name=DEFAULT,
    )  # fmt: skip


def make_record(job: Job, how: How, report: Report, file: str, seconds: float) -> Record:
    """Return the record of a report."""
    parts = count_points(how.scheme, report)
    whole = replace(report, hints=max(report.hints, 2))  # for the teacher: all that is known
    causes = dict.fromkeys(f.cause for f in report.wrong_findings if f.cause)
    return {
        "student": job.student,
        "verdict": VERDICTS[report.status],
        "points": round(sum(part.points for part in parts), 4),
        "of": how.scheme.total,
        "parts": [asdict(part) | {"why": escape(part.why)} for part in parts],
        "causes": [escape(cause) for cause in causes],
        "seconds": round(seconds, 2),
        "file": escape(file),
        "summary": escape(report.summarise()),
        "report": whole.as_text(),
        "handout": report.as_text(),
        "hints": how.hints,
        "tried": [escape(_(TRIED[each])) for each in report.tried if each in TRIED],
        "notes": [escape(note) for note in job.notes],
        "check": json.loads(report.as_json()),
        "digest": job.digest,
        "how": how.digest(),
    }


def show_why(record: Record, part: dict[str, Any]) -> str:
    """Return what a student may see of why a part has its verdict: of a mistake it is a hint."""
    is_shown = record["hints"] > 1 or part["verdict"] != "wrong"
    return str(part["why"]) if is_shown else ""
