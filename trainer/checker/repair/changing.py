"""Runs a step with the code of a changed text, without running what leads to the step again."""

import ast
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import CodeType, FunctionType
from typing import Any

from trainer.checker.find.steps import Step
from trainer.checker.find.trace import Form, Trace
from trainer.checker.find.tracing import Tracer
from trainer.checker.load.running import compile_statement, list_script
from trainer.checker.load.source import Source


class CannotChangeError(Exception):
    """A change of what only a new start of the program would show."""


class ChangingStep:
    """A step of a file whose functions and loop get other code for a while."""

    def __init__(self, step: Step, source: Source):
        self._step, self._now, self._source = step, step, source
        loops = [place.loop.body for place in step.tracer.loops]
        self._loop = next((i for i, body in enumerate(loops) if body is step.body), None)
        self._tracer, self._codes = self._compile(source.tree)
        found = (each for each in gc.get_objects() if type(each) is FunctionType)
        self._functions = [f for f in found if f.__code__.co_filename == str(source.path)]

    def run(self, edits: Mapping[str, Any], form: Form) -> Trace:
        """Return what the step does with its present code and these values in its leaves."""
        return self._now.run(edits, form)

    @contextmanager
    def change(self, text: str) -> Iterator[None]:
        """Give the step the code of a text for a while.

        Raises SyntaxError for a text that is not Python, and CannotChangeError.
        """
        tracer, changed = self._compile(ast.parse(text))
        if len(tracer.loops) != len(self._tracer.loops):
            raise CannotChangeError
        codes = dict(_pair_all(self._codes, changed))
        before = [f.__code__ for f in self._functions]
        old = self._step.tracer.sites, self._step.tracer.loops
        try:
            self._step.tracer.sites, self._step.tracer.loops = tracer.sites, tracer.loops
            for function in self._functions:
                function.__code__ = codes.get(function.__code__, function.__code__)
            if self._loop is not None:
                place = tracer.loops[self._loop]
                self._now = replace(self._step, body=place.loop.body, _compiled=None)
            yield
        except ValueError as error:  # of other free variables
            raise CannotChangeError from error
        finally:
            self._now = self._step
            self._step.tracer.sites, self._step.tracer.loops = old
            for function, own in zip(self._functions, before, strict=True):
                function.__code__ = own

    def _compile(self, tree: ast.Module) -> tuple[Tracer, list[CodeType]]:
        """Return the code of each function as the file was loaded, and what traces it."""
        tracer = Tracer()
        changed = tracer.instrument(self._source.path, tree)
        # One by one, as the file was run: a whole module has other code.
        whole = (compile_statement(each, self._source) for each in list_script(changed))
        return tracer, [code for each in whole for code in _list_inner(each)]


Pairs = Iterator[tuple[CodeType, CodeType]]


def _pair_all(old: list[CodeType], new: list[CodeType]) -> Pairs:
    """Yield the codes of the functions of two texts that have the same functions in one order."""
    if [code.co_name for code in old] != [code.co_name for code in new]:
        raise CannotChangeError
    for one, other in zip(old, new, strict=True):
        yield one, other
        yield from _pair_all(_list_inner(one), _list_inner(other))


def _list_inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]
