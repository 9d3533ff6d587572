"""Finds the files of a project that use a file: that import it, or what imports it."""

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from trainer.checker.load.purity import only_defines
from trainer.checker.load.running import DEFINITIONS
from trainer.checker.load.source import read_source
from trainer.common.errors import InputError

MOST_PARTS, MOST_FILES, MOST_BYTES = 5_000, 200, 500_000  # of a project, read of it, and of each
MOST_USERS, MOST_FOLDERS = 3, 4  # from a file up to that of its project, and from there down
ROOT = {"readme", "license", "requirements", "setup", "pyproject"}  # stems of files of a project
PACKAGE = "__init__"  # the file that stands for its folder
IMPORT = re.compile(r'^[\s"]*(?:from|import)\s[^\n]*', re.MULTILINE)  # of a script, or of a cell


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
    scripts = list(islice((file for file in files if not _only_defines(file)), MOST_USERS))
    return [*scripts, *(file for file in files if file not in scripts)][:MOST_USERS]


def _only_defines(path: Path) -> bool:
    """Return whether a file does nothing as a script."""
    try:
        return only_defines(read_source(path).tree, (*DEFINITIONS, ast.ClassDef))
    except (InputError, OSError):
        return True


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
