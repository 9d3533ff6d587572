"""Runs the selected statements of a file, and sets stand-ins for the names that stay unset."""

import __future__

import ast
import builtins
import io
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from trainer.checker.load.bindings import (
    FUNCTIONS,
    get_bound_names,
    list_all_names,
    list_bound_names,
    list_changed_names,
    walk_scope,
)
from trainer.checker.load.given_files import open_given, refuse_pointer
from trainer.checker.load.one_number import ONE, TAKEN, is_one_number, take_one_number, takes_number
from trainer.checker.load.purity import Purity
from trainer.checker.load.python2 import DIVISION, restore_division
from trainer.checker.load.selecting import SKIPPED, Main, Step, is_main_block, select_statements
from trainer.checker.load.source import Source, decode
from trainer.checker.load.standins import MissingNameError, StandIn, list_usual
from trainer.checker.load.star_imports import NEVER
from trainer.common.language import N_, join_words
from trainer.common.language import translate as _

NOT_RUN = N_("set at {place} of {file}, by a statement that was not run (add --run-all to run it)")
MOST_ANSWERS = 100  # to the questions of a script
STRICT = "__strict__"  # set while a missing module raises ImportError
MISTAKES = (AttributeError, NameError)  # what a misspelt name raises
DEFINITIONS = (*FUNCTIONS, ast.Import, ast.ImportFrom)


def _list_methods(nodes: list[ast.AST]) -> set[str]:
    """Return the names of the methods of classes, which are no names of the module."""
    classes = (node for node in nodes if isinstance(node, ast.ClassDef))
    return {each.name for kind in classes for each in kind.body if isinstance(each, FUNCTIONS)}


@contextmanager
def _register(module: ModuleType) -> Iterator[None]:
    """Put a module into sys.modules for a while: there dataclass looks for the one of a class."""
    name = module.__name__
    is_new = name not in sys.modules
    sys.modules.setdefault(name, module)
    try:
        yield
    finally:
        if is_new:
            sys.modules.pop(name, None)


