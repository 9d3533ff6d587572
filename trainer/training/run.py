"""Train one net in a folder, which gets an event file, a checkpoint and settings.json."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.board import charts
from trainer.board.dashboard import open_board
from trainer.common.errors import InputError
from trainer.common.files import lock, make_run_folder, remove_parts
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import check_fingerprint, load_digits, prepare_digits
from trainer.nets.build import build_net
from trainer.nets.net import Net
from trainer.training import checkpoint
from trainer.training.about import check_net, describe_run, read_result, record_failure, write_about
from trainer.training.evaluation import choose_evaluation
from trainer.training.inputs import load_inputs, merge_settings
from trainer.training.job import Job
from trainer.training.loop import Loop
from trainer.training.recorder import Recorder
from trainer.training.result import Result
from trainer.training.signals import Stop
from trainer.training.threads import Threads


def run(
    settings: Settings = Settings(),
    data_dir: Path | str = "data",
    log_dir: Path | str = "logs",
    name: str | None = None,
    quiet: bool = False,
    pictures: int = 0,
    snapshots: bool = False,
    build: Callable[[Settings, int, int], Net[Any]] = build_net,
    net: str = "",
) -> Result:
    """Train one net in a new folder of log_dir, called name or <dataset>-<backend>.

    quiet shows nothing but errors. pictures: iterations from one set of pictures to the next,
    0 for none. snapshots: whether to keep the weights of early iterations for the page. build
    returns the net for settings, D and C; net names one that somebody wrote. Raises InputError
    for what cannot be used, before anything is written, DivergedError when the loss is no longer
    finite, and Stopped, a KeyboardInterrupt, after a signal. What was recorded is kept.
    """
    settings, digits = load_inputs(settings, Path(data_dir), quiet)
    prepared = prepare_digits(digits, settings.preprocess)
    folder = make_run_folder(Path(log_dir), name or f"{digits.name}-{settings.backend}")
    remove_parts(Path(log_dir))
    about = prepared, digits.x_test, folder, quiet, pictures, snapshots
    with lock(folder):
        return _train(Job(settings, *about, build=build, net=net))


def resume(
    path: Path,
    given: dict[str, Any],
    data_dir: Path,
    quiet: bool = False,
    pictures: int = 0,
    snapshots: bool = False,
    build: Callable[[Settings, int, int], Net[Any]] = build_net,
    net: str = "",
) -> Result:
    """Continue the run in folder path from its checkpoint, as if it had not been stopped.

    given: settings to change, by name: iterations may be raised, and RESUME_MAY_CHANGE. build
    and net are as for run. Raises InputError for other changes, other data, another net and a run
    that another process writes, or as run does.
    """
    file = checkpoint.find_checkpoint(path)
    if file.name != checkpoint.NAME:
        text = _("is a file; give the folder of the run to resume")
        raise InputError(f"--resume {path}: {text}")
    check_net(file.parent, net)
    with lock(file.parent):
        start = checkpoint.load(file)
        settings = merge_settings(start.origin.settings, given)
        digits = load_digits(settings.dataset, data_dir, settings.dtype)
        check_fingerprint(digits, start.origin.fingerprint)
        prepared = prepare_digits(digits, settings.preprocess, start.preparation)
        shown = quiet, pictures, snapshots
        return _train(
            Job(settings, prepared, digits.x_test, file.parent, *shown, start, build, net)
        )


def _train(job: Job) -> Result:
    """Train in the job's folder, which this process has locked."""
    settings, digits = job.settings, job.digits
    about = describe_run(settings, job.resumed_at) | job.about
    texts, started = about | {"scalars": charts.SCALARS}, time.perf_counter()
    with record_failure(job.folder, about | read_result(job.folder)):
        board = open_board(job.folder, texts, charts.TRAINING, job.resumed_at)
        with Stop(job.folder) as stop, board as writer:
            net, threads = job.make_net(), Threads()
            train = net.native(digits.x_train), net.native(digits.t_train)
            test = net.native(digits.x_test), net.native(digits.t_test)
            batch = Batches(*train, settings.batch_size, settings.seed, net.native)
            evaluation = choose_evaluation(settings, net, digits, train, test, threads)
            recorder = Recorder(job, writer, stop, net, batch, evaluation, test[0])
            sizes = digits.x_train.shape[1], settings.hidden_size, settings.batch_size
            with closing(recorder), threads.limit_for_step(*sizes):
                last = Loop(net, batch, settings, evaluation, recorder).run(job.start)[-1]
        seconds = time.perf_counter() - started
        write_about(job.folder, about | {"result": asdict(last) | {"seconds": seconds}})
    return Result(job.folder, settings, last, seconds, job.start)
