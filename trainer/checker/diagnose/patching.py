"""Replaces the code of loaded functions by that of changed ones, without loading the file again."""

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from trainer.checker.diagnose.looping import limit_loops

Texts = dict[Path, str]
Function = ast.FunctionDef
PRIVATE = re.compile(r"\b__(?!\w*__\b)\w")  # a name that stands for another inside a class


class CannotPatchError(Exception):
    """A change that is not inside functions, or that needs the file to be loaded again."""


class Patcher:
    """The loaded functions of some files, and where they stand in their texts."""

    def __init__(self, texts: Texts, modules: Iterable[ModuleType]):
        self._texts = texts
        self._functions = {path: list(list_outermost(ast.parse(t))) for path, t in texts.items()}
        self._loaded = {
            (f.__code__.co_filename, f.__code__.co_firstlineno): f
            for module in modules
            for f in _list_loaded(module)
        }

    @contextmanager
    def patch(self, path: Path, text: str) -> Iterator[None]:
        """Give the loaded functions the code that they have in the changed text of a file.

        Raises CannotPatchError, and SyntaxError for a text that is not Python.
        """
        changes = [
            (self._find_loaded(path, function), self._compile(path, function, lines))
            for function, lines in self._list_changes(path, text)
        ]
        before = [function.__code__ for function, _ in changes]
        try:
            for function, code in changes:
                function.__code__ = code
            yield
        except ValueError as error:  # of other free variables
            if "free vars" in str(error):
                raise CannotPatchError from None
            raise
        finally:
            for (function, _), code in zip(changes, before, strict=True):
                function.__code__ = code

    def _find_loaded(self, path: Path, function: Function) -> FunctionType:
        first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
        loaded = self._loaded.get((str(path), first))
        if loaded is None:
            raise CannotPatchError
        return loaded

    def _list_changes(self, path: Path, text: str) -> list[tuple[Function, list[str]]]:
        """Return the functions that are different in the changed text, with their new lines."""
        old, new = self._texts[path].splitlines(), text.splitlines()
        more = len(new) - len(old)
        first, last = _find_changed_lines(old, new)
        found = [
            (f, new[f.lineno - 1 : (f.end_lineno or f.lineno) + (more if holds(f, first) else 0)])
            for f in self._functions[path]
            if (holds(f, first) and holds(f, last))
            or (not more and old[f.lineno - 1 : f.end_lineno] != new[f.lineno - 1 : f.end_lineno])
        ]
        inside = any(holds(f, first) and holds(f, last) for f, _ in found)
        if not found or (more and not inside):
            raise CannotPatchError
        return found

    def _compile(self, path: Path, function: Function, lines: list[str]) -> CodeType:
        """Return the code of a function from its lines, as if it were loaded from its file."""
        if PRIVATE.search("\n".join(lines)):
            raise CannotPatchError
        opening = "class _:\n" if function.col_offset else ""  # so that super() finds its class
        tree = ast.parse(opening + "\n".join(lines) + "\n")
        ast.increment_lineno(tree, function.lineno - 1 - bool(opening))
        whole = compile(limit_loops(tree), str(path), "exec", dont_inherit=True)
        outer = _find_code(whole, "_") if opening else whole
        code = _find_code(outer, function.name) if outer is not None else None
        if code is None:
            raise CannotPatchError
        return code


def holds(function: Function, line: int) -> bool:
    """Return whether a line is inside a function, decorators apart."""
    return function.lineno <= line <= (function.end_lineno or function.lineno)


def _find_changed_lines(old: list[str], new: list[str]) -> tuple[int, int]:
    """Return the first and the last old line that the change touches, from 1."""
    same = zip(old, new, strict=False)
    before = next((i for i, (a, b) in enumerate(same) if a != b), min(len(old), len(new)))
    ends = zip(reversed(old[before:]), reversed(new[before:]), strict=False)
    after = next((i for i, (a, b) in enumerate(ends) if a != b), min(len(old), len(new)) - before)
    return (before + 1, len(old) - after) if before < len(old) - after else (before, before)


def _find_code(whole: CodeType, name: str) -> CodeType | None:
    """Return the code of that name among the constants of another code."""
    codes = (c for c in whole.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return next(codes, None)


def list_outermost(tree: ast.Module | ast.ClassDef | ast.If | ast.Try) -> Iterator[Function]:
    """Yield the functions that stand in no other function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef | ast.If | ast.Try):
            yield from list_outermost(node)


def _list_loaded(holder: ModuleType | type) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines."""
    for value in list(vars(holder).values()):
        for part in (value, getattr(value, "__func__", None), getattr(value, "fget", None)):
            if isinstance(part, FunctionType):
                yield part
        if isinstance(value, type) and isinstance(holder, ModuleType):
            yield from _list_loaded(value)
