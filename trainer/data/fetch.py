"""The files of a data set: where they lie, and how they come there."""

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torchvision import datasets

from trainer.common.errors import InputError
from trainer.data.mnist_5k import MNIST5k, write_mnist_5k

SETS = {
    "mnist": datasets.MNIST,
    "fashion-mnist": datasets.FashionMNIST,
    "kmnist": datasets.KMNIST,
    "mnist-5k": MNIST5k,
}
PATIENCE = 5  # seconds to wait for a sign of life from a mirror


def raw_folder(name: str, folder: Path) -> Path:
    """Where torchvision looks for the files of the set."""
    return folder / str(SETS[name].__name__) / "raw"


def files(name: str, folder: Path) -> list[Path]:
    """The four files torchvision reads, images before labels, training before test."""
    raw = raw_folder(name, folder)
    return [raw / gz.removesuffix(".gz") for gz, _ in SETS[name].resources]


def there(name: str, folder: Path) -> bool:
    """Whether all four files of the set are in the folder."""
    return all(path.is_file() for path in files(name, folder))


def fetch(name: str, folder: Path) -> None:
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
            f"({reason}): put {', '.join(path.name for path in files(name, folder))} "
            f"into {raw_folder(name, folder)}, or name the folder that has them by --data-dir; "
            "mnist-5k needs no network"
        ) from error


def available(name: str, folder: Path) -> bool:
    """Whether the set can be used; fetches it. A network that fails half-way counts as none."""
    try:
        fetch(name, folder)
    except InputError:
        return False
    return True


def _write_sample(folder: Path) -> None:
    try:
        write_mnist_5k(raw_folder("mnist-5k", folder))
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
