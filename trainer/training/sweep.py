"""Train a grid of runs, several at a time, on this machine or on a Dask cluster."""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from trainer.common.errors import DivergedError, InputError
from trainer.common.files import lock
from trainer.common.settings import Settings
from trainer.training.about import read_about, write_about
from trainer.training.inputs import load_inputs
from trainer.training.run import resume, run
from trainer.training.sweep_folders import list_unfinished, name_run, prepare_folder, read_result
from trainer.training.threads import Threads
from trainer.training.workers import end_with_parent, use_workers

MOST_SEEDS = 10_000
BUSY = "another sweep is writing there: wait until it ends, or choose another --name"


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
    combinations = (dict(zip(names, chosen, strict=True)) for chosen in product(*values))
    runs = [replace(settings, **chosen) for chosen in combinations]
    largest = max(run.batch_size for run in runs)
    resolved, _ = load_inputs(replace(settings, batch_size=largest), data_dir, quiet=True)
    return list(dict.fromkeys(replace(run, dataset=resolved.dataset) for run in runs))


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
    with lock(folder, BUSY):
        todo = list_unfinished(runs, folder)
        places = data_dir.resolve(), folder.resolve(), None if cluster else os.getpid()
        calls = (delayed(run_one)(settings, *places) for settings in todo)
        with use_workers(jobs, len(todo), cluster), warnings.catch_warnings():
            # The user who pressed Ctrl-C knows that the other runs are cancelled.
            warnings.filterwarnings("ignore", message=".*have been cancelled")
            yield from Parallel(return_as="generator_unordered", batch_size=1)(calls)
    if missing := list_unfinished(runs, folder):
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
    place = folder / name_run(settings)
    if read_result(place, settings) is not None:
        return settings
    try:
        with Threads().limit_to_one():  # the other cores compute other runs
            if prepare_folder(place):
                resume(place, {}, data_dir, quiet=True)
            else:
                run(settings, data_dir, folder, place.name, quiet=True)
    except DivergedError as error:  # recorded as a result, since the run would diverge again
        write_about(place, read_about(place) | {"diverged": str(error)})
    return settings
