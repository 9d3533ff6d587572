"""Limits that a process sets for itself and its children, where the system has them."""

import os
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path

FILES = 256  # open at a time
FILE_BYTES = 1 << 26  # of one file that is written
PROCESSES = 64  # more than the user has now
READ = 1 << 20  # bytes of a file that are searched for a word


def limit_process(mebibytes: int, seconds: float) -> None:
    """Limit address space, CPU time, open files, the size of files and the number of processes.

    macOS and Windows have few of these: there the judge alone watches.
    """
    try:
        import resource
    except ImportError:
        return
    limits = {
        "RLIMIT_AS": _count_address_space() + mebibytes * 2**20,
        "RLIMIT_CPU": int(seconds) + 2,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": FILES,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NPROC": _count_processes() + PROCESSES,
    }
    for name, limit in limits.items():
        with suppress(AttributeError, ValueError, OSError):
            number = getattr(resource, name)
            most = resource.getrlimit(number)[1]
            limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
            resource.setrlimit(number, (limit, limit))


def _count_address_space() -> int:
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _count_processes() -> int:
    """Return how many threads the user has: Linux counts these as processes."""
    count, own = 0, os.getuid() if hasattr(os, "getuid") else -1
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if folder.stat().st_uid == own:
                count += sum(1 for _ in (folder / "task").iterdir())
    return count


def import_torch(path: Path) -> None:
    """Import torch where a file needs it: its address space must not count for the code's limit.

    Its optimizers import more of it, and want to write a temporary file, which the code may not.
    """
    if _mentions(path, b"torch"):
        with suppress(ImportError):
            import torch

            torch.set_num_threads(1)
            if _mentions(path, b"optim"):
                torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def _mentions(path: Path, word: bytes) -> bool:
    """Return whether a file has a word, or one beside it that it names or that names it."""
    text = _read(path)
    beside = ((each, _read(each)) for each in islice(path.parent.glob("*.py"), 100))
    return word in text or any(
        word in other and (_names(text, each) or _names(other, path)) for each, other in beside
    )


def _names(text: bytes, path: Path) -> bool:
    return bool(re.search(rb"\b%s\b" % re.escape(path.stem.encode()), text))


def _read(path: Path) -> bytes:
    """Return the first bytes of a file, b"" where it cannot be read."""
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(READ)
    return b""
