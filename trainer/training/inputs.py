"""Load the data of a run, and check its settings against the data and the checkpoint."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.common.errors import InputError
from trainer.common.settings import Settings, option_of
from trainer.common.text import notify
from trainer.data.digits import Digits, load_digits
from trainer.nets.build import resolve_device
from trainer.training.checkpoint import check_size

RESUME_MAY_CHANGE = ("iterations", "backend", "device", "checkpoint_every", "evaluation")


def load_inputs(settings: Settings, data_dir: Path, quiet: bool = False) -> tuple[Settings, Digits]:
    """Return the settings with device and data set resolved, and the data with pixels in [0, 1].

    Raises InputError for settings that do not fit the data.
    """
    settings = resolve_device(settings)
    digits = load_digits(settings.dataset, data_dir, settings.dtype)
    if settings.dataset is None and digits.name != "mnist" and not quiet:
        notify(
            f"mnist is not in {data_dir} and cannot be downloaded now: using {digits.name}, "
            "5,000 of its images"
        )
    if settings.batch_size > len(digits.x_train):
        raise InputError(
            f"--batch-size {settings.batch_size}: {digits.name} has {len(digits.x_train)} images; "
            "give a smaller size"
        )
    # Checked before W1 is allocated. A column of W1 has as many numbers as an image.
    check_size(digits.x_train[0].nbytes * settings.hidden_size, settings)
    dataset: Any = digits.name
    return replace(settings, dataset=dataset), digits


def merge_settings(settings: Settings, given: dict[str, Any]) -> Settings:
    """Return the settings of a checkpoint, changed by those given for the resumed run.

    Raises InputError for a setting that a resumed run may not change.
    """
    for name, value in given.items():
        before, option = getattr(settings, name), option_of(name)
        if name == "iterations" and value < before:
            raise InputError(f"{option} {value}: the run goes to {before}; give {before} or more")
        if name not in RESUME_MAY_CHANGE and value != before:
            raise InputError(
                f"{option} {value}: the run has {before}; omit {option}, or start a new run"
            )
    if given.get("backend", settings.backend) != settings.backend:
        given = {"device": "auto", **given}
    return resolve_device(replace(settings, **given))
