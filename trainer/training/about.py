"""Read and write a run's settings.json: what was trained, with which versions, how it ended."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.common.errors import InputError, OutputError
from trainer.common.files import build_removed_error, write_atomically
from trainer.common.language import translate as _
from trainer.common.settings import Settings
from trainer.training.metadata import find_versions

ABOUT = "settings.json"


def describe_run(settings: Settings, resumed_at: int | None) -> dict[str, Any]:
    """Return a run's settings and versions, and the iteration at which it was resumed, if any."""
    about: dict[str, Any] = {"settings": asdict(settings), "versions": find_versions()}
    return about if resumed_at is None else about | {"resumed": {"iteration": resumed_at}}


def read_result(folder: Path) -> dict[str, Any]:
    """Return {"result": …} of the run's last complete training, or {} if there was none.

    {} too if the file was edited so that the result is no object of numbers and texts.
    """
    result = read_about(folder).get("result")
    is_plain = isinstance(result, dict) and not any(
        isinstance(value, dict | list) for value in result.values()
    )
    return {"result": result} if is_plain else {}


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a run's settings.json says; {} where it is missing or damaged."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def write_about(folder: Path, about: dict[str, Any]) -> None:
    """Write a run's settings.json atomically; raises OSError."""
    write_atomically(folder / ABOUT, (json.dumps(about, indent=2) + "\n").encode())


def check_net(folder: Path, net: str) -> None:
    """Raise InputError for a run of a net that somebody wrote, unless such a net continues it."""
    own = read_about(folder).get("net")
    if isinstance(own, dict) and not net:
        text = _("--resume {path}: trained the net {net}; give --net too")
        raise InputError(text.format(path=folder, net=own.get("name")))


@contextmanager
def record_failure(folder: Path, about: dict[str, Any]) -> Iterator[None]:
    """Write about, and add how the training inside this context stopped if it raises.

    Re-raises the error; an OSError of the folder, as from a full disk, becomes an InputError.
    """
    try:
        write_about(folder, about)
        yield
    except BaseException as error:
        with suppress(OSError):
            write_about(folder, about | {"stopped": str(error) or type(error).__name__})
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError | OutputError):
            raise _explain_failure(folder, error) from error
        raise


def _explain_failure(folder: Path, error: OSError) -> InputError:
    if not folder.is_dir():
        return build_removed_error(folder)
    text = _("cannot write in {folder}: {reason}; its last checkpoint is kept")
    return InputError(text.format(folder=folder, reason=error.strerror or error))
