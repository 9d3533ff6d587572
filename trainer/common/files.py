"""Files that no kill can tear, and the lock of the one process that writes a run."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from trainer.common.errors import InputError

BUSY = "another process is writing this run: wait until it ends, or stop it"
PART = re.compile(r".+\.\d+\.part")  # the name of a file that is not whole yet, with its process


def write_atomically(path: Path, content: bytes) -> None:
    """Put the content under that name, at once: whatever happens, the old or the new is there.

    Raises OSError, and then leaves nothing beside it.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another may write the same
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # the content before the name, also when the power fails
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, on the disk itself."""
    if os.name != "posix" and path.is_dir():  # Windows opens no folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def lock(folder: Path, busy: str = BUSY) -> Iterator[None]:
    """A context in which no other process writes this folder; first removes what a kill left.

    The system frees the lock when the process ends, in whatever way. Raises InputError
    where another process holds it, with what busy says, or the folder cannot be written.
    """
    file_lock = FileLock(folder / ".lock", timeout=0)
    try:
        file_lock.acquire()
    except Timeout:
        raise InputError(f"{folder}: {busy}") from None
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}") from error
    try:
        for part in parts(folder):
            with suppress(OSError):
                part.unlink()
        yield
    finally:
        file_lock.release()


def remove_parts(log_dir: Path) -> None:
    """Remove the unfinished files of runs that were killed; live runs keep theirs."""
    for folder in log_dir.iterdir():
        if folder.is_dir() and parts(folder):
            with suppress(InputError), lock(folder):
                pass


def parts(folder: Path) -> list[Path]:
    """Return the unfinished files of write_atomically in a folder; [] where it cannot be read."""
    try:
        return [path for path in folder.iterdir() if PART.fullmatch(path.name)]
    except OSError:
        return []


def free_name(path: Path) -> Path:
    """Return the path itself, or with -2, -3, … after it where something has that name."""
    free, number = path, 1
    while free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def check_name(flag: str, name: str) -> None:
    """Raise InputError, which names the flag, for what is no name of one folder."""
    if name in ("", ".", "..") or Path(name).name != name or not name.isprintable():
        raise InputError(f"{flag} {name}: must be one folder's name, without a path")


def new_folder(log_dir: Path, name: str) -> Path:
    """Make log_dir/name, or name-2, name-3, …: two runs never share a folder.

    Raises InputError where it cannot be made, or the name leads out of log_dir.
    """
    check_name("--run-name", name)
    if not str(log_dir).isprintable():  # TensorBoard's writer wants UTF-8
        raise InputError(f"--log-dir {log_dir}: has a character that cannot be printed")
    number = 1
    while True:
        folder = log_dir / (name if number == 1 else f"{name}-{number}")
        try:
            log_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()  # fails where it exists, also when another process was first
            return folder
        except FileExistsError as error:
            if not log_dir.is_dir():
                raise InputError(f"--log-dir {log_dir}: is not a folder") from error
            number += 1
        except OSError as error:
            raise InputError(
                f"--log-dir {log_dir}: cannot write there: {error.strerror}"
            ) from error
