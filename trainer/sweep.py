"""A grid of runs side by side, on this machine or a Dask cluster; what is done stays done."""

import json
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config

from trainer import data
from trainer.errors import DivergedError, InputError
from trainer.files import locked
from trainer.run import run, write_about
from trainer.settings import Settings
from trainer.threads import Threads

MOST_SEEDS = 10_000
PATIENCE = 10  # seconds to wait for a scheduler, and for a worker


def plan(
    settings: Settings, choices: dict[str, Sequence[Any]], seeds: int, data_dir: Path
) -> list[Settings]:
    """The settings of each run: every combination of the choices, each with seeds 0, 1, …

    Has the data set in place, so that the runs only read it. Raises InputError for
    what a run would stumble over.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise InputError(f"--seeds {seeds}: must be 1 … {MOST_SEEDS}")
    names, values = (*choices, "seed"), (*choices.values(), range(seeds))
    combinations = [dict(zip(names, chosen, strict=True)) for chosen in product(*values)]
    digits = data.load(settings.dataset, data_dir)
    runs = [replace(settings, dataset=digits.name, **chosen) for chosen in combinations]
    largest, images = max(run.batch_size for run in runs), len(digits.x_train)
    if largest > images:
        raise InputError(f"--batch-size {largest}: {digits.name} has {images} images")
    return list(dict.fromkeys(runs))


def name_of(settings: Settings) -> str:
    """A run's folder: lr, hidden size and seed, then whatever is not at its default."""
    first = ("lr", "hidden_size", "seed")
    others = (setting for setting in fields(settings) if setting.name not in first)
    changed = [s.name for s in others if getattr(settings, s.name) != s.default]
    return ",".join(f"{name}={getattr(settings, name)}" for name in (*first, *changed))


def finished(folder: Path) -> dict[str, Any] | None:
    """What settings.json says of a run that came to its end or diverged; None of any other."""
    try:
        about = json.loads((folder / "settings.json").read_text())
    except (OSError, ValueError):
        return None  # no run, or one killed while it wrote
    return about if "result" in about or "diverged" in about else None


def sweep(
    runs: Sequence[Settings],
    data_dir: Path,
    folder: Path,
    jobs: int = -1,
    cluster: str | None = None,
) -> Iterator[Settings]:
    """Train the runs that are not finished, each in its folder below folder; yields each when done.

    jobs at a time on this machine (-1: one a core), or on the Dask cluster whose scheduler has
    that address. Raises InputError where a setting, a folder or the cluster cannot be used.
    """
    if jobs < 1 and jobs != -1:
        raise InputError(f"--jobs {jobs}: must be 1 or more")
    with _alone(folder):
        todo = [settings for settings in runs if not finished(folder / name_of(settings))]
        calls = (delayed(run_one)(s, data_dir.resolve(), folder.resolve()) for s in todo)
        with _backend(jobs, len(todo), cluster), warnings.catch_warnings():
            # Ctrl-C cancels what is not done: that is no news to whoever pressed it.
            warnings.filterwarnings("ignore", message=".*have been cancelled")
            yield from Parallel(return_as="generator_unordered", batch_size=1)(calls)
    missing = [name for name in map(name_of, runs) if not finished(folder / name)]
    if missing:
        raise InputError(
            f"{len(missing)} runs are not in {folder}: the workers must write to the same folder"
        )


def run_one(settings: Settings, data_dir: Path, folder: Path) -> Settings:
    """Train one run in folder/<its name> on one thread, unless it is finished; its settings.

    What was left there half done, by a stopped sweep or a killed worker, is replaced.
    """
    place = folder / name_of(settings)
    if finished(place):
        return settings
    try:
        if place.exists():
            with locked(place):  # not where a process that outlived its sweep still writes
                pass
            shutil.rmtree(place)
    except OSError as error:
        raise InputError(f"cannot replace {place}: {error.strerror}; remove it") from error
    try:
        with Threads().one():  # the other cores are taken by other runs
            run(settings, data_dir, folder, name=place.name, quiet=True)
    except DivergedError as error:  # an outcome as well, and the same however often one tries
        path = place / "settings.json"
        write_about(place, json.loads(path.read_text()) | {"diverged": str(error)})
    return settings


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A context in which no other sweep writes to the folder: it would replace what runs here."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}") from error
    with locked(folder, "another sweep is writing there: wait, or --name it"):
        yield


@contextmanager
def _backend(jobs: int, tasks: int, cluster: str | None) -> Iterator[None]:
    """Where joblib computes, inside; processes or workers that are lost become an InputError."""
    if cluster:
        with _client(cluster) as client, parallel_config("dask", client=client):
            yield
        return
    processes = max(1, min(cpu_count() if jobs == -1 else jobs, tasks))
    try:
        with parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
            yield
    except BrokenProcessPool as error:
        raise InputError(
            "a process of the sweep was killed, perhaps for want of memory: the same command "
            "goes on where it stopped; fewer --jobs take less memory"
        ) from error


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A client of the Dask scheduler at that address that has workers."""
    try:
        from distributed import Client, KilledWorker  # not all have Dask, and few need it
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise InputError("--cluster needs Dask: pip install 'dask[distributed]'") from None
    try:
        get_address_host_port(address)  # a Client takes 20 s and a traceback to say the same
    except ValueError as error:
        raise InputError(f"--cluster {address}: {error}; give a scheduler's HOST:PORT") from None
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=PATIENCE, set_as_default=False
        )
    except OSError as error:
        raise InputError(f"--cluster {address}: no Dask scheduler answers there") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(f"--cluster {address}: it has no workers; start some") from None
        try:
            yield client
        except KilledWorker as error:
            raise InputError(f"--cluster {address}: its workers keep dying: {error}") from error
