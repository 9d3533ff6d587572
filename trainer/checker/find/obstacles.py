"""Tells what kept the code of a file from training, and which files beside it use it."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.adapt.attempts import describe_raised
from trainer.checker.find.calls import Call
from trainer.checker.find.failing import find_line
from trainer.checker.load.source import Source
from trainer.common.language import translate as _

MOST_FILES, MOST_BYTES = 200, 500_000  # that are searched, and of each
MOST_USERS = 3


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
    """Return the files that import one, or its package, in its folder and in the one above."""
    found = set(_list_importers(path))
    if passed := {file for file in found if file.stem == "__init__"}:
        found = (found - passed) | {
            each for file in passed for each in _list_importers(file.parent)
        }
    return sorted(found, key=lambda file: (file.name, file))[:MOST_USERS]


def _list_importers(path: Path) -> Iterator[Path]:
    """Yield the files that import a file or a folder."""
    imports = re.compile(rf'^[\s"]*(from|import)\s[^\n]*\b{re.escape(path.stem)}\b', re.MULTILINE)
    files = (file for folder in path.parents[:2] for file in _list_files(folder) if file != path)
    for file in files:
        with suppress(OSError, ValueError):
            is_short = file.stat().st_size <= MOST_BYTES
            if is_short and imports.search(file.read_text("utf-8")):
                yield file


def _list_files(folder: Path) -> list[Path]:
    """Return the first scripts and notebooks of a folder."""
    with suppress(OSError):
        return sorted(f for f in folder.iterdir() if f.suffix in (".py", ".ipynb"))[:MOST_FILES]
    return []
