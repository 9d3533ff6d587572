"""Guess the digits on a user's own images by a trained net."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainer.board.pictures import shorten_name
from trainer.common.errors import InputError
from trainer.common.settings import Backend, Device
from trainer.predict.image import read_digit
from trainer.training.checkpoint import Checkpoint

BEST = 3  # the number of guesses for an image


def guess_images(
    trained: Checkpoint, paths: Sequence[Path], backend: Backend, device: Device = "auto"
) -> list[dict[str, Any]]:
    """Return a dict for each image, with the keys image, digit, name, best, or image, error."""
    entries: list[dict[str, Any]] = [{"image": str(path)} for path in paths]
    readable, pixels = [], []
    for path, entry in zip(paths, entries, strict=True):
        try:
            pixels.append(read_digit(path))
            readable.append(entry)
        except InputError as error:
            entry["error"] = str(error)
    if readable:
        net = trained.restore_net(backend, device)
        outputs = net.predict(net.native(trained.prepare_inputs(np.stack(pixels)))).tolist()
        for entry, y in zip(readable, outputs, strict=True):
            entry.update(_rank_guesses(trained, y))
    return entries


def _rank_guesses(trained: Checkpoint, y: list[float]) -> dict[str, Any]:
    """Return the digit and BEST guesses, with probabilities, or outputs if there is no softmax."""
    kind = "probability" if trained.origin.settings.loss == "cross-entropy" else "output"
    names = [shorten_name(name) for name in trained.origin.classes]
    order = sorted(range(len(y)), key=lambda c: -y[c])[:BEST]
    best = [{"digit": c, "name": names[c], kind: y[c]} for c in order]
    return {"digit": order[0], "name": names[order[0]], "best": best}
