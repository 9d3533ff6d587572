"""Guess the digits on a user's own images by a trained net."""

from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from trainer.board.pictures import shorten_name
from trainer.book.functions import Array
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Backend, Device
from trainer.predict.image import read_digit
from trainer.training.checkpoint import Checkpoint

BEST = 3  # the number of guesses for an image


def guess_images(
    trained: Checkpoint,
    paths: Sequence[Path],
    backend: Backend,
    device: Device = "auto",
    seen_dir: Path | None = None,
) -> list[dict[str, Any]]:
    """Return a dict for each image, with the keys image, digit, name, best, or image, error.

    In seen_dir, the images as the net gets them are written, 28 × 28 pixels; the key seen is the
    path. Raises InputError if they cannot be written.
    """
    entries: list[dict[str, Any]] = [{"image": str(path)} for path in paths]
    readable, pixels = [], []
    for path, entry in zip(paths, entries, strict=True):
        try:
            pixels.append(read_digit(path))
        except InputError as error:
            entry["error"] = str(error)
            continue
        readable.append(entry)
        if seen_dir:
            entry["seen"] = str(_write_seen(pixels[-1], seen_dir, path))
    if readable:
        net = trained.restore_net(backend, device)
        outputs = net.predict(net.native(trained.prepare_inputs(np.stack(pixels)))).tolist()
        for entry, y in zip(readable, outputs, strict=True):
            entry.update(_rank_guesses(trained, y))
    return entries


def _write_seen(pixels: Array, folder: Path, path: Path) -> Path:
    """Write an image (28, 28) as a PNG file named after path in the folder; return its path.

    Replaces no file: the second 7.png is called 7-2.png.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = (f"{path.stem}{end}.png" for end in chain([""], (f"-{i}" for i in count(2))))
        file = next(folder / name for name in names if not (folder / name).exists())
        Image.fromarray(pixels).save(file)
    except OSError as error:
        text = _("cannot write there: {reason}", reason=error.strerror)
        raise InputError(f"--show {folder}: {text}") from error
    return file


def _rank_guesses(trained: Checkpoint, y: list[float]) -> dict[str, Any]:
    """Return the digit and BEST guesses, with probabilities, or outputs if there is no softmax."""
    kind = "probability" if trained.origin.settings.loss == "cross-entropy" else "output"
    names = [shorten_name(name) for name in trained.origin.classes]
    order = sorted(range(len(y)), key=lambda c: -y[c])[:BEST]
    best = [{"digit": c, "name": names[c], kind: y[c]} for c in order]
    return {"digit": order[0], "name": names[order[0]], "best": best}
