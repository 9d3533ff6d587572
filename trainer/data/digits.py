"""Load a torchvision data set as flat float arrays and labels, and check its files."""

import hashlib
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trainer.book import preprocessing
from trainer.book.functions import Array
from trainer.book.preprocessing import Preparation
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Dataset, Dtype, Preprocess
from trainer.data.fetch import SETS, fetch, is_available, list_data_files

# MNIST's files: their size in bytes, name and MD5 sum.
MNIST_FILES = {
    47_040_016: ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
    60_008: ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
    7_840_016: ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
    10_008: ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
}


@dataclass(frozen=True)
class Digits:
    """A data set: N training and other N test images x (N, 784) float with labels t (N,) int64."""

    name: Dataset
    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array
    classes: tuple[str, ...]  # their names
    fingerprint: str = ""  # compute_fingerprint of the files
    preparation: Preparation | None = None  # what prepare_digits has applied; None: nothing


def load_digits(
    name: Dataset | None = None, folder: Path | str = "data", dtype: Dtype = "float32"
) -> Digits:
    """Return the data set from the folder, pixels in [0, 1]; download it if it is missing.

    If name is None, takes mnist if it is present or can be downloaded, otherwise mnist-5k. Raises
    InputError for files that are damaged, or missing and cannot be downloaded.
    """
    folder = Path(folder)
    if name is None:
        name = "mnist" if is_available("mnist", folder) else "mnist-5k"
    fetch(name, folder)
    for path in list_data_files(name, folder):
        try:
            _check_mnist_name(path)
            _check_idx(path)
        except OSError as error:
            text = _("cannot read {path}: {reason}", path=path, reason=error.strerror)
            raise InputError(text) from error
    train, test = (_read_split(name, folder, is_train, dtype) for is_train in (True, False))
    classes, fingerprint = tuple(SETS[name].classes), compute_fingerprint(name, folder)
    return Digits(name, *train, *test, classes, fingerprint)


def compute_fingerprint(name: Dataset, folder: Path) -> str:
    """Return the SHA-256 sum of the SHA-256 sums of the files of list_data_files, in order."""
    sha = hashlib.sha256()
    for path in list_data_files(name, folder):
        with path.open("rb") as file:  # read in pieces, to have no second copy of the images
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


def check_fingerprint(digits: Digits, fingerprint: str) -> None:
    """Raise InputError unless the data have the fingerprint of those that a net was trained on."""
    if digits.fingerprint != fingerprint:
        raise InputError(_(
            "{name} here has the fingerprint {here}…, the checkpoint {there}…: the net learned "
            "other data; choose another --data-dir",
            name=digits.name, here=digits.fingerprint[:12], there=fingerprint[:12],
        ))  # fmt: skip


def prepare_digits(
    digits: Digits, preparation: Preprocess, fitted: Preparation | None = None
) -> Digits:
    """Return the data set with its inputs prepared.

    The preparation is fitted on x_train alone, unless fitted gives that of an earlier run.
    """
    if preparation == "normalise":  # pixels / 255 are in [0, 1] already
        return digits
    fitted = fitted or getattr(preprocessing, preparation)(digits.x_train)
    x_train, x_test = fitted(digits.x_train), fitted(digits.x_test)
    return replace(digits, x_train=x_train, x_test=x_test, preparation=fitted)


def _read_split(name: Dataset, folder: Path, train: bool, dtype: Dtype) -> tuple[Array, Array]:
    """Return x (N, 784) and labels t (N,) of the N training or test images."""
    raw = SETS[name](folder, train=train)
    pixels = raw.data.numpy().reshape(len(raw), -1)  # (N, 784) uint8
    x = np.divide(pixels, 255, dtype=dtype)  # converts and divides in one pass, with one copy
    t = raw.targets.numpy()
    if len(x) != len(t) or t.min() < 0 or t.max() >= len(raw.classes):
        labels = list_data_files(name, folder)[1 if train else 3]
        raise _build_damage_error(labels, "its labels do not fit the images or classes")
    return x, t


def _check_mnist_name(path: Path) -> None:
    """Raise InputError if the file is one of MNIST's four files under the name of another.

    Files with another MD5 sum pass, since people use their own subsets.
    """
    name, md5 = MNIST_FILES.get(path.stat().st_size, (path.name, ""))
    if name == path.name:  # the usual case, in which no sum needs computing
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    if found.hexdigest() == md5:
        raise InputError(_(
            "{path} is MNIST's {name}: give each file its own name, or delete all four and run "
            "again to get new copies", path=path, name=name,
        ))  # fmt: skip


def _check_idx(path: Path) -> None:
    """Raise InputError unless the file has an IDX header and as many bytes as it says."""
    try:
        with path.open("rb") as file:
            zero, kind, axes = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
    except struct.error:
        raise _build_damage_error(path, _("it has no IDX header")) from None
    items, axes_of_item = ("images", (28, 28)) if "images" in path.name else ("labels", ())
    if (zero, kind) != (0, 8) or not shape or shape[1:] != axes_of_item:
        text = _("its header is not that of a file of {items}", items=items)
        raise _build_damage_error(path, text)
    expected, size = 4 + 4 * axes + int(np.prod(shape)), path.stat().st_size
    if size != expected:
        text = _("it has {size} bytes, its header says {expected}", size=size, expected=expected)
        raise _build_damage_error(path, text)
    if shape[0] == 0:
        raise _build_damage_error(path, _("it holds no {items}", items=items))


def _build_damage_error(path: Path, reason: str) -> InputError:
    text = _("{path} is damaged ({reason}): delete it and run again to get a new copy")
    return InputError(text.format(path=path, reason=reason))
