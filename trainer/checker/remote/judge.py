"""Judges a file whose code runs in a worker: everything that decides happens in this process."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from trainer.checker.adapt.attempts import report_exception
from trainer.checker.adapt.averaging import averages_sums
from trainer.checker.adapt.loaded import Loaded
from trainer.checker.check_file import judge_loaded
from trainer.checker.findings.comparing import Finding
from trainer.checker.load.definitions import Helper, has_loop, list_defined
from trainer.checker.load.notebook import Notebook
from trainer.checker.load.places import place_finding
from trainer.checker.load.source import read_source
from trainer.checker.measure.book_functions import CHECKS
from trainer.checker.parts.expected import find_rule
from trainer.checker.remote.calling import RemoteFunction, RemotePart, make_error
from trainer.checker.remote.connection import Connection
from trainer.checker.remote.net import RemoteClass
from trainer.checker.shapes.shape import Part
from trainer.checker.worker.protocol import TEXT, ProtocolError, take_list, take_text
from trainer.common.errors import InputError


def judge_file(
    connection: Connection,
    inside: Path,
    path: Path,
    name: str | None,
    seed: int,
    progress: Callable[[str], None],
    keep: Callable[[Loaded], None] = lambda _loaded: None,
) -> Iterator[Finding | str]:
    """Yield the name of the net's class, empty if there is no net, then every finding.

    inside is the file as the worker sees it, path as the user does. keep is given what was
    loaded. Raises InputError for a file that cannot be checked.
    """
    progress("loading")
    answer = connection.ask({"do": "load", "name": name, "known": list(CHECKS)})
    if "stopped" in answer:
        raise InputError(take_text(answer, "stopped").replace(str(inside), path.name))
    if "error" in answer:
        yield _rename(report_exception("loading", make_error(answer["error"])), inside, path)
        return
    places = _Places(answer)
    loaded = _read_loaded(connection, inside, path, name, answer)
    keep(loaded)
    for item in judge_loaded(loaded, seed, progress):
        if isinstance(item, Finding):
            item = places.place(item, inside) if places else item
            item = _rename(item, inside, path)
        yield item


def _rename(finding: Finding, inside: Path, path: Path) -> Finding:
    """Return the finding with the user's paths in place of the worker's."""
    folder, message = str(inside.parent), finding.message
    file = finding.file
    if file and inside.parent in Path(file).parents:
        file = str(path.parent / Path(file).relative_to(inside.parent))
    if inside.parent != path.parent:
        message = message.replace(f"{folder}/", "")
    return replace(finding, message=message, file=file)


def _read_loaded(
    connection: Connection, inside: Path, path: Path, name: str | None, answer: dict[str, Any]
) -> Loaded:
    """Return what the worker loaded, with its class and functions as objects that ask the
    worker.
    """
    about = answer.get("class")
    kind = RemoteClass(connection, about) if about else None
    helpers = [
        Helper(take_text(each, "file"), *_read_functions(connection, each, number))
        for number, each in enumerate(take_list(answer, "helpers"))
    ]
    names, _ = _read_functions(connection, answer, -1)
    source = read_source(path)
    defined = list_defined(source)  # as the judge reads it: the code cannot hide it
    return Loaded(
        inside, kind, names, defined, helpers, _Notes(connection, "notes"),
        _Notes(connection, "aliases"), take_text(answer, "absence"),
        _read_unfinished(answer.get("unfinished")), _read_parts(connection, answer, defined),
        name is None, has_loop(source), averages_sums(source),
    )  # fmt: skip


def _read_unfinished(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        raise ProtocolError
    return {str(name): str(needed)[:TEXT] for name, needed in data.items()}


def _read_parts(connection: Connection, answer: dict[str, Any], defined: set[str]) -> list[Part]:
    """Return the functions and layers that the judge knows, of those that the worker lists."""
    parts: dict[str, Part] = {}
    for number, each in enumerate(take_list(answer, "parts")):
        match each:
            case [str(name), [*needs], bool(is_own)] if find_rule(name):
                run = RemotePart(connection, name, number)
                parts[name] = Part(name, tuple(map(str, needs)), run, is_own or name in defined)
            case _:
                raise ProtocolError
    return list(parts.values())


def _read_functions(
    connection: Connection, about: dict[str, Any], module: int
) -> tuple[dict[str, object], set[str]]:
    """Return the functions of a module by name, as far as they are known, and their names."""
    listed = take_list(about, "functions")
    known = [name for name in CHECKS if name in listed]
    questions = {n: {"do": "function", "module": module, "name": n} for n in known}
    return {n: RemoteFunction(connection, question) for n, question in questions.items()}, set(
        known
    )


class _Notes:
    """The notes of the loader, which are asked for at the end: methods import modules too."""

    def __init__(self, connection: Connection, key: str):
        self._connection, self._key = connection, key

    def __iter__(self) -> Iterator[str]:
        answer = self._connection.ask({"do": "notes"})
        return map(str, take_list(answer, self._key))


class _Places:
    """The cell of a notebook and the line in it, of each line of its text; empty for a file."""

    def __init__(self, answer: dict[str, Any]):
        listed = take_list(answer, "places", 200_000)
        self._places = [(cell, line) for cell, line in map(_read_pair, listed)]

    def __bool__(self) -> bool:
        return bool(self._places)

    def find_place(self, line: int) -> tuple[int, int]:
        """Return the cell and the line in it, of a line of the text."""
        return self._places[min(max(line, 1), len(self._places)) - 1]

    def place(self, finding: Finding, path: Path) -> Finding:
        """Return the finding with cells in place of the text's lines."""
        return place_finding(finding, path, cast(Notebook, self))


def _read_pair(data: Any) -> tuple[int, int]:
    match data:
        case [int(cell), int(line)]:
            return cell, line
    raise ProtocolError
