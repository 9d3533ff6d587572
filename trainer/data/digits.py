"""A torchvision data set as flat float arrays and labels, its files checked."""

import hashlib
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trainer.book import preprocessing
from trainer.book.functions import Array
from trainer.book.preprocessing import Preparation
from trainer.common.errors import InputError
from trainer.data.fetch import SETS, available, fetch, files


@dataclass(frozen=True)
class Digits:
    """A data set: x (N, 784) float, t (N,) int64 labels, of training and of test."""

    name: str
    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array
    classes: tuple[str, ...]
    fingerprint: str = ""  # of the raw files
    preparation: Preparation | None = None  # what prepare has applied


def load_digits(name: str | None, folder: Path, dtype: str = "float32") -> Digits:
    """The data set of that name from the folder, pixels in [0, 1], downloaded when missing.

    No name: mnist where it is there or can be had, else mnist-5k; the result's name tells.
    Raises InputError where the files are damaged, or neither there nor to be had.
    """
    if name is None:
        name = "mnist" if available("mnist", folder) else "mnist-5k"
    fetch(name, folder)
    for path in files(name, folder):
        _check_idx(path)
    x_train, t_train, classes = _read(name, folder, True, dtype)
    x_test, t_test, _ = _read(name, folder, False, dtype)
    return Digits(
        name, x_train, t_train, x_test, t_test, classes, compute_fingerprint(name, folder)
    )


def compute_fingerprint(name: str, folder: Path) -> str:
    """SHA-256 of the raw images and labels: of the sums of the four files, in order."""
    sha = hashlib.sha256()
    for path in files(name, folder):
        with path.open("rb") as file:  # in pieces, not a second copy of the images
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


def check_fingerprint(digits: Digits, fingerprint: str) -> None:
    """Raise InputError unless the data are those that a net of that fingerprint learned."""
    if digits.fingerprint != fingerprint:
        raise InputError(
            f"{digits.name} here has the fingerprint {digits.fingerprint[:12]}…, the checkpoint "
            f"{fingerprint[:12]}…: the net learned other data; choose another --data-dir"
        )


def prepare_digits(digits: Digits, preparation: str, fitted: Preparation | None = None) -> Digits:
    """The same set with its inputs prepared by trainer.book.preprocessing, fitted on x_train alone.

    fitted: that of an earlier run, applied as it is.
    """
    if preparation == "normalise":  # into [0, 1], where pixels / 255 already are
        return digits
    fitted = fitted or getattr(preprocessing, preparation)(digits.x_train)
    x_train, x_test = fitted(digits.x_train), fitted(digits.x_test)
    return replace(digits, x_train=x_train, x_test=x_test, preparation=fitted)


def _read(name: str, folder: Path, train: bool, dtype: str) -> tuple[Array, Array, Any]:
    raw = SETS[name](folder, train=train)
    pixels = raw.data.numpy().reshape(len(raw), -1)  # (N, 784) uint8
    x = np.divide(pixels, 255, dtype=dtype)  # one pass, one float copy
    t = raw.targets.numpy()
    if len(x) != len(t) or t.min() < 0 or t.max() >= len(raw.classes):
        raise InputError(_damaged(files(name, folder)[1 if train else 3], "labels do not fit"))
    return x, t, tuple(raw.classes)


def _check_idx(path: Path) -> None:
    """Raise InputError unless the file is whole: an IDX header and as many bytes as it says."""
    try:
        with path.open("rb") as file:
            zero, kind, axes = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except struct.error:
        raise InputError(_damaged(path, "it has no IDX header")) from None
    wanted = (28, 28) if "images" in path.name else ()
    if (zero, kind) != (0, 8) or len(shape) != 1 + len(wanted) or shape[1:] != wanted:
        raise InputError(_damaged(path, "its header is not that of such a file"))
    expected, size = 4 + 4 * axes + int(np.prod(shape)), path.stat().st_size
    if size != expected or shape[0] == 0:
        raise InputError(_damaged(path, f"{size} bytes where its header says {expected}"))


def _damaged(path: Path, reason: str) -> str:
    return f"{path} is damaged ({reason}): delete it and run again to fetch or make it anew"
