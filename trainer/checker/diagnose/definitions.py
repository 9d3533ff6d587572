"""Sets names and attributes that a function reads before it has set them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.insertions import (
    find_statement,
    insert_before,
    list_gradients,
)
from trainer.checker.diagnose.patching import Function, Texts
from trainer.checker.diagnose.scope import list_variables

VALUES = ("len({})", "{}.shape[0]", "self.predict({})", "self.forward({})", "{}", "{}.copy()")
EMPTY = ("{}", "[]")


def list_definitions(
    texts: Texts, functions: list[tuple[Path, Function]], place: tuple[Path, int], name: str
) -> Iterator[Candidate]:
    """Yield the text with the name set before the line at which it is unknown."""
    path, line = place
    for function in (f for p, f in functions if p == path):
        statement = find_statement(function, line)
        if statement is not None:
            for other in _list_assignments(texts[path], name):
                yield Candidate(path, insert_before(texts[path], statement, other), statement)
            if statement not in function.body:
                yield from _set_empty(path, texts[path], function, line, name)
            arguments = (argument.arg for argument in function.args.args)
            names = list(dict.fromkeys([*arguments, *list_variables(function)]))
            for value in (*_list_values(name, names), *list_gradients("W1", names)):
                changed = insert_before(texts[path], statement, f"{name} = {value}")
                yield Candidate(path, changed, statement)


def list_attributes(
    texts: Texts, functions: list[tuple[Path, Function]], place: tuple[Path, int], name: str
) -> Iterator[Candidate]:
    """Yield the text with an empty attribute set before the line at which it is missing."""
    path, line = place
    for function in (f for p, f in functions if p == path):
        yield from _set_empty(path, texts[path], function, line, f"self.{name}")


def _set_empty(
    path: Path, text: str, function: Function, line: int, target: str
) -> Iterator[Candidate]:
    """Yield the text with an empty target set before the part of a function that has the line."""
    for statement in function.body:
        if statement.lineno <= line <= (statement.end_lineno or line):
            for empty in EMPTY:
                changed = insert_before(text, statement, f"{target} = {empty}")
                yield Candidate(path, changed, statement)


def _list_assignments(text: str, name: str) -> Iterator[str]:
    """Yield the statements by which other functions of the file set a variable."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and any(
            isinstance(n, ast.Name) and n.id == name for t in node.targets for n in ast.walk(t)
        ):
            yield ast.get_source_segment(text, node) or ast.unparse(node)


def _list_values(name: str, names: list[str]) -> Iterator[str]:
    """Yield what a variable may be set to: a size, a call of the net, a parameter."""
    yield f'self.params["{name}"]'
    yield "{}"
    for other in names:
        yield from (value.format(other) for value in VALUES)
