"""Reads a Python file as people write it."""

import ast
import io
import re
import tokenize
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.findings.placing import (
    describe_cell,
    describe_invalid,
    describe_line,
    describe_place,
)
from trainer.checker.load.magics import parse_quietly
from trainer.checker.load.notebook import Notebook, read_notebook
from trainer.checker.load.python2 import (
    TRUE_DIVISION,
    NoTranslatorError,
    is_python_2,
    translate,
)
from trainer.common.errors import InputError
from trainer.common.language import translate as _

ENCODINGS = ("utf-8", "cp932", "cp949", "gbk", "latin-1")  # The last accepts any bytes.
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)  # A line of Python may begin so too.


@dataclass
class Source:
    """A parsed file: its tree, and how it had to be read."""

    path: Path
    tree: ast.Module
    text: str = ""  # what was parsed: not the file's own text if is_translated
    is_translated: bool = False
    divides_truly: bool = True  # False for Python 2, where 1 / 2 is 0
    notebook: Notebook | None = None

    def describe_line(self, line: int) -> str:
        """Return where a line of the text is in the file."""
        if self.notebook is None:
            return describe_line(line)
        return describe_cell(*self.notebook.find_place(line))


def read_source(path: Path, text: str | None = None) -> Source:
    """Parse a file, translating Python 2, or a changed text of it; raises InputError."""
    try:
        if path.suffix == ".ipynb":
            return _read_cells(read_notebook(path), path, text)
        if text is not None:
            return Source(path, parse_quietly(text), text)
        return _parse(path, decode(path))
    except InputError:
        raise
    except NoTranslatorError as error:
        message = _("{path}: it is Python 2; to have it read: {command}")
        raise InputError(message.format(path=path, command=error.command)) from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place, what = str(path), str(error)
        if isinstance(error, SyntaxError):
            place, what = describe_place(place, error.lineno), error.msg
        raise InputError(describe_invalid(place, what)) from None


def _read_cells(notebook: Notebook, path: Path, text: str | None) -> Source:
    """Return the source of a notebook, or of this changed text of it."""
    text = notebook.text if text is None else text
    is_old, divides = notebook.is_python_2, notebook.divides_truly or not notebook.is_python_2
    return Source(path, parse_quietly(text), text, is_old, divides, notebook)


def decode(path: Path) -> str:
    """Return the text of a file, in whatever encoding it is; raises InputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = _("{path}: cannot be read: {error}")
        raise InputError(message.format(path=path, error=error.strerror)) from None
    if b"\0" in data:
        raise InputError(_("{path}: not a text file; give a Python file").format(path=path))
    try:
        named = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        named = "utf-8"
    for encoding in (named, *ENCODINGS):
        with suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            break
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _parse(path: Path, text: str) -> Source:
    bare = MAGIC.sub(r"\1pass", text)
    # Python 2 takes a tab for 8 columns.
    attempts = dict.fromkeys((text, bare, text.expandtabs(8), bare.expandtabs(8)))
    for attempt in attempts:
        try:
            tree = parse_quietly(attempt)
        except SyntaxError:
            continue
        if is_python_2(tree):
            return _parse_python_2(path, attempt)
        return Source(path, tree, attempt)
    for attempt in attempts:
        with suppress(SyntaxError, ValueError):
            return _parse_python_2(path, attempt)
    return Source(path, parse_quietly(bare), bare)  # Raises the SyntaxError to report.


def _parse_python_2(path: Path, text: str) -> Source:
    translated = translate(text)
    divides = TRUE_DIVISION.search(text) is not None
    return Source(path, parse_quietly(translated), translated, True, divides)


def split_class(text: str) -> tuple[Path, str | None]:
    """Return the file of FILE or FILE:CLASS, and the class; raises InputError for no file."""
    path, name = Path(text), None
    try:
        if not path.exists() and ":" in text:
            file, name = text.rsplit(":", 1)
            path = Path(file)
        if path.is_dir():
            message = _("{path} is a folder; give the file with the class: FILE.py")
            raise InputError(message.format(path=path))
        if not path.exists():
            raise InputError(_("{path}: there is no such file").format(path=path))
    except OSError as error:  # no permission to look, a name too long
        message = _("{path}: cannot be read: {reason}")
        raise InputError(message.format(path=path, reason=error.strerror)) from error
    return path, name or None
