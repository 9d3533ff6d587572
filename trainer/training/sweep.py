"""Train a grid of runs, several at a time, on this machine or on a Dask cluster."""

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config

from trainer.common.errors import DivergedError, InputError
from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.training import sweep_folders
from trainer.training.about import read_about, write_about
from trainer.training.cluster import connect
from trainer.training.parent import end_with_parent
from trainer.training.run import resume, run
from trainer.training.threads import Threads

MOST_SEEDS = 10_000


def plan_runs(
    settings: Settings, choices: dict[str, Sequence[Any]], seeds: int, data_dir: Path
) -> list[Settings]:
    """Return the settings of each run: every combination of the choices, with seeds 0, 1, …

    Downloads the data set if needed, so that the runs only read it. Raises InputError for values
    that no run could use.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"--seeds {seeds}: must be 1 … {MOST_SEEDS}")
    names, values = (*choices, "seed"), (*choices.values(), range(seeds))
    combinations = [dict(zip(names, chosen, strict=True)) for chosen in product(*values)]
    digits = load_digits(settings.dataset, data_dir)
    runs = [replace(settings, **{"dataset": digits.name, **chosen}) for chosen in combinations]
    largest, images = max(run.batch_size for run in runs), len(digits.x_train)
    if largest > images:
        raise InputError(f"--batch-size {largest}: {digits.name} has {images} images; give fewer")
    return list(dict.fromkeys(runs))


def run_sweep(
    runs: list[Settings], data_dir: Path, folder: Path, jobs: int = -1, cluster: str | None = None
) -> Iterator[Settings]:
    """Train the runs that are not finished, and yield the settings of each when it is done.

    Each run has its own folder in folder. Trains jobs at a time on this machine (-1: one per
    core), or distributes them on the Dask cluster whose scheduler has the address cluster. Raises
    InputError if a setting, a folder or the cluster cannot be used.
    """
    if jobs < 1 and jobs != -1:
        raise InputError(f"--jobs {jobs}: must be 1 or more")
    with sweep_folders.lock_sweep(folder):
        sweep_folders.check_folders(runs, folder)
        todo = sweep_folders.list_unfinished(runs, folder)
        parent = None if cluster else os.getpid()
        folders = data_dir.resolve(), folder.resolve()
        calls = (delayed(run_one)(settings, *folders, parent) for settings in todo)
        with _choose_backend(jobs, len(todo), cluster), warnings.catch_warnings():
            # The user who pressed Ctrl-C knows that the other runs are cancelled.
            warnings.filterwarnings("ignore", message=".*have been cancelled")
            yield from Parallel(return_as="generator_unordered", batch_size=1)(calls)
    if missing := sweep_folders.list_unfinished(runs, folder):
        raise InputError(
            f"{len(missing)} runs are not in {folder}: let the workers share this folder"
        )


def run_one(
    settings: Settings, data_dir: Path, folder: Path, parent: int | None = None
) -> Settings:
    """Train one run on one thread in its own folder in folder; return its settings.

    Resumes a run that was stopped there, and does nothing if the run is finished. Ends this process
    when the process parent has ended, if one is given.
    """
    if parent is not None:
        end_with_parent(parent)
    place = folder / sweep_folders.name_run(settings)
    if sweep_folders.read_finished(place, settings):
        return settings
    try:
        with Threads().limit_to_one():  # the other cores compute other runs
            if sweep_folders.prepare_folder(place):
                resume(place, {}, data_dir, quiet=True)
            else:
                run(settings, data_dir, folder, place.name, quiet=True)
    except DivergedError as error:  # recorded as a result, since the run would diverge again
        write_about(place, read_about(place) | {"diverged": str(error)})
    return settings


@contextmanager
def _silence_tracker() -> Iterator[None]:
    """Let the helper process of loky that is started inside remove its semaphores without a word.

    It would print warnings of many lines where the sweep was killed. Its only option is Python's.
    """
    before = os.environ.get("PYTHONWARNINGS")
    ours = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = f"{before},{ours}" if before else ours
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("PYTHONWARNINGS")
        else:
            os.environ["PYTHONWARNINGS"] = before


@contextmanager
def _choose_backend(jobs: int, tasks: int, cluster: str | None) -> Iterator[None]:
    """Let joblib use the cluster or local processes; raise InputError if a process is killed."""
    if cluster:
        with connect(cluster) as client, parallel_config("dask", client=client):
            yield
        return
    processes = max(1, min(cpu_count() if jobs == -1 else jobs, tasks))
    try:
        with _silence_tracker(), parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
            yield
    except BrokenProcessPool as error:
        raise InputError(
            "a process of the sweep was killed, perhaps because memory ran out: run the same "
            "command again to continue; fewer --jobs take less memory"
        ) from error