def list_script(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements of a script, those of its main block too."""
    blocks = (
        each.body if isinstance(each, ast.If) and is_main_block(each) else [each]
        for each in tree.body
    )
    return [statement for block in blocks for statement in block]


def compile_statement(statement: ast.stmt, source: Source) -> CodeType:
    """Return the code of a top-level statement of a source, with its file's name and division."""
    later = "from __future__ import annotations" in source.text
    flags = __future__.annotations.compiler_flag if later else 0
    if not source.divides_truly:
        statement = restore_division(statement)
    statement = take_one_number(statement)
    return compile(ast.Module([statement], []), str(source.path), "exec", flags, True)


@dataclass
class Runner:
    """Runs a source in a module; is_checked tells that it is the file to check, not a helper."""

    source: Source
    module: ModuleType
    run_all: bool
    is_checked: bool
    note: Callable[[str], None]
    is_script: bool = False  # whether every statement is to run, as far as it can
    errors: list[Exception] = field(default_factory=list)  # of the statements of a script
    _answers: int = 0
    _waiting: list[ast.stmt] = field(default_factory=list)
    _set_somewhere: set[str] = field(init=False)
    _declared_global: set[str] = field(init=False)
    _sets_by_name: bool = field(init=False)  # whether it may set any name, as exec does

    def __post_init__(self) -> None:
        nodes = list(ast.walk(self.source.tree))
        self._set_somewhere = {name for node in nodes for name in get_bound_names(node)}
        self._declared_global = {n for node in nodes if isinstance(node, ast.Global)
                                 for n in node.names}  # fmt: skip
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        vars(self.module)["__free__"] = used - NEVER
        vars(self.module)["__known__"] = list_all_names(self.source.tree)
        self._sets_by_name = not used.isdisjoint({"exec", "globals", "locals", "vars"})
        if self.source.notebook:
            scope = [node for each in self.source.tree.body for node in walk_scope(each)]
            kept = {node.name for node in scope if isinstance(node, FUNCTIONS)}
            vars(self.module)["__kept__"] = kept
            vars(self.module)["__name__"] = "__main__"
            own = {name for node in scope for name in get_bound_names(node)}
            known = own | (self._set_somewhere - _list_methods(nodes))
            self._set_hidden(used - known - set(self.source.notebook.lost))

    def _set_hidden(self, names: set[str]) -> None:
        """Set what a cell that was deleted since may have imported, np and sigmoid for instance."""
        found = {k: v for k, v in list_usual(self.source.text).items() if k in names}
        vars(self.module).update(found)
        if found:
            message = _("no cell sets {names}: our own version is used")
            self.note(message.format(names=join_words(sorted(found))))

    @property
    def names(self) -> dict[str, Any]:
        """The builtins that the selected statements call."""
        names: dict[str, Any] = {
            SKIPPED: lambda name, line: StandIn(name, self._describe_skip(line)), **DIVISION,
            ONE: self._take_one,
        }  # fmt: skip
        if self.is_script:
            names["input"] = self._answer
            names["open"] = self._open
        if self.source.notebook or "get_ipython" in self.source.text:  # which Jupyter exported
            names["display"] = lambda *_values, **_options: None
            names["get_ipython"] = StandIn("get_ipython", _("exists only in Jupyter"))
        return names

    def _take_one(self, value: Any, *target: Any) -> Any:
        """Return the number of an array of one, which is noted, and any other value as it is, as
        one that is put into a place for other things: a list, or a row of an array.
        """
        if not is_one_number(value) or (target and not takes_number(*target)):
            return value
        place = self.source.describe_line(sys._getframe(1).f_lineno)
        message = _("{place}: an array of one number is no number since NumPy 2.4: add .item()")
        TAKEN[message.format(place=place)] = None
        return value.item()

    def _answer(self, *_prompt: object) -> str:
        """Answer as nobody is there to do; end as the input of a program does, which may ask again
        until it gets a certain answer.
        """
        self._answers += 1
        if self._answers > MOST_ANSWERS:
            raise EOFError
        return "1"

    def _open(self, path: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        """Open a file as open does; the table of our data stands for one that is missing, which is
        noted where there is none, and what is written into a missing folder is lost.

        Raises OSError for a number: that is a channel of this process, and no file of the code.
        """
        if isinstance(path, int):
            raise OSError(_("a number is the name of no file"))
        try:
            refuse_pointer(path if "r" in mode else "")
            return open(path, mode, *args, **options)
        except FileNotFoundError as error:
            if "r" in mode and StandIn.given_data is None:
                self.errors.append(error)  # the code may catch it
                raise
            if "r" in mode and StandIn.given_data:
                return open_given(StandIn.given_data, path, mode)
            return io.BytesIO() if "b" in mode else io.StringIO()

    def _describe_skip(self, line: int) -> str:
        place = self.source.describe_line(line)
        return _(NOT_RUN).format(place=place, file=self.source.path.name)

    def run(self, tree: ast.Module) -> None:
        """Run the tree, which is the source's own or one made from it."""
        _register_lines(self.source)
        if self.source.notebook:
            lost = self.source.notebook.lost  # name → cell, in place of a line
            why = _("set in cell {cell}, which is not valid Python")
            self._leave_unset(lost, lambda cell: why.format(cell=cell))
        for step in self._select(tree):
            if step.statement:
                self._run_statement(step.statement)
            self._leave_unset(step.skipped, self._describe_skip)
            changed = {k: v for k, v in step.changed.items() if k in vars(self.module)}
            self._leave_unset(changed, self._describe_skip)
        self._run_again()
        unset = {name: 0 for name in self._declared_global if name not in vars(self.module)}
        self._leave_unset(unset, lambda _line: _("set by a function that was not called"))

    def _run_again(self) -> None:
        """Run what needed a name that a later cell sets: cells may have run in another order."""
        waiting, self._waiting = self._waiting, []
        for statement in waiting:
            names = list_bound_names(statement)
            if all(_is_empty(vars(self.module).get(name)) for name in names):
                self._run_statement(statement)
        if len(self._waiting) < len(waiting):
            self._run_again()

    def _select(self, tree: ast.Module) -> Iterable[Step]:
        if self.run_all or self.is_script:
            return [Step(statement) for statement in self._list_statements(tree)]
        main: Main = "extra" if self.is_checked else "skip"
        main = "run" if self.source.notebook else main
        return select_statements(tree, Purity(self.source.tree), main)

    def _list_statements(self, tree: ast.Module) -> list[ast.stmt]:
        is_imported = not self.is_checked  # so that it is not __main__
        return tree.body if self.run_all or is_imported else list_script(tree)

    def _run_statement(self, statement: ast.stmt) -> None:
        try:
            code = compile_statement(statement, self.source)
            with _register(self.module):
                if not (isinstance(statement, ast.Try) and self._takes_fallback(statement, code)):
                    exec(code, vars(self.module))
        except Exception as error:
            if self.run_all:
                raise
            self._accept(statement, error)

    def _takes_fallback(self, statement: ast.Try, code: CodeType) -> bool:
        """Run `try: import cupy as np; except ImportError: import numpy as np` as written.

        Returns False where that leaves a name unset: then stand-ins replace missing modules.
        """
        handlers = [node for each in statement.handlers for node in ast.walk(each)]
        if not any(isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) for node in handlers):
            return False
        known = vars(self.module)
        known[STRICT] = True
        try:
            exec(code, known)
        except ImportError:
            return False
        finally:
            del known[STRICT]
        caught = {each.name for each in statement.handlers}
        return all(name in known for name in list_bound_names(statement) if name not in caught)

    def _accept(self, statement: ast.stmt, error: Exception) -> None:
        """Leave the names of a statement that failed unset, or raise what the file is to blame for.

        A statement may fail because of one that was not run.
        """
        names = list_bound_names(statement)
        if self.is_script:
            self.errors.append(error)
            data = StandIn.given_data
            for name, line in _list_unfilled(statement).items():
                if type(vars(self.module).get(name)) is np.ndarray:  # and no table of ours
                    del vars(self.module)[name]
                    names[name] = line
            given = {name: data.give(name) for name in names} if data else {}
            vars(self.module).update({k: v for k, v in given.items() if v is not None})
            self._leave_unset(names, lambda line: self._describe_failure(line, error))
            return
        is_definition = isinstance(statement, DEFINITIONS)
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        is_elsewhere = is_import and (_is_of_folder(statement) or lacks_name(error))
        if isinstance(error, ImportError) and is_elsewhere:
            self._leave_unset(names, lambda line: self._describe_failure(line, error))
        elif self._may_be_skipped(error, is_definition):
            self._leave_unset(names, self._describe_skip)
            self._waiting += [statement] if self.source.notebook else []
        elif self.source.notebook and not is_import:
            self._accept_in_cell(statement, error)
        elif is_definition or (isinstance(error, MISTAKES) and not isinstance(statement, ASSIGNS)):
            raise error
        elif not isinstance(error, MISTAKES) or _is_of_library(error):
            self._leave_unset(names, lambda line: self._describe_failure(line, error))
        else:
            self._leave_unset(names, lambda line: self._describe_failure(line, error), error)

    def _accept_in_cell(self, statement: ast.stmt, error: Exception) -> None:
        """Leave the names of a statement unset: a cell may fail, and the others still run.

        A name that no cell sets may have been set by one that was deleted since.
        """
        failure = self._describe_failure(statement.lineno, error)
        if isinstance(error, MISTAKES):
            self.note(failure)
        is_sure = not isinstance(error, NameError) and not _is_of_library(error)
        names = list_bound_names(statement)
        self._leave_unset(names, lambda _line: failure, error if is_sure else None)

    def _may_be_skipped(self, error: Exception, is_definition: bool) -> bool:
        """Return whether a statement fails because of names that were not set."""
        is_strict = is_definition and not self.source.notebook
        names = self._declared_global if is_strict else self._set_somewhere
        return isinstance(error, MissingNameError) or (
            isinstance(error, NameError) and (error.name in names or self._sets_by_name)
        )

    def _describe_failure(self, line: int, error: Exception) -> str:
        shown = f": {error}" if isinstance(error, MISTAKES) else ""
        message = _("{place} raises {error}")
        place = self.source.describe_line(line)
        return message.format(place=place, error=f"{type(error).__name__}{shown}")

    def _leave_unset(
        self, names: dict[str, int], describe: Callable[[int], str], error: Exception | None = None
    ) -> None:
        """Set stand-ins for names, unless they have a value that may be the one that is meant."""
        known = vars(self.module)
        for name, line in names.items():
            if name not in vars(builtins) and _is_empty(known.get(name)):
                known[name] = StandIn(name, describe(line), error)


ASSIGNS = (ast.Assign, ast.AnnAssign)


def _register_lines(source: Source) -> None:
    """Let inspect and traceback show the text's lines where the file has others: a notebook, a
    file that was translated, or one that the search for a fix changed.
    """
    name, lines = str(source.path), source.text.splitlines(keepends=True)
    linecache.cache.pop(name, None)
    if source.notebook or source.text != decode(source.path):
        linecache.cache[name] = len(source.text), None, lines, name


def _list_unfilled(statement: ast.stmt) -> dict[str, int]:
    """Return the names of which a statement sets elements: zeros that become one-hot rows, say."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    filled = (list_changed_names(t) for t in targets if isinstance(t, ast.Subscript))
    return {name: line for names in filled for name, line in names.items()}


def _is_of_folder(statement: ast.stmt) -> bool:
    """Return whether a statement imports the files beside this one, which may not be there."""
    return isinstance(statement, ast.ImportFrom) and bool(statement.level) and not statement.module


def _is_empty(value: object) -> bool:
    """Return whether a variable has no value yet, or one that is to be filled."""
    is_container = isinstance(value, dict | list | tuple | set | str)
    return isinstance(value, StandIn | None) or (is_container and not value)


def lacks_name(error: BaseException) -> bool:
    """Return whether an installed library has not what is imported: other versions may have it."""
    parts = Path(error.path or "").parts if isinstance(error, ImportError) else ()
    return not {"site-packages", "lib"}.isdisjoint(parts)


def _is_of_library(error: Exception) -> bool:
    """Return whether an attribute is missing in an installed package, of another version maybe."""
    owner = getattr(error, "obj", None)
    if not isinstance(error, AttributeError) or not isinstance(owner, ModuleType | None):
        return False
    head = owner.__name__.split(".")[0] if owner else ""
    return head not in sys.stdlib_module_names
