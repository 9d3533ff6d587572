"""Write files whole or not at all, make the folders of runs, and lock a run."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from trainer.common.errors import InputError
from trainer.common.language import N_
from trainer.common.language import translate as _

BUSY = N_("another process is writing this run: wait until it has ended, or stop it")
LONGEST_NAME = 240  # bytes of a run's name; systems allow 255, and "-2" may be added
PART = re.compile(r".+\.\d+\.part")  # the name of an unfinished file: name, process, suffix


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically: readers see the old content or the new, never a part.

    Raises OSError, and then leaves no other file behind.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another process has another name
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # otherwise a power failure could leave an empty file
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, is on the disk."""
    if os.name != "posix" and path.is_dir():  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def lock(folder: Path, busy: str = BUSY) -> Iterator[None]:
    """Lock a folder for this process, and remove the unfinished files of a killed one.

    The system frees the lock when the process ends for any reason. Raises InputError if another
    process has the lock (with busy as the message) or the folder cannot be written.
    """
    file_lock = FileLock(folder / ".lock", timeout=0)
    try:
        file_lock.acquire()
    except Timeout:
        raise InputError(f"{folder}: {_(busy)}") from None
    except OSError as error:
        raise InputError(
            _("cannot write in {folder}: {reason}", folder=folder, reason=error.strerror)
        ) from error
    try:
        for part in list_parts(folder):
            with suppress(OSError):
                part.unlink()
        yield
    finally:
        file_lock.release()


def remove_parts(log_dir: Path) -> None:
    """Remove the unfinished files of killed runs in log_dir, but not those of running ones."""
    for folder in log_dir.iterdir():
        if folder.is_dir() and list_parts(folder):
            with suppress(InputError), lock(folder):  # lock removes them
                pass


def remove_stale_parts(folder: Path) -> None:
    """Remove the unfinished files of ended processes in a folder that has no lock."""
    for part in list_parts(folder):
        if not psutil.pid_exists(int(part.name.split(".")[-2])):
            with suppress(OSError):
                part.unlink()


def list_parts(folder: Path) -> list[Path]:
    """Return the unfinished files of write_atomically in a folder; [] if it cannot be read."""
    try:
        return [path for path in folder.iterdir() if PART.fullmatch(path.name)]
    except OSError:
        return []


def find_free_name(path: Path) -> Path:
    """Return the path, or if it exists the first of path-2, path-3 … that does not exist."""
    free, number = path, 1
    while free.exists() or free.is_symlink():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def build_removed_error(folder: Path) -> InputError:
    """Return the error that a run's folder was removed during the run."""
    text = _("{folder} was removed while the run was writing there: start a new run", folder=folder)
    return InputError(text)


def check_name(option: str, name: str) -> None:
    """Raise InputError, with the option in its message, for a name that a folder cannot have."""
    if name in ("", ".", "..") or Path(name).name != name or not name.isprintable():
        text = _("give the name of one folder, without a path")
        raise InputError(f"{option} {name}: {text}")
    if len(os.fsencode(name)) > LONGEST_NAME:
        text = _("is too long; give at most {count} bytes", count=LONGEST_NAME)
        raise InputError(f"{option} {name[:20]}…: {text}")


def make_run_folder(log_dir: Path, name: str) -> Path:
    """Make and return log_dir/name, or name-2, name-3 …, so that two runs never share a folder.

    Raises InputError if it cannot be made, or if the name leads out of log_dir.
    """
    check_name("--run-name", name)
    if not str(log_dir).isprintable():  # TensorBoard's writer needs UTF-8
        text = _("give a name of printable characters")
        raise InputError(f"--log-dir {log_dir}: {text}")
    while True:
        folder = find_free_name(log_dir / name)
        try:
            log_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            return folder
        except FileExistsError as error:  # log_dir is a file, or another process was faster
            if not log_dir.is_dir():
                text = _("is not a folder; give another")
                raise InputError(f"--log-dir {log_dir}: {text}") from error
        except OSError as error:
            text = _("cannot write ({reason}); give another", reason=error.strerror)
            raise InputError(f"--log-dir {log_dir}: {text}") from error
