"""Reads a Jupyter notebook as one source text, and knows the cell of each of its lines."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainer.checker.findings.placing import describe_cell, describe_invalid
from trainer.checker.load.magics import parse_quietly, remove_commands
from trainer.checker.load.python2 import TRUE_DIVISION, is_python_2, translate
from trainer.common.errors import InputError
from trainer.common.language import N_, get_language
from trainer.common.language import translate as _

MOST = 256 * 2**20  # bytes: more is an output that nobody needs for the check
SETS = re.compile(
    r"^[ \t]*(?:def|class)[ \t]+(\w+)|^[ \t]*([\w, \t]+)=(?!=)|\bimport[ \t]+([\w, \t]+)",
    re.MULTILINE,
)  # `import numpy as np` too
NO_CELLS = N_("{path}: is not a notebook: it has no cells")
Cell = tuple[int, str]  # its number, counted from 1 with the text cells, and its code


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook in one text; places gives the cell and its line of each text line.

    notes says which cells were left out, and lost has the names that they seem to set, with the
    cell of each. is_python_2 tells that the text was translated.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]
    lost: dict[str, int]
    is_python_2: bool
    divides_truly: bool

    def find_place(self, line: int) -> tuple[int, int]:
        """Return the cell and the line in it of a line of the text, all counted from 1."""
        return self.places[min(max(line, 1), len(self.places)) - 1]


def read_notebook(path: Path) -> Notebook:
    """Read a notebook of format 3 or 4; raises InputError for what is none in Python."""
    try:
        status = path.stat()
        return _read_version(path, status.st_mtime_ns, status.st_size, get_language())
    except OSError as error:
        message = _("{path}: cannot be read: {error}")
        raise InputError(message.format(path=path, error=error.strerror)) from None


@lru_cache(maxsize=4)
def _read_version(path: Path, _changed: int, size: int, _language: str) -> Notebook:
    if size > MOST:
        message = _("{path}: is larger than {size} MiB; clear its outputs first")
        raise InputError(message.format(path=path, size=MOST >> 20))
    content = _read_json(path)
    cells = list(_list_cells(path, content))
    if not any(code.strip() for _, code in cells):
        raise InputError(_("{path}: the notebook has no code").format(path=path))
    version = _find_version(path, content)
    return _join_cells(path, cells, version)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        message = _("{path}: is not a notebook: it is not UTF-8 text")
        raise InputError(message.format(path=path)) from None
    except json.JSONDecodeError as error:
        message = _("{path}: is not a notebook: not valid JSON (line {line}, column {column})")
        words = {"path": path, "line": error.lineno, "column": error.colno}
        raise InputError(message.format(**words)) from None
    except (ValueError, RecursionError):
        message = _("{path}: is not a notebook: not valid JSON")
        raise InputError(message.format(path=path)) from None
    if not isinstance(content, dict):
        raise InputError(_(NO_CELLS).format(path=path))
    return content


def _list_cells(path: Path, content: dict[str, Any]) -> Iterator[Cell]:
    """Yield the code cells; format 3 has them in worksheets, with the code as input."""
    sheets = content.get("worksheets", [content])
    sheets = sheets if isinstance(sheets, list) and "cells" not in content else [content]
    number = 0
    for sheet in sheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list):
            raise InputError(_(NO_CELLS).format(path=path))
        for cell in cells:
            number += 1
            if not isinstance(cell, dict):
                message = _("{path}: is not a notebook: cell {cell} is not an object")
                raise InputError(message.format(path=path, cell=number))
            language = str(cell.get("language", "python")).lower()
            if cell.get("cell_type") == "code" and language.startswith(("python", "ipython")):
                yield number, _get_code(path, number, cell)


def _get_code(path: Path, number: int, cell: dict[str, Any]) -> str:
    code = cell.get("source", cell.get("input"))
    parts: list[Any] = code if isinstance(code, list) else [code]
    if not all(isinstance(part, str) for part in parts):
        message = _("{path}: is not a notebook: the code of cell {cell} is not text")
        raise InputError(message.format(path=path, cell=number))
    code = "".join(parts).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\0\v\f\x1c-\x1e\x85\u2028\u2029]", " ", code)


def _find_version(path: Path, content: dict[str, Any]) -> int | None:
    """Return the major version of Python that the notebook names, None where it names two, or none;
    InputError if not Python. PyCharm calls the language 2.7.6 beside a kernel python3.
    """
    metadata = _get_dict(content, "metadata")
    kernel, language = _get_dict(metadata, "kernelspec"), _get_dict(metadata, "language_info")
    name = str(language.get("name") or kernel.get("language") or "python").lower()
    if not name.startswith(("python", "ipython")):
        message = _("{path}: is a notebook in {language}; only Python can be checked")
        raise InputError(message.format(path=path, language=repr(name[:20])))
    found = set()
    for value in (language.get("version"), str(kernel.get("name", "")).removeprefix("python")):
        with suppress(ValueError):
            found.add(int(str(value).split(".")[0]))
    return found.pop() if len(found) == 1 else None


def _get_dict(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _join_cells(path: Path, cells: list[Cell], version: int | None) -> Notebook:
    """Return the notebook of its cells; if no version is named, the cells themselves tell."""
    parts, failed = _read_cells(cells, translated=version == 2)
    if version is None and _looks_like_python_2(parts, failed, cells):
        parts, failed = _read_cells(cells, translated=True)
        version = 2
    if not parts:
        number, error = next(iter(failed.items()))
        raise InputError(f"{path}: {_describe_error(number, error)}")
    if not any(code.strip() for _, code, _ in parts):
        raise InputError(_("{path}: the notebook has no code in Python").format(path=path))
    places = [(number, line) for number, _, lines in parts for line in lines]
    text = "".join(code + "\n" for _, code, _ in parts)
    left_out = _("{error}; the cell was left out")
    notes = [left_out.format(error=_describe_error(n, error)) for n, error in failed.items()]
    divides_truly = any(TRUE_DIVISION.search(code) for _, code in cells)
    lost = {name: n for n, code in cells if n in failed for name in _guess_names(code)}
    return Notebook(text, tuple(places), tuple(notes), lost, version == 2, divides_truly)


def _guess_names(code: str) -> Iterator[str]:
    """Yield the names that a cell which is not Python seems to set."""
    for groups in SETS.findall(code):
        yield from (name for group in groups for name in re.findall(r"[^\W\d]\w*", group))


Part = tuple[int, str, list[int]]  # a cell's number, its Python, the line in the cell of each line


def _read_cells(cells: list[Cell], translated: bool) -> tuple[list[Part], dict[int, Exception]]:
    """Return the cells as Python 3, and the errors of those that cannot be read."""
    parts: list[Part] = []
    failed: dict[int, Exception] = {}
    for number, code in cells:
        try:
            parts.append(_read_cell(number, code, translated))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            failed[number] = error
    return parts, failed


def _read_cell(number: int, code: str, translated: bool) -> Part:
    count = code.count("\n") + 1
    if not translated:
        lines = list(range(1, count + 1))
        try:
            return number, remove_commands(code), lines
        except SyntaxError as error:
            with suppress(SyntaxError):
                return number, remove_commands(code.expandtabs(8)), lines
            raise error from None
    text = _translate_cell(remove_commands(code.expandtabs(8), _parse_python_2))
    added = text.count("\n") + 1 - count  # 2to3's fixers may add an import, at the top.
    return number, text, [max(1, line - added) for line in range(1, count + added + 1)]


def _translate_cell(code: str) -> str:
    """Return a cell of Python 2 as Python 3, with as many empty lines at its end."""
    bare = code.rstrip()
    text = translate(bare).rstrip() if bare else ""
    parse_quietly(text)
    return text + "\n" * (code.count("\n") - bare.count("\n"))


def _parse_python_2(code: str) -> None:
    """Raise SyntaxError, with its line, where the text is not Python 2."""
    try:
        parse_quietly(code)
    except SyntaxError as error:
        try:
            translate(code)
        except ValueError:
            raise error from None


def _looks_like_python_2(
    parts: list[Part], failed: dict[int, Exception], cells: list[Cell]
) -> bool:
    if is_python_2(parse_quietly("".join(code + "\n" for _, code, _ in parts))):
        return True
    again, _ = _read_cells([cell for cell in cells if cell[0] in failed], translated=True)
    return bool(again)


def _describe_error(number: int, error: Exception) -> str:
    place = _("cell {cell}").format(cell=number)
    what = _("it cannot be parsed")
    if isinstance(error, SyntaxError):
        place = describe_cell(number, error.lineno) if error.lineno else place
        what = error.msg
    return describe_invalid(place, what)
