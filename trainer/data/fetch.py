"""Find and download the files of a data set."""

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torchvision import datasets

from trainer.common.errors import InputError
from trainer.common.files import remove_stale_parts
from trainer.common.language import translate as _
from trainer.common.settings import Dataset
from trainer.data.mnist_5k import MNIST5k, write_mnist_5k

SETS: dict[Dataset, type[datasets.MNIST]] = {
    "mnist": datasets.MNIST,
    "fashion-mnist": datasets.FashionMNIST,
    "kmnist": datasets.KMNIST,
    "mnist-5k": MNIST5k,
}
PATIENCE = 5  # seconds to wait for an answer from any mirror


def find_raw_folder(name: Dataset, folder: Path) -> Path:
    """Return the folder in which torchvision expects the files of the data set."""
    return folder / str(SETS[name].__name__) / "raw"


def list_data_files(name: Dataset, folder: Path) -> list[Path]:
    """Return the four files that torchvision reads, training before test, images before labels."""
    raw = find_raw_folder(name, folder)
    return [raw / gz.removesuffix(".gz") for gz, _ in SETS[name].resources]


def is_present(name: Dataset, folder: Path) -> bool:
    """Return whether all four files of the data set are in the folder."""
    return all(path.is_file() for path in list_data_files(name, folder))


def fetch(name: Dataset, folder: Path) -> None:
    """Download the files of the data set, or write those of mnist-5k, unless they are present.

    Removes what a killed process has left of mnist-5k. Raises InputError, whose message says how
    to get the files.
    """
    remove_stale_parts(find_raw_folder(name, folder))
    try:
        if is_present(name, folder):
            return None
    except OSError as error:  # no permission for a folder, or a name that is too long
        text = _("cannot be read ({reason})", reason=error.strerror)
        raise InputError(f"--data-dir {folder}: {text}") from error
    if name != "mnist-5k":
        return _download(name, folder)
    try:
        write_mnist_5k(find_raw_folder(name, folder))
    except OSError as error:
        text = _("cannot write in {folder} ({reason}): choose another --data-dir")
        raise InputError(text.format(folder=folder, reason=error.strerror)) from error


def is_available(name: Dataset, folder: Path) -> bool:
    """Fetch the data set and return whether it can be used; False also if a download fails."""
    try:
        fetch(name, folder)
    except InputError:
        return False
    return True


def _download(name: Dataset, folder: Path) -> None:
    """Download the files with torchvision; raises InputError, which says how to get them."""
    mirrors = SETS[name].mirrors
    try:
        if not _is_any_alive(mirrors):
            raise TimeoutError(_("no server answers"))
        with _limit_reads(PATIENCE):
            SETS[name](folder, train=True, download=True)
    except PermissionError as error:
        text = _("cannot write {path}: choose another --data-dir", path=error.filename)
        raise InputError(text) from error
    except (RuntimeError, OSError) as error:  # those that torchvision's downloads raise
        reason = str(error).strip().splitlines()[-1]
        names = ", ".join(path.name for path in list_data_files(name, folder))
        raise InputError(_(
            "{name} is not in {folder} and cannot be downloaded from {mirrors} ({reason}): put "
            "{files} into {raw}, or give the folder that has them with --data-dir; mnist-5k needs "
            "no network",
            name=name, folder=folder, mirrors=", ".join(mirrors), reason=reason, files=names,
            raw=find_raw_folder(name, folder),
        )) from error  # fmt: skip


def _is_any_alive(urls: list[str]) -> bool:
    """Return whether any server answers, within PATIENCE seconds for all together."""
    answered = threading.Event()
    # Threads, since name resolution has no timeout. Daemons, since they must not delay the exit.
    threads = [
        threading.Thread(target=_ask_server, args=(url, answered), daemon=True) for url in urls
    ]
    for thread in threads:
        thread.start()
    for _round in range(PATIENCE * 10):
        if answered.wait(0.1) or not any(thread.is_alive() for thread in threads):
            break
    return answered.is_set()


def _ask_server(url: str, answered: threading.Event) -> None:
    """Set the event if the server answers, with an HTTP error or without."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE):
            answered.set()
    except urllib.error.HTTPError:
        answered.set()
    except OSError:
        pass


@contextmanager
def _limit_reads(seconds: float) -> Iterator[None]:
    """Limit each read of the sockets that are opened inside, since torchvision sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
