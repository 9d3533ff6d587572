"""One training run: settings in; a folder with event file, checkpoint and settings.json out."""

import functools
import json
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainer import checkpoint, data
from trainer.checkpoint import Checkpoint
from trainer.dashboard import Dashboard
from trainer.errors import InputError
from trainer.files import clean, locked, write_whole
from trainer.loop import Point, train
from trainer.metadata import Origin
from trainer.nets import build, resolved
from trainer.progress import Progress
from trainer.settings import Settings
from trainer.stop import Stop, Stopped
from trainer.tape import Batches
from trainer.threads import Threads

FREE = ("iterations", "backend", "device", "checkpoint_every")  # of a run that goes on


@dataclass(frozen=True)
class Result:
    """How a run ended: its folder, its last point, the seconds its loop took, where it began."""

    folder: Path
    settings: Settings
    last: Point
    seconds: float
    start: int = 0  # the iteration at which it went on


@dataclass(frozen=True)
class Job:
    """What to train, on what, in which folder, and the checkpoint to go on from, if any."""

    settings: Settings
    digits: data.Digits
    folder: Path
    checkpoint: Checkpoint | None = None

    @property
    def start(self) -> int:
        """The iteration to begin with."""
        return self.checkpoint.origin.iteration if self.checkpoint else 0


def run(
    settings: Settings, data_dir: Path, log_dir: Path, name: str | None = None, quiet: bool = False
) -> Result:
    """Train one net, recorded in a new folder of log_dir: name, or <dataset>-<backend>.

    Raises InputError before anything is written for what cannot be used, and afterwards
    where the loss diverges; Stopped, a KeyboardInterrupt, where a signal ended it, with its
    checkpoint written. What was recorded stays on every way out.
    """
    settings = resolved(settings)
    digits = data.load(settings.dataset, data_dir, settings.dtype)
    settings = replace(settings, dataset=digits.name)
    if settings.batch_size > len(digits.x_train):
        raise InputError(
            f"--batch-size {settings.batch_size}: {digits.name} has {len(digits.x_train)} images"
        )
    digits = data.prepare(digits, settings.preprocess)
    folder = new_folder(log_dir, name or f"{digits.name}-{settings.backend}")
    clean(log_dir)
    with locked(folder):
        return _go_on(Job(settings, digits, folder), quiet)


def resume(path: Path, given: dict[str, Any], data_dir: Path, quiet: bool = False) -> Result:
    """Go on with a run from its checkpoint, in its folder, to the same bytes as without a stop.

    given: settings by name; iterations may be raised, backend, device and checkpoint_every
    changed. Raises InputError for any other that differs, for other data, for a run that
    another process writes, and as run does.
    """
    file = checkpoint.find(path)
    if file.name != checkpoint.NAME:
        raise InputError(f"{path}: is a file, and only the folder of a run can go on")
    with locked(file.parent):
        start = checkpoint.load(file)
        settings = changed(start.origin.settings, given)
        digits = data.load(settings.dataset, data_dir, settings.dtype)
        data.check_fingerprint(digits, start.origin.fingerprint)
        digits = data.prepare(digits, settings.preprocess, start.preparation)
        return _go_on(Job(settings, digits, file.parent, start), quiet)


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


def _go_on(job: Job, quiet: bool) -> Result:
    """Train in the job's folder, which is locked."""
    about: dict[str, Any] = {"settings": asdict(job.settings), "versions": versions()}
    if job.checkpoint:
        about["resumed"] = {"iteration": job.start}
    points: list[Point] = []
    started = time.perf_counter()
    try:
        _write(job.folder, about)
        with Stop() as stop, Dashboard(job.folder, job.start if job.checkpoint else None) as board:
            for title, rows in about.items():
                board.text(title, rows)
            _train(job, board, points, stop, quiet)
        seconds = time.perf_counter() - started
        _write(job.folder, about | {"result": asdict(points[-1]) | {"seconds": seconds}})
    except BaseException as error:
        with suppress(OSError):
            _write(job.folder, about | {"stopped": str(error) or type(error).__name__})
        if isinstance(error, OSError):  # a full disk, as a rule
            raise InputError(
                f"cannot write in {job.folder}: {error.strerror or error}; "
                "its last checkpoint is kept"
            ) from error
        raise
    return Result(job.folder, job.settings, points[-1], seconds, job.start)


def _train(job: Job, board: Dashboard, points: list[Point], stop: Stop, quiet: bool) -> None:
    settings, digits = job.settings, job.digits
    net = build(settings, digits.x_train.shape[1], len(digits.classes))
    if job.checkpoint:
        net.set_params(job.checkpoint.params)
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    x_test, t_test = net.native(digits.x_test), net.native(digits.t_test)
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)
    threads = Threads()
    progress = Progress(job.start, settings.iterations, settings.eval_every, quiet)

    def evaluate() -> tuple[float, float]:
        with threads.all():
            return net.accuracy(x_train, t_train), net.accuracy(x_test, t_test)

    def record(point: Point) -> None:
        board.record(point)
        progress.show(point)
        points.append(point)

    def save(i: int) -> None:
        board.flush()  # first, so that no point before the checkpoint can be missing
        origin = Origin(i, settings, digits.classes, digits.fingerprint, versions())
        checkpoint.save(job.folder, Checkpoint(net.params, origin, digits.preparation))

    with closing(progress), threads.one():
        train(net, batch, _kept(job, progress, save, stop), settings, evaluate, record)
        save(settings.iterations)


def _kept(job: Job, steps: Iterable[int], save: Callable[[int], None], stop: Stop) -> Iterator[int]:
    """The steps, with a checkpoint before the first, every so many, and where a signal stops them.

    That before the first shows that the folder takes one, and with which settings a run goes on.
    """
    for i in steps:
        if i == job.start or i % job.settings.checkpoint_every == 0 or stop.number is not None:
            save(i)
        if stop.number is not None:
            raise Stopped(stop.number, i, job.folder)
        yield i


def new_folder(log_dir: Path, name: str) -> Path:
    """Make log_dir/name, or name-2, name-3, …: two runs never share a folder.

    Raises InputError where it cannot be made, or the name leads out of log_dir.
    """
    if name in ("", ".", "..") or Path(name).name != name:
        raise InputError(f"--run-name {name}: must be one folder's name, without a path")
    number = 1
    while True:
        folder = log_dir / (name if number == 1 else f"{name}-{number}")
        try:
            log_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()  # fails where it exists, also when another process was first
            return folder
        except FileExistsError as error:
            if not log_dir.is_dir():
                raise InputError(f"--log-dir {log_dir}: is not a folder") from error
            number += 1
        except OSError as error:
            raise InputError(
                f"--log-dir {log_dir}: cannot write there: {error.strerror}"
            ) from error


@functools.cache
def versions() -> dict[str, str]:
    """What the numbers of a run may depend on beside its settings."""
    packages = ("numpy", "torch", "torchvision", "tensorboard")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _write(folder: Path, about: dict[str, Any]) -> None:
    write_whole(folder / "settings.json", (json.dumps(about, indent=2) + "\n").encode())
