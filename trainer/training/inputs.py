"""Load the data of a run, and check its settings against the data and the checkpoint."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.common.errors import InputError
from trainer.common.language import translate as _
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
        notify(_(
            "mnist is not in {folder} and cannot be downloaded now: using {name}, 5,000 of its "
            "images", folder=data_dir, name=digits.name,
        ))  # fmt: skip
    if settings.batch_size > len(digits.x_train):
        text = _("{name} has {count} images; give a smaller size", name=digits.name,
                 count=len(digits.x_train))  # fmt: skip
        raise InputError(f"--batch-size {settings.batch_size}: {text}")
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
            text = _("the run goes to {number}; give {number} or more", number=before)
            raise InputError(f"{option} {value}: {text}")
        if name not in RESUME_MAY_CHANGE and value != before:
            text = _("the run has {value}; omit {option}, or start a new run",
                     value=before, option=option)  # fmt: skip
            raise InputError(f"{option} {value}: {text}")
    if given.get("backend", settings.backend) != settings.backend:
        given = {"device": "auto", **given}
    return resolve_device(replace(settings, **given))
