"""A torchvision data set as flat float arrays and labels: where it comes from, and its checks."""

import hashlib
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torchvision import datasets

from trainer import preprocessing
from trainer.errors import InputError
from trainer.functions import Array
from trainer.preprocessing import Preparation
from trainer.sample import MNIST5k, write_sample

SETS = {
    "mnist": datasets.MNIST,
    "fashion-mnist": datasets.FashionMNIST,
    "kmnist": datasets.KMNIST,
    "mnist-5k": MNIST5k,
}
PATIENCE = 5  # seconds to wait for a sign of life from a mirror


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


def load(name: str | None, folder: Path, dtype: str = "float32") -> Digits:
    """The data set of that name from the folder, pixels in [0, 1], downloaded when missing.

    No name: mnist where it is there or can be had, else mnist-5k; the result's name tells.
    Raises InputError where the files are damaged, or neither there nor to be had.
    """
    if name is None:
        name = "mnist" if _available("mnist", folder) else "mnist-5k"
    _fetch(name, folder)
    for path in _files(name, folder):
        _check_idx(path)
    x_train, t_train, classes = _read(name, folder, True, dtype)
    x_test, t_test, _ = _read(name, folder, False, dtype)
    return Digits(name, x_train, t_train, x_test, t_test, classes, fingerprint(name, folder))


def fingerprint(name: str, folder: Path) -> str:
    """SHA-256 of the raw images and labels: of the sums of the four files, in order."""
    sha = hashlib.sha256()
    for path in _files(name, folder):
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


def prepare(digits: Digits, preparation: str, fitted: Preparation | None = None) -> Digits:
    """The same set with its inputs prepared by trainer.preprocessing, fitted on x_train alone.

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
        raise InputError(_damaged(_files(name, folder)[1 if train else 3], "labels do not fit"))
    return x, t, tuple(raw.classes)


def _raw_folder(name: str, folder: Path) -> Path:
    return folder / str(SETS[name].__name__) / "raw"


def _files(name: str, folder: Path) -> list[Path]:
    """The four files torchvision reads, images before labels, training before test."""
    raw = _raw_folder(name, folder)
    return [raw / gz.removesuffix(".gz") for gz, _ in SETS[name].resources]


def there(name: str, folder: Path) -> bool:
    """Whether all four files of the set are in the folder."""
    return all(path.is_file() for path in _files(name, folder))


def _available(name: str, folder: Path) -> bool:
    """Whether the set can be used; fetches it. A network that fails half-way counts as none."""
    try:
        _fetch(name, folder)
    except InputError:
        return False
    return True


def _fetch(name: str, folder: Path) -> None:
    """Have the files of the set in the folder, or raise InputError saying how to get them."""
    try:
        if there(name, folder):
            return
    except OSError as error:  # no permission to look, a name too long
        raise InputError(f"--data-dir {folder}: cannot be read: {error.strerror}") from error
    if name == "mnist-5k":
        _write_sample(folder)
        return
    mirrors = SETS[name].mirrors
    try:
        if not _alive(mirrors):
            raise TimeoutError("no server answers")
        with _default_timeout(PATIENCE):
            SETS[name](folder, train=True, download=True)
    except PermissionError as error:
        raise InputError(f"cannot write {error.filename}: choose another --data-dir") from error
    except (RuntimeError, OSError) as error:  # what torchvision's downloads raise
        reason = str(error).strip().splitlines()[-1]
        raise InputError(
            f"{name} is not in {folder} and cannot be downloaded from {' or '.join(mirrors)} "
            f"({reason}): put {', '.join(path.name for path in _files(name, folder))} "
            f"into {_raw_folder(name, folder)}, or name the folder that has them by --data-dir; "
            "mnist-5k needs no network"
        ) from error


def _write_sample(folder: Path) -> None:
    try:
        write_sample(_raw_folder("mnist-5k", folder))
    except OSError as error:
        raise InputError(
            f"cannot write in {folder} ({error.strerror}): choose another --data-dir"
        ) from error


def _alive(urls: list[str]) -> bool:
    """Whether any of the servers answers at all, within PATIENCE seconds for all together."""
    answered = threading.Event()
    # Threads, since name resolution obeys no timeout; daemons, so that none holds the exit.
    threads = [threading.Thread(target=_knock, args=(u, answered), daemon=True) for u in urls]
    for thread in threads:
        thread.start()
    for _ in range(PATIENCE * 10):
        if answered.wait(0.1) or not any(thread.is_alive() for thread in threads):
            break
    return answered.is_set()


def _knock(url: str, answered: threading.Event) -> None:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE):
            answered.set()
    except urllib.error.HTTPError:  # an answer all the same
        answered.set()
    except OSError:
        pass


@contextmanager
def _default_timeout(seconds: float) -> Iterator[None]:
    """A time limit on each read of the sockets opened inside: urllib sets none of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


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
