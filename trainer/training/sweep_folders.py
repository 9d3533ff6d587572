"""Name the folders of a sweep, read the results in them, and prepare them for their runs."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
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
ALWAYS = "lr", "hidden_size", "seed"  # in the name of a run, whether they are changed or not
VARIED = (
    "lr", "hidden_size", "activation", "loss", "preprocess", "batch_size", "weight_init_std",
    "seed",
)  # fmt: skip
NUMBERS = ("train", "test", "seconds")  # of a result: two accuracies, and how long the run took
LARGEST = 1e9  # an accuracy is at most 1, and no run takes as many seconds


def name_run(settings: Settings) -> str:
    """Return the name of a run's folder: lr, hidden size, seed, and settings that are changed, of
    which those come first that people vary: TensorBoard cuts long names.
    """
    defaults = {setting.name: setting.default for setting in fields(settings)}
    shown = [name for name in dict.fromkeys((*VARIED, *defaults))
             if name in ALWAYS or getattr(settings, name) != defaults[name]]  # fmt: skip
    return ",".join(f"{name}={getattr(settings, name)}" for name in shown)


def read_result(folder: Path, settings: Settings) -> dict[str, float] | None:
    """Return the NUMBERS of the run of these settings in its folder; {} if it diverged.

    Returns None if the run is not finished, or its settings.json is damaged. Raises InputError if
    it was resumed with other settings, such as more iterations.
    """
    about = read_about(folder)
    _check_settings(about.get("settings"), settings, folder)
    result = about.get("result")
    if "diverged" in about:
        return {}
    if not isinstance(result, dict) or result.get("iteration") != settings.iterations:
        return None
    numbers: dict[str, Any] = {name: result.get(name) for name in NUMBERS}
    return numbers if all(map(_is_plausible, numbers.values())) else None


def _is_plausible(number: Any) -> bool:
    # Compared, since math.isfinite fails for an integer of 400 digits. A bool is no number here.
    return type(number) in (int, float) and 0 <= number < LARGEST


def _check_settings(given: Any, settings: Settings, folder: Path) -> None:
    """Raise InputError if one of the settings given in a folder differs and changes the result."""
    try:
        found = asdict(replace(settings, **given))
    except (InputError, TypeError, RecursionError):  # settings.json is damaged
        return
    for name, ours in asdict(settings).items():
        if name not in NOT_COMPARED and found[name] != ours:
            option = option_of(name)
            raise InputError(
                f"{folder} holds a run with {option} {found[name]}, but this sweep uses "
                f"{option} {ours}: move that run elsewhere, or give the sweep another --name"
            )


def list_unfinished(runs: Sequence[Settings], folder: Path) -> list[Settings]:
    """Return the runs that are not finished; their folders are in folder."""
    return [run for run in runs if read_result(folder / name_run(run), run) is None]


def prepare_folder(folder: Path) -> bool:
    """Return whether the folder holds a run to resume; if not, remove or rename the folder.

    Removes the folder of a run that was killed before its first checkpoint, and renames a folder
    that holds anything else. Raises InputError if that fails.
    """
    try:
        checkpoint.load(folder)
        return True
    except InputError:
        if folder.exists():
            _clear_away(folder)
        return False


def _clear_away(folder: Path) -> None:
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
