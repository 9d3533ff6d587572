"""Finds the submissions in a folder or an archive, and the file of each that is to be checked."""

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from trainer.checker.grading.unpacking import (
    FILE_BYTES,
    FILES,
    Item,
    is_ignored,
    list_archive,
    list_folder,
)
from trainer.common.errors import InputError
from trainer.common.language import translate as _

SUFFIXES = (".py", ".ipynb")
NET = re.compile(rb"class\s+\w*(two|2|tow)\w*(layer|lay|net)", re.IGNORECASE)
FUNCTIONS = re.compile(rb"^def \w*(forward|backward)\w*\(", re.MULTILINE)
ANY_NET = re.compile(rb"class\s+\w*(net|mlp|nn)", re.IGNORECASE)


@dataclass
class Submission:
    """What one student gave: its files, or why there are none."""

    student: str
    items: list[Item] = field(default_factory=list)
    problem: str = ""

    def digest(self) -> str:
        """Return a number for the contents: the same for the same files."""
        made = hashlib.sha256()
        for item in sorted(self.items[:FILES], key=lambda item: str(item.path)):
            made.update(f"{item.path}\0{item.size}\0".encode("utf-8", "surrogateescape"))
            if item.size > FILE_BYTES:  # it is left out
                continue
            try:
                with item.source() as stream:
                    made.update(hashlib.sha256(stream.read(FILE_BYTES)).digest())
            except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
                made.update(b"?")
        return made.hexdigest()


@contextmanager
def open_submissions(path: Path) -> Iterator[list[Submission]]:
    """Yield the submissions of a folder or an archive, sorted.

    Raises InputError if there are none.
    """
    if path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield _check(path, _group(list(list_archive(archive))))
    elif path.is_dir():
        yield _check(path, list(_list_entries(path)))
    elif path.exists():
        text = _("neither a folder nor a .zip; give the folder of the submissions")
        raise InputError(f"{path}: {text}")
    else:
        raise InputError(_("{path}: there is no such folder", path=path))


def _check(path: Path, found: list[Submission]) -> list[Submission]:
    if not found:
        text = _("no submissions: expected a .py, .ipynb or folder per student")
        raise InputError(f"{path}: {text}")
    return sorted(found, key=lambda each: each.student)


def _group(items: list[Item]) -> list[Submission]:
    """Return a submission for each top name of an archive, or of its only folder."""
    tops = {item.path.parts[0] for item in items}
    if len(tops) == 1 and all(len(item.path.parts) > 1 for item in items):
        items = [Item(PurePosixPath(*i.path.parts[1:]), i.size, i.source) for i in items]
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.path.parts[0], []).append(item)
    found = []
    for top, members in groups.items():
        if len(members[0].path.parts) > 1:
            inner = [Item(PurePosixPath(*i.path.parts[1:]), i.size, i.source) for i in members]
            found.append(Submission(top, inner))
        elif members[0].path.suffix in SUFFIXES:
            found.append(Submission(_name_file(members[0].path, set(groups)), members))
    return found


def _list_entries(folder: Path) -> Iterator[Submission]:
    names = {each.name for each in folder.iterdir()}
    for entry in sorted(folder.iterdir()):
        path = PurePosixPath(entry.name)
        if is_ignored(path):
            continue
        if entry.is_symlink():
            yield Submission(
                _name_file(path, names), problem=_("it is a link, which is not followed")
            )
        elif entry.is_dir():
            yield Submission(entry.name, list(list_folder(entry)))
        elif path.suffix in SUFFIXES:
            item = Item(path, entry.stat().st_size, lambda entry=entry: entry.open("rb"))
            yield Submission(_name_file(path, names), [item])
        elif path.suffix == ".zip":
            yield _open_zip(entry, _name_file(path, names))


def _open_zip(path: Path, student: str) -> Submission:
    """Return the submission in a student's archive."""
    try:
        archive = zipfile.ZipFile(path)
        items = list(list_archive(archive))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        return Submission(
            student, problem=_("its .zip cannot be read: {error}").format(error=error)
        )
    tops = {item.path.parts[0] for item in items}
    if len(tops) == 1 and all(len(item.path.parts) > 1 for item in items):
        items = [Item(PurePosixPath(*i.path.parts[1:]), i.size, i.source) for i in items]
    return Submission(student, items)


def _name_file(path: PurePosixPath, names: set[str]) -> str:
    """Return the student of a file: its name without the suffix, unless another has that too."""
    same = [name for name in names if PurePosixPath(name).stem == path.stem]
    return path.stem if len(same) == 1 else path.name


def choose_file(folder: Path, pattern: str | None) -> Path:
    """Return the file to check in a folder: the only one that may be meant.

    pattern is a glob for its name. Raises InputError where none or several may be meant.
    """
    found = [folder.joinpath(*item.path.parts) for item in list_folder(folder)]
    files = [path for path in found if path.suffix in SUFFIXES]
    if pattern:
        files = [path for path in files if path.match(pattern)]
    if not files:
        message = _("it has no {pattern} file") if pattern else _("it has no .py or .ipynb file")
        raise InputError(message.format(pattern=pattern))
    for form in (NET, ANY_NET, FUNCTIONS):
        named = [path for path in files if form.search(path.read_bytes())]
        if len(named) == 1:
            return named[0]
        files = named or files
    if len(files) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in files[:5])
        message = _("several files may be meant ({names}): choose with --file")
        raise InputError(message.format(names=names))
    return files[0]
