"""Finds the source of live objects: the definitions that a class or function needs, by cell."""

import ast
import dis
import linecache
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from trainer.checker.load.magics import parse_quietly

INSTALLED = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib"))
IPYTHON = re.compile(r"<ipython-input-(\d+)-")
LITERALS = (int, float, complex, str, bool, type(None), list, tuple, dict, set)
NUMPY = "_numpy"  # a name that is not the user's
MOST = 10_000  # elements of an array that is written
Namespace = dict[str, Any]
MISSING = object()


@dataclass
class Cell:
    """The text that one call of compile had: a cell of a notebook, or a file."""

    filename: str
    first: str  # the name of the first object that was found in it
    kept: dict[int, ast.stmt] = field(default_factory=dict)  # by its first line

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, none if it is lost."""
        return linecache.getlines(self.filename)

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text, empty if it is lost."""
        with suppress(SyntaxError, ValueError):
            return parse_quietly("".join(self.lines))
        return ast.Module([], [])

    @cached_property
    def file(self) -> Path | None:
        """The file that holds the text, None for a cell."""
        path = Path(self.filename)
        is_cell = find_cell_number(self.filename) or self.filename.startswith("<")
        return path if path.is_file() and not is_cell else None

    @property
    def label(self) -> str:
        """The cell's number as Jupyter shows it, or else the name of an object in it."""
        number = find_cell_number(self.filename)
        return f"In[{number}]" if number else f"with {self.first}"

    @property
    def text(self) -> str:
        """The text with all lines empty but those of the definitions that are needed."""
        shown = [""] * len(self.lines)
        for statement in self.kept.values():
            first, last = _find_first_line(statement), statement.end_lineno or statement.lineno
            shown[first - 1 : last] = [line.rstrip("\r\n") for line in self.lines[first - 1 : last]]
        return "\n".join(shown)

    def keep(self, name: str, line: int) -> ast.stmt | None:
        """Keep the top-level statement at a line that sets a name; return it, None if none does."""
        for node in self.tree.body:
            if _find_first_line(node) <= line <= (node.end_lineno or node.lineno):
                words = {getattr(each, "name", None) for each in ast.walk(node)}
                if name in words or name == "<lambda>":
                    return self.kept.setdefault(node.lineno, node)
        return None


def find_cell_number(filename: str) -> int:
    """Return the number that IPython gave to the cell of a code object, 0 for other code."""
    if match := IPYTHON.match(filename):
        return int(match[1])
    shell = get_shell()
    with suppress(AttributeError, TypeError, ValueError):
        return int(re.sub(r"\D", "", shell.compile.format_code_name(filename)[1]))
    return 0


