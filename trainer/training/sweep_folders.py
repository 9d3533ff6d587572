"""Name and check the folders of a sweep: which runs are finished, and which can be resumed."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from trainer.board import events
from trainer.common.errors import InputError
from trainer.common.files import find_free_name, lock
from trainer.common.settings import Settings, option_of
from trainer.common.text import notify
from trainer.training import checkpoint
from trainer.training.about import ABOUT, read_about

NOT_COMPARED = ("device", "evaluation", "checkpoint_every")  # settings that change no result

LARGEST_RESULT = 1e9  # an accuracy is at most 1, and no run takes as many seconds


def name_run(settings: Settings) -> str:
    """Return the name of a run's folder: lr, hidden size, seed, and settings that are changed."""
    first = ("lr", "hidden_size", "seed")
    others = (setting for setting in fields(settings) if setting.name not in first)
    changed = [s.name for s in others if getattr(settings, s.name) != s.default]
    return ",".join(f"{name}={getattr(settings, name)}" for name in (*first, *changed))


def read_finished(folder: Path, settings: Settings) -> dict[str, Any] | None:
    """Return the settings.json of the finished or diverged run of these settings, or None.

    It has either "diverged", or "result" with finite numbers. None too if the file was edited so
    that it has neither.
    """
    about = read_about(folder)
    if _find_difference(about.get("settings"), settings):
        return None
    if "diverged" in about:
        return {name: value for name, value in about.items() if name != "result"}
    result = about.get("result")
    return about if isinstance(result, dict) and _is_complete(result, settings) else None


def _is_complete(result: dict[str, Any], settings: Settings) -> bool:
    """Return whether a result is that of the last iteration, with accuracies and seconds."""
    numbers: list[Any] = [result.get(name) for name in ("train", "test", "seconds")]
    # Compared, since math.isfinite fails for an integer of 400 digits. A bool is no number here.
    are_numbers = all(type(n) in (int, float) and 0 <= n < LARGEST_RESULT for n in numbers)
    return are_numbers and result.get("iteration") == settings.iterations


def list_unfinished(runs: Sequence[Settings], folder: Path) -> list[Settings]:
    """Return the runs that are not finished; their folders are in folder."""
    return [run for run in runs if read_finished(folder / name_run(run), run) is None]


def _find_difference(found: object, settings: Settings) -> str | None:
    """Return the name of the first setting that differs and may change the result, or None."""
    found = found if isinstance(found, dict) else {}
    expected = asdict(settings).items()
    return next((n for n, v in expected if n not in NOT_COMPARED and found.get(n) != v), None)


def check_folders(runs: Sequence[Settings], folder: Path) -> None:
    """Raise InputError if a run's folder holds a run of other settings, such as more iterations."""
    for settings in list_unfinished(runs, folder):
        run_folder = folder / name_run(settings)
        found = _read_settings(run_folder) if run_folder.exists() else {}
        if found and (name := _find_difference(found, settings)):
            option, ours = option_of(name), getattr(settings, name)
            raise InputError(
                f"{run_folder} holds a run with {option} {found[name]}, but this sweep uses "
                f"{option} {ours}: move that run elsewhere, or give the sweep another --name"
            )


def _read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of the checkpoint in a run's folder; {} if none can be read."""
    try:
        return asdict(checkpoint.load(folder).origin.settings)
    except InputError:
        return {}


def prepare_folder(folder: Path) -> bool:
    """Return whether the folder holds a run to resume; if not, remove or rename the folder.

    Removes the folder of a run that was killed before its first checkpoint, and renames a folder
    that holds anything else. Raises InputError if that fails.
    """
    if not folder.exists():
        return False
    if _read_settings(folder):
        return True
    try:
        with lock(folder):  # fails while a process that outlived its sweep still writes there
            pass
        ours = {folder / ABOUT, folder / ".lock", *events.list_event_files(folder)}
        if ours.issuperset(folder.iterdir()):
            shutil.rmtree(folder)
        else:
            aside = find_free_name(folder.with_name(f"{folder.name}.aside"))
            folder.rename(aside)
            notify(f"{folder} holds no run that can be resumed: renamed to {aside.name}")
    except OSError as error:
        raise InputError(f"cannot replace {folder}: {error.strerror}; remove it") from error
    return False


@contextmanager
def lock_sweep(folder: Path) -> Iterator[None]:
    """Return a context in which no other sweep, which might replace runs, writes to the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}") from error
    with lock(
        folder, "another sweep is writing there: wait until it ends, or choose another --name"
    ):
        yield
