"""Reads a Python file as people write it."""

import ast
import io
import re
import tokenize
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.python2 import is_python_2, translate
from trainer.common.errors import InputError

ENCODINGS = ("utf-8", "cp932", "cp949", "gbk", "latin-1")  # The last accepts any bytes.
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)  # A line of Python may begin so too.


@dataclass
class Source:
    """A parsed file: its tree, and how it had to be read."""

    path: Path
    tree: ast.Module
    text: str = ""  # what was parsed: not the file's own text if is_translated
    is_translated: bool = False

    def describe_line(self, line: int) -> str:
        """Return where a line of the text is in the file."""
        return f"line {line}"


def read_source(path: Path, text: str | None = None) -> Source:
    """Parse a file, or this text in its place, translating Python 2; raises InputError."""
    text = _decode(path) if text is None else text
    try:
        return _parse(path, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        what = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f"{path}{line}: not valid Python: {what}") from None


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if b"\0" in data:
        raise InputError(f"{path}: not a text file; give a Python file")
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
            tree = _parse_tree(attempt)
        except SyntaxError:
            continue
        if is_python_2(tree):
            return _parse_python_2(path, attempt)
        return Source(path, tree, attempt)
    for attempt in attempts:
        with suppress(SyntaxError, ValueError):
            return _parse_python_2(path, attempt)
    return Source(path, _parse_tree(bare), bare)  # Raises the SyntaxError to report.


def _parse_python_2(path: Path, text: str) -> Source:
    translated = translate(text)
    return Source(path, _parse_tree(translated), translated, is_translated=True)


def _parse_tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Such as those on an old escape: they are not checked.
        return ast.parse(text)
