"""Runs a step with the code of a changed text, without running what leads to the step again."""

import ast
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from trainer.checker.find.steps import Step
from trainer.checker.find.straight import wrap_if
from trainer.checker.find.trace import Form, Trace
from trainer.checker.find.tracing import Tracer
from trainer.checker.load.running import compile_statement, list_script
from trainer.checker.load.source import Source

Pairs = Iterator[tuple[CodeType, CodeType]]


class CannotChangeError(Exception):
    """A change of what only a new start of the program would show."""


@dataclass(frozen=True)
class Part:
    """A top-level statement: the codes of its functions, and the numbers of its loops."""

    codes: list[CodeType]
    loops: range


class ChangingStep:
    """A step of files whose functions and loop get other code for a while."""

    def __init__(self, step: Step, sources: Mapping[Path, Source]):
        self.step, self._now, self._sources = step, step, sources
        self._files: dict[Path, _File] = {}

    def run(self, edits: Mapping[str, Any], form: Form) -> Trace:
        """Return what the step does with its present code and these values in its leaves."""
        return self._now.run(edits, form)

    @contextmanager
    def change(self, path: Path, text: str) -> Iterator[None]:
        """Give the step the code of a text in place of a file's for a while.

        Raises SyntaxError for a text that is not Python, and CannotChangeError.
        """
        own, file = self.step.tracer, self._find_file(path)
        tracer = Tracer([*own.sites], [*own.loops])
        changed = list(file.compile(text, tracer))
        codes = dict(pair for old, new in changed for pair in _pair_all(old.codes, new.codes))
        before, old = [f.__code__ for f in file.functions], (own.sites, own.loops)
        try:
            own.sites, own.loops = tracer.sites, tracer.loops
            for function in file.functions:
                function.__code__ = codes.get(function.__code__, function.__code__)
            self._now = self._replace_loop(changed)
            yield
        except ValueError as error:  # of other free variables
            raise CannotChangeError from error
        finally:
            self._now = self.step
            own.sites, own.loops = old
            for function, code in zip(file.functions, before, strict=True):
                function.__code__ = code

    def _find_file(self, path: Path) -> "_File":
        if path not in self._files:
            self._files[path] = _File(self.step.tracer, path, self._sources[path])
        return self._files[path]

    def _replace_loop(self, changed: list[tuple[Part, Part]]) -> Step:
        """Return the step with the body of its loop as it is now."""
        loops = self.step.tracer.loops
        for old, new in changed:
            for before, after in zip(old.loops, new.loops, strict=True):
                if loops[before].loop.body is self.step.body:
                    return replace(self.step, body=loops[after].loop.body, _compiled={})
        return self.step


class _File:
    """The functions of a file, and its statements as they were loaded."""

    def __init__(self, tracer: Tracer, path: Path, source: Source):
        self._source, self._path, self._lines = source, path, source.text.splitlines()
        sites, loops = tracer.starts[path]
        again = Tracer(tracer.sites[:sites], tracer.loops[:loops])
        self._is_straight = tracer.straight == path
        whole = wrap_if(self._is_straight, source.tree)
        self._parts = [self._compile(each, again) for each in list_script(whole)]
        found = (each for each in gc.get_objects() if type(each) is FunctionType)
        self.functions = [f for f in found if f.__code__.co_filename == str(path)]

    def compile(self, text: str, tracer: Tracer) -> Iterator[tuple[Part, Part]]:
        """Yield each statement that differs in a text, as it was and as it is now; its values and
        loops get numbers behind those of the tracer.
        """
        statements = list_script(wrap_if(self._is_straight, ast.parse(text)))
        if len(statements) != len(self._parts):
            raise CannotChangeError
        lines = text.splitlines()
        first = _count_same(self._lines, lines)
        last = len(lines) - _count_same(self._lines[first:][::-1], lines[first:][::-1])
        for part, statement in zip(self._parts, statements, strict=True):
            begins = min(_list_lines(statement))
            if begins <= max(last, first + 1) and (statement.end_lineno or 0) > first:
                made = self._compile(statement, tracer)
                if len(made.loops) != len(part.loops):
                    raise CannotChangeError
                yield part, made

    def _compile(self, statement: ast.stmt, tracer: Tracer) -> Part:
        loops = len(tracer.loops)
        changed = tracer.instrument(self._path, ast.Module([statement], []))
        # One by one, as the file was run: a whole module has other code.
        whole = (compile_statement(each, self._source) for each in changed.body)
        codes = [code for each in whole for code in _list_inner(each)]
        return Part(codes, range(loops, len(tracer.loops)))


def _count_same(old: list[str], new: list[str]) -> int:
    """Return how many lines are the same before the first that differs."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))


def _list_lines(statement: ast.stmt) -> list[int]:
    """Return the lines at which a statement and its decorators begin."""
    return [statement.lineno, *(n.lineno for n in getattr(statement, "decorator_list", []))]


def _pair_all(old: list[CodeType], new: list[CodeType]) -> Pairs:
    """Yield the codes of the functions of two texts that have the same functions in one order."""
    if [code.co_name for code in old] != [code.co_name for code in new]:
        raise CannotChangeError
    for one, other in zip(old, new, strict=True):
        yield one, other
        yield from _pair_all(_list_inner(one), _list_inner(other))


def _list_inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]
