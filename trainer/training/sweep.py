"""A grid of runs side by side, on this machine or a Dask cluster; what is done stays done."""

import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config

from trainer.board import events
from trainer.common.errors import DivergedError, InputError
from trainer.common.files import find_free_name, lock
from trainer.common.settings import Settings
from trainer.common.terminal import notify
from trainer.data.digits import load_digits
from trainer.training import checkpoint
from trainer.training.about import ABOUT, read_about, write_about
from trainer.training.run import resume, run
from trainer.training.threads import Threads

MOST_SEEDS = 10_000
SAME_RESULT = ("device", "evaluation", "checkpoint_every")  # settings that decide no number
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
    digits = load_digits(settings.dataset, data_dir)
    runs = [replace(settings, **{"dataset": digits.name, **chosen}) for chosen in combinations]
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


def finished(folder: Path, settings: Settings) -> dict[str, Any] | None:
    """Return what settings.json says of the finished or diverged run of these settings, or None."""
    about = read_about(folder)
    if _difference(about.get("settings"), settings):
        return None
    return about if "diverged" in about or _is_result(about.get("result"), settings) else None


def _is_result(result: Any, settings: Settings) -> bool:
    """Return whether it is the result of a run's last iteration, with all that the table shows."""
    numbers = ("train", "test", "seconds")
    return (
        isinstance(result, dict)
        and result.get("iteration") == settings.iterations
        and all(isinstance(result.get(name), int | float) for name in numbers)
    )


def _difference(found: Any, settings: Settings) -> str | None:
    """Return the name of a setting that another run has otherwise; None where all are equal."""
    found = found if isinstance(found, dict) else {}
    expected = asdict(settings).items()
    return next((n for n, v in expected if n not in SAME_RESULT and found.get(n) != v), None)


def check_places(runs: Sequence[Settings], folder: Path) -> None:
    """Raise InputError where the folder of one of the runs holds a run of other settings.

    Such a run was resumed to more iterations, say, and is neither counted nor replaced.
    """
    for settings in runs:
        place = folder / name_of(settings)
        if not place.exists() or finished(place, settings):
            continue
        found = _settings_in(place)
        if found and (name := _difference(found, settings)):
            flag, ours = "--" + name.replace("_", "-"), getattr(settings, name)
            raise InputError(
                f"{place} holds a run with {flag} {found[name]}, this sweep has {ours}: "
                "move that run elsewhere, or give the sweep another --name"
            )


def _settings_in(place: Path) -> dict[str, Any]:
    """Return the settings of the checkpoint in a run's folder; {} where none can be read."""
    try:
        return asdict(checkpoint.load(place).origin.settings)
    except InputError:
        return {}


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
        check_places(runs, folder)
        todo = [s for s in runs if not finished(folder / name_of(s), s)]
        calls = (delayed(run_one)(s, data_dir.resolve(), folder.resolve()) for s in todo)
        with _backend(jobs, len(todo), cluster), warnings.catch_warnings():
            # Ctrl-C cancels what is not done: that is no news to whoever pressed it.
            warnings.filterwarnings("ignore", message=".*have been cancelled")
            yield from Parallel(return_as="generator_unordered", batch_size=1)(calls)
    missing = [s for s in runs if not finished(folder / name_of(s), s)]
    if missing:
        raise InputError(
            f"{len(missing)} runs are not in {folder}: the workers must write to the same folder"
        )


def run_one(settings: Settings, data_dir: Path, folder: Path) -> Settings:
    """Train one run in folder/<its name> on one thread, unless it is finished; its settings.

    A run that was stopped there is resumed. A folder that holds no run is set aside.
    """
    place = folder / name_of(settings)
    if finished(place, settings):
        return settings
    resumable = place.exists() and _is_resumable(place)
    try:
        with Threads().one():  # the other cores are taken by other runs
            if resumable:
                resume(place, {}, data_dir, quiet=True)
            else:
                run(settings, data_dir, folder, place.name, quiet=True)
    except DivergedError as error:  # an outcome as well, and the same however often one tries
        write_about(place, read_about(place) | {"diverged": str(error)})
    return settings


def _is_resumable(place: Path) -> bool:
    """Return whether a checkpoint can be resumed there; otherwise make place for a new run."""
    if _settings_in(place):
        return True
    try:
        with lock(place):  # not where a process that outlived its sweep still writes
            pass
        if _is_only_ours(place):  # killed before its first checkpoint: nothing is lost
            shutil.rmtree(place)
        else:
            aside = find_free_name(place.with_name(f"{place.name}.aside"))
            place.rename(aside)
            notify(f"{place} is no run that can be resumed: it is now {aside.name}")
    except OSError as error:
        raise InputError(f"cannot replace {place}: {error.strerror}; remove it") from error
    return False


def _is_only_ours(place: Path) -> bool:
    ours = {place / ABOUT, place / ".lock", *events.list_event_files(place)}
    return all(path in ours for path in place.iterdir())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A context in which no other sweep writes to the folder: it would replace what runs here."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}") from error
    with lock(folder, "another sweep is writing there: wait, or --name it"):
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
