"""Tells what kept the code of a file from training, and which files beside it use it."""

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from trainer.checker.adapt.attempts import describe_raised
from trainer.checker.find.calls import Call
from trainer.checker.find.failing import find_line
from trainer.checker.load.running import DEFINITIONS
from trainer.checker.load.source import Source, read_source
from trainer.common.errors import InputError
from trainer.common.language import translate as _

MOST_PARTS, MOST_FILES, MOST_BYTES = 5_000, 200, 500_000  # of a project, read of it, and of each
MOST_USERS, MOST_FOLDERS = 3, 4  # from a file up to that of its project, and from there down
ROOT = {"readme", "license", "requirements", "setup", "pyproject"}  # stems of files of a project
PACKAGE = "__init__"  # the file that stands for its folder
IMPORT = re.compile(r'^[\s"]*(?:from|import)\s[^\n]*', re.MULTILINE)  # of a script, or of a cell


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
    """Return the files that import one, or its package, then those that import these, and so on: of
    its project, of its folder and of the one above. Those that do something as scripts come first.
    """
    imports, found, nearest = dict(_read_imports(path)), dict[Path, None](), [path]
    while nearest:
        users = {file for each in nearest for file in imports if _imports(imports, file, each)}
        nearest = sorted(users - {path, *found}, key=lambda file: (file.name, file))
        found |= dict.fromkeys(nearest)
    files = [file for file in found if file.stem != PACKAGE]
    return sorted(files, key=_only_defines)[:MOST_USERS]


def _only_defines(path: Path) -> bool:
    """Return whether a file does nothing as a script."""
    try:
        body = read_source(path).tree.body
    except (InputError, OSError):
        return True
    others = (each for each in body if not isinstance(each, (*DEFINITIONS, ast.ClassDef)))
    return not any(isinstance(n, ast.Call) for each in others for n in ast.walk(each))


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
    near = (file for folder in path.parents[:2] for file in _list_parts(folder))
    project = chain.from_iterable(map(_walk, _find_project(path)))
    files = dict.fromkeys(chain(near, islice(project, MOST_PARTS)))
    scripts = (file for file in files if file.suffix in (".py", ".ipynb"))
    for file in islice(scripts, MOST_FILES):
        with suppress(OSError, ValueError):
            if file.stat().st_size <= MOST_BYTES:
                lines = IMPORT.findall(file.read_text("utf-8"))
                yield file, [set(re.findall(r"\w+", line)) for line in lines]


def _find_project(path: Path) -> list[Path]:
    """Return the folder of the project of a file, which its files show, none where none do."""
    folders = (f for f in islice(path.parents, MOST_FOLDERS)
               if ROOT & {part.stem.lower() for part in _list_parts(f)})  # fmt: skip
    return list(islice(folders, 1))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder and in those below, the nearest first, without what is hidden or
    installed.
    """
    nearest = [folder]
    for _level in range(MOST_FOLDERS):
        below = []
        for part in (part for each in nearest for part in _list_parts(each)):
            yield part
            below += [part] if _may_have_scripts(part) else []
        nearest = below


def _may_have_scripts(part: Path) -> bool:
    """Return whether a part of a folder is a folder that can be read, and no environment."""
    with suppress(OSError):
        return part.is_dir() and not (part / "pyvenv.cfg").exists()
    return False


def _list_parts(folder: Path) -> list[Path]:
    """Return what is in a folder and not hidden, nothing of one that cannot be read."""
    with suppress(OSError):
        return sorted(part for part in folder.iterdir() if not part.name.startswith("."))
    return []
