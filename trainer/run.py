"""One training run: settings in; a folder with event file, checkpoint and settings.json out."""

import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from trainer import charts, checkpoint, data
from trainer.dashboard import Dashboard
from trainer.errors import InputError
from trainer.files import clean, locked, new_folder, write_whole
from trainer.job import Job, work
from trainer.loop import Point
from trainer.metadata import versions
from trainer.nets import resolved
from trainer.settings import Settings
from trainer.stop import Stop

FREE = (
    "iterations",
    "backend",
    "device",
    "checkpoint_every",
    "evaluation",
)  # of a run that goes on
ABOUT = "settings.json"


@dataclass(frozen=True)
class Result:
    """How a run ended: its folder, its last point, the seconds its loop took, where it began."""

    folder: Path
    settings: Settings
    last: Point
    seconds: float
    start: int = 0  # the iteration at which it went on


def run(
    settings: Settings,
    data_dir: Path,
    log_dir: Path,
    name: str | None = None,
    quiet: bool = False,
    pictures: int = 0,
) -> Result:
    """Train one net, recorded in a new folder of log_dir: name, or <dataset>-<backend>.

    pictures: the iterations from one page of trainer.album to the next; 0 for none.
    Raises InputError before anything is written for what cannot be used, and afterwards
    where the loss diverges; Stopped, a KeyboardInterrupt, where a signal ended it, with its
    checkpoint written. What was recorded stays on every way out.
    """
    settings, digits = load(settings, data_dir, quiet)
    prepared = data.prepare(digits, settings.preprocess)
    folder = new_folder(log_dir, name or f"{digits.name}-{settings.backend}")
    clean(log_dir)
    with locked(folder):
        job = Job(settings, prepared, digits.x_test, folder, None, quiet, pictures)
        return _go_on(job)


def resume(
    path: Path, given: dict[str, Any], data_dir: Path, quiet: bool = False, pictures: int = 0
) -> Result:
    """Go on with a run from its checkpoint, in its folder, to the same bytes as without a stop.

    given: settings by name; iterations may be raised, backend, device, evaluation and
    checkpoint_every changed. Raises InputError for any other that differs, for other data, for
    a run that another process writes, and as run does.
    """
    file = checkpoint.find(path)
    if file.name != checkpoint.NAME:
        raise InputError(f"{path}: is a file, and only the folder of a run can go on")
    with locked(file.parent):
        start = checkpoint.load(file)
        settings = changed(start.origin.settings, given)
        digits = data.load(settings.dataset, data_dir, settings.dtype)
        data.check_fingerprint(digits, start.origin.fingerprint)
        prepared = data.prepare(digits, settings.preprocess, start.preparation)
        job = Job(settings, prepared, digits.x_test, file.parent, start, quiet, pictures)
        return _go_on(job)


def load(settings: Settings, data_dir: Path, quiet: bool = False) -> tuple[Settings, data.Digits]:
    """The data, not prepared yet, and the settings with the device and data set that were chosen.

    Raises InputError.
    """
    settings = resolved(settings)
    digits = data.load(settings.dataset, data_dir, settings.dtype)
    if settings.dataset is None and digits.name != "mnist" and not quiet:
        print(
            f"mnist is not in {data_dir} and cannot be fetched now: using {digits.name}, "
            "5,000 of its images",
            file=sys.stderr,
        )
    if settings.batch_size > len(digits.x_train):
        raise InputError(
            f"--batch-size {settings.batch_size}: {digits.name} has {len(digits.x_train)} images"
        )
    # W1 alone, before it is made: a column of it is as large as an image.
    checkpoint.check_size(digits.x_train[0].nbytes * settings.hidden_size, settings)
    return replace(settings, dataset=digits.name), digits


def changed(settings: Settings, given: dict[str, Any]) -> Settings:
    """The settings of a run that goes on with those given; InputError where they contradict."""
    for name, value in given.items():
        before, flag = getattr(settings, name), "--" + name.replace("_", "-")
        if name == "iterations" and value < before:
            raise InputError(f"{flag} {value}: the run goes to {before}, which can only be raised")
        if name not in FREE and value != before:
            raise InputError(
                f"{flag} {value}: the checkpoint has {before}; leave it out, or start a new run"
            )
    if given.get("backend", settings.backend) != settings.backend:
        given = {"device": "auto", **given}
    return resolved(replace(settings, **given))


def _go_on(job: Job) -> Result:
    """Train in the job's folder, which is locked."""
    about: dict[str, Any] = {"settings": asdict(job.settings), "versions": versions()}
    if job.checkpoint:
        about["resumed"] = {"iteration": job.start}
    texts, about = about, about | _earlier_result(job)
    points: list[Point] = []
    started = time.perf_counter()
    try:
        write_about(job.folder, about)
        with Stop() as stop, Dashboard(job.folder, job.start if job.checkpoint else None) as board:
            for title, rows in texts.items():
                board.text(title, rows)
            board.hparams(about["settings"])
            board.charts(charts.training())
            work(job, board, stop, points)
        seconds = time.perf_counter() - started
        write_about(job.folder, about | {"result": asdict(points[-1]) | {"seconds": seconds}})
    except BaseException as error:
        with suppress(OSError):
            write_about(job.folder, about | {"stopped": str(error) or type(error).__name__})
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):  # a full disk
            raise InputError(
                f"cannot write in {job.folder}: {error.strerror or error}; "
                "its last checkpoint is kept"
            ) from error
        raise
    return Result(job.folder, job.settings, points[-1], seconds, job.start)


def _earlier_result(job: Job) -> dict[str, Any]:
    """Return the result of the resumed run's last end, which stays until there is a newer one."""
    about = read_about(job.folder) if job.checkpoint else {}
    return {"result": about["result"]} if "result" in about else {}


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a run's settings.json says; {} where it is missing or damaged."""
    try:
        about = json.loads((folder / ABOUT).read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def write_about(folder: Path, about: dict[str, Any]) -> None:
    """Put what is known of a run into its settings.json, at once; raises OSError."""
    write_whole(folder / ABOUT, (json.dumps(about, indent=2) + "\n").encode())
