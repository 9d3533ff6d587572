"""Tells what kept the code of a file from training, and which files beside it use it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from trainer.checker.adapt.attempts import describe_raised
from trainer.checker.find.calls import Call
from trainer.checker.find.failing import find_line
from trainer.checker.load.source import Source
from trainer.common.language import translate as _

MOST_FILES, MOST_BYTES = 200, 500_000  # that are searched, and of each
MOST_USERS = 3
PACKAGE = "__init__"  # the file that stands for its folder
IMPORT = re.compile(
    r'^[\s"]*(?:from|import)\s[^\n]*', re.MULTILINE
)  # a line of a script, or of a cell


@dataclass(frozen=True)
class Obstacle:
    """A call that failed; reached is the number of places that it saw before."""

    call: Call
    error: Exception
    reached: int = 0

    def describe(self, source: Source) -> str:
        """Return what was called, and what it raised where in a file."""
        raised, line = describe_raised(self.error), find_line(self.error, source.path)
        place = f" ({source.describe_line(line)})" if line else raised.at
        message = _("{name} raised {error}")
        return message.format(name=self.call.title, error=raised.text + place)


def list_importers(path: Path) -> list[Path]:
    """Return the files that import one, or its package, then those that import these, and so on:
    of its folder and of the one above, and of the folders in these.
    """
    imports, found, nearest = dict(_read_imports(path)), dict[Path, None](), [path]
    while nearest and len(found) < MOST_USERS:
        users = {file for each in nearest for file in imports if _imports(imports, file, each)}
        nearest = sorted(users - {path, *found}, key=lambda file: (file.name, file))
        found |= dict.fromkeys(nearest)
    return [file for file in found if file.stem != PACKAGE][:MOST_USERS]


def _imports(imports: Mapping[Path, list[set[str]]], file: Path, used: Path) -> bool:
    """Return whether a file, of which the names in each import are given, imports another one; from
    a folder beside that of the other it names this too.
    """
    package, name = used.parent.name, used.stem
    is_near = used.parent in (file.parent, *file.parent.parents) or file.parent in used.parents
    names = {package if name == PACKAGE else name} | ({package} if not is_near else set())
    return file != used and any(names <= each for each in imports[file])


def _read_imports(path: Path) -> Iterator[tuple[Path, list[set[str]]]]:
    """Yield the scripts and notebooks that may import a file, and the names in each import."""
    folders = (each for folder in path.parents[:2] for each in (folder, *_list_folders(folder)))
    files = dict.fromkeys(file for folder in folders for file in _list_files(folder))
    for file in islice(files, MOST_FILES):
        with suppress(OSError, ValueError):
            if file.stat().st_size <= MOST_BYTES:
                lines = IMPORT.findall(file.read_text("utf-8"))
                yield file, [set(re.findall(r"\w+", line)) for line in lines]


def _list_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, without those that are hidden."""
    with suppress(OSError):
        return sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    return []


def _list_files(folder: Path) -> list[Path]:
    """Return the scripts and notebooks of a folder."""
    with suppress(OSError):
        return sorted(f for f in folder.iterdir() if f.suffix in (".py", ".ipynb"))
    return []