def get_shell() -> Any:
    """Return IPython's shell if this process is one, otherwise None."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def is_local(filename: str | None) -> bool:
    """Return whether code is of the user: neither installed nor of this project."""
    if not filename or filename.startswith("<frozen"):
        return False
    own = str(Path(__file__).resolve().parents[1])
    return not filename.startswith((*INSTALLED, own)) and "site-packages" not in filename


def list_codes(target: object) -> list[CodeType]:
    """Return the code of a function, or of each method that a class defines itself."""
    return [function.__code__ for function in list_methods(target)]


def list_methods(target: object) -> list[FunctionType]:
    """Return a function itself, or the functions that a class defines itself."""
    parts = list(vars(target).values()) if isinstance(target, type) else [target]
    found = []
    for part in parts:
        part = getattr(part, "__func__", None) or getattr(part, "fget", None) or part
        while hasattr(part, "__wrapped__"):
            part = part.__wrapped__
        found += [part] if isinstance(part, FunctionType) else []
    return found


@dataclass
class Reached:
    """What some live objects need, directly or not: cells with definitions, and other names.

    names are those that the definitions use, by the identity of the namespace that holds them.
    """

    cells: dict[str, Cell] = field(default_factory=dict)
    names: dict[int, tuple[Namespace, set[str]]] = field(default_factory=dict)
    objects: dict[int, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)  # the names of objects without source

    def add(self, target: Any) -> None:
        """Add a class or function, its bases, and all of the user's that they mention."""
        waiting = [target]
        while waiting:
            each = waiting.pop()
            codes = [code for code in list_codes(each) if is_local(code.co_filename)]
            if id(each) in self.objects or not codes:
                continue
            self.objects[id(each)] = each
            self._keep_source(each, codes)
            waiting += each.__mro__[1:] if isinstance(each, type) else []
            for function in list_methods(each):
                waiting += self._note_names(function)

    def _keep_source(self, target: Any, codes: list[CodeType]) -> None:
        found = False
        for code in codes:
            name = target.__name__
            cell = self.cells.setdefault(code.co_filename, Cell(code.co_filename, name))
            found |= cell.keep(code.co_name, code.co_firstlineno) is not None
        if not found:
            self.lost.append(target.__name__)

    def _note_names(self, function: FunctionType) -> Iterator[Any]:
        """Note the global names that a function mentions; yield the classes and functions."""
        space = function.__globals__
        names = self.names.setdefault(id(space), (space, set()))[1]
        for name in _list_names(function.__code__):
            names.add(name)
            value = space.get(name)
            if isinstance(value, type | FunctionType):
                yield value
            elif not isinstance(value, ModuleType) and is_local(_find_file(type(value))):
                yield type(value)

    def list_files(self) -> list[Path]:
        """Return the user's files in which objects are defined."""
        return [cell.file for cell in self.cells.values() if cell.file]

    def list_cells(self) -> list[Cell]:
        """Return the cells of the notebook with definitions, in the order in which they ran."""
        cells = [cell for cell in self.cells.values() if not cell.file and cell.kept]
        return sorted(cells, key=lambda cell: find_cell_number(cell.filename))

    def make_prelude(self, space: Namespace) -> str:
        """Return statements that set the modules, imported objects and numbers that are needed."""
        kept = [node for cell in self.list_cells() for node in cell.kept.values()]
        used = {each.id for node in kept for each in ast.walk(node) if isinstance(each, ast.Name)}
        names = sorted(self.names.get(id(space), (space, set[str]()))[1] | used)
        lines = [_write_setting(name, space[name]) for name in names if name in space]
        roots = dict.fromkeys(str(path.parent) for path in self.list_files())
        paths = [f"sys.path.append({root!r})" for root in roots]
        numpy = [f"import numpy as {NUMPY}"] if any(NUMPY in line for line in lines) else []
        known = ["import sys", *paths] if paths else []
        return "\n".join([*numpy, *known, *filter(None, lines)])


def _find_first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])


def _find_file(kind: type) -> str | None:
    codes = list_codes(kind)
    return codes[0].co_filename if codes else None


def _list_names(code: CodeType) -> Iterator[str]:
    """Yield the global names that code reads or sets, with those of the functions inside it."""
    found = dis.get_instructions(code)
    yield from (each.argval for each in found if each.opname.endswith(("_GLOBAL", "_NAME")))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_names(constant)


def _write_value(value: Any) -> str:
    """Return an expression for numbers, texts, arrays and generators; empty for other values."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" and value.size <= MOST:
        return f"{NUMPY}.array({value.tolist()!r}, dtype={str(value.dtype)!r})"
    if isinstance(value, np.random.Generator):
        return f"{NUMPY}.random.default_rng(0)"
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        if type(value) in LITERALS and ast.literal_eval(repr(value)) == value:
            return repr(value)
    return ""


def _write_setting(name: str, value: Any) -> str:
    """Return the statement that sets a name to a value from elsewhere, empty if none can."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    if written := _write_value(value):
        return f"{name} = {written}"
    origin = getattr(value, "__module__", None)
    source = sys.modules.get(origin or "")
    own = str(getattr(value, "__name__", ""))
    if getattr(source, own, MISSING) is value and origin != "__main__":
        return f"from {origin} import {own} as {name}"
    numpy: Mapping[str, Any] = vars(sys.modules["numpy"])
    return f"from numpy import {name}" if numpy.get(name, numpy) is value else ""
