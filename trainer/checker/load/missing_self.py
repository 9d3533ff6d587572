"""Tells of methods that use self without taking it, whatever Python says about that."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.placing import describe_place
from trainer.checker.load.source import Source
from trainer.common.language import translate as _


@dataclass(frozen=True)
class MissingSelf:
    """A method that uses self without taking it; arguments are those that it should have."""

    name: str
    arguments: str
    line: int
    last_line: int


def name_missing_self(
    found: Iterable[Finding], methods: list[MissingSelf], path: Path
) -> Iterator[Finding]:
    """Yield the findings; where a method without self is the reason, its definition is named.

    methods are those of the file of that path.
    """
    for finding in found:
        method = _find_cause(finding, methods)
        if method is None:
            yield finding
            continue
        message = _("self is missing: write {definition} ({place})").format(
            definition=f"def {method.name}({method.arguments})",
            place=describe_place(path.name, method.line),
        )
        yield replace(
            finding, verdict="raises", message=message, cause="misspelt-name",
            checked=True, file=str(path), line=method.line,
        )  # fmt: skip


def _find_cause(finding: Finding, methods: list[MissingSelf]) -> MissingSelf | None:
    if finding.verdict != "raises" and finding.checked:
        return None
    called = re.search(r"(\w+)\(\) takes \d+ positional", finding.message)
    for method in methods:
        is_inside = finding.line is not None and method.line <= finding.line <= method.last_line
        if is_inside and "name 'self' is not defined" in finding.message:
            return method
        if called and called[1] == method.name:
            return method
    return None


def find_missing_self(source: Source) -> Iterator[MissingSelf]:
    """Yield the methods of a file that use self, which is no name of theirs."""
    for method in _find_methods(source.tree):
        arguments = ", ".join(["self", *filter(None, [ast.unparse(method.args)])])
        last = method.end_lineno or method.lineno
        yield MissingSelf(method.name, arguments, method.lineno, last)


def _find_methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the methods that use self, which is no name of theirs."""
    for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for method in kind.body:
            if isinstance(method, ast.FunctionDef) and not method.decorator_list:
                names = [n for n in ast.walk(method) if isinstance(n, ast.Name) and n.id == "self"]
                arguments = [n.arg for n in ast.walk(method) if isinstance(n, ast.arg)]
                is_set = any(isinstance(n.ctx, ast.Store) for n in names)
                if names and not is_set and "self" not in arguments:
                    yield method
