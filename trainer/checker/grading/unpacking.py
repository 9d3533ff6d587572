"""Lists the files of a folder or an archive, without links and without names that lead out."""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

FILES = 500  # of a submission
FILE_BYTES = 8 << 20  # a larger file is left out: it is data
TOTAL_BYTES = 48 << 20
IGNORED = ("__MACOSX", "__pycache__", "node_modules", "venv")


@dataclass(frozen=True)
class Item:
    """A file of a submission: its path in it, its size in bytes, and how to open it."""

    path: PurePosixPath
    size: int
    source: "Opener"


class Opener(Protocol):
    """Something that opens the contents of a file."""

    def __call__(self) -> IO[bytes]:
        """Return the contents as a stream of bytes."""


def is_ignored(path: PurePosixPath) -> bool:
    """Return whether a path is hidden, or made by a tool."""
    return any(part.startswith(".") or part in IGNORED for part in path.parts)


def list_folder(folder: Path) -> Iterator[Item]:
    """Yield the files of a folder that are no links, also below it."""
    for place, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            path = Path(place, name)
            about = path.lstat()
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            if stat.S_ISREG(about.st_mode) and not is_ignored(relative):
                yield Item(relative, about.st_size, lambda path=path: path.open("rb"))


def list_archive(archive: zipfile.ZipFile) -> Iterator[Item]:
    """Yield the files of an archive whose names stay inside, without links."""
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        kind = stat.S_IFMT(info.external_attr >> 16)
        is_inside = not path.is_absolute() and ".." not in path.parts and ":" not in path.name
        is_file = not info.is_dir() and kind in (0, stat.S_IFREG)
        if is_inside and is_file and path.parts and not is_ignored(path):
            yield Item(path, info.file_size, lambda info=info: archive.open(info))
