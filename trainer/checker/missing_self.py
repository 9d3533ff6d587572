"""Tells of methods that use self without taking it, whatever Python says about that."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from trainer.checker.comparing import Finding
from trainer.checker.source import Source


def name_missing_self(found: Iterable[Finding], source: Source) -> Iterator[Finding]:
    """Yield the findings; where a method without self is the reason, its definition is named."""
    methods = list(_find_methods(source.tree))
    for finding in found:
        method = _find_cause(finding, methods)
        if method is None:
            yield finding
            continue
        name = method.name
        arguments = ", ".join(["self", *filter(None, [ast.unparse(method.args)])])
        message = f"self is missing: write def {name}({arguments})"
        place = f"{source.path.name}, line {method.lineno}"
        yield replace(
            finding, verdict="raises", message=f"{message} ({place})", cause="misspelt-name",
            checked=True, file=str(source.path), line=method.lineno,
        )  # fmt: skip


def _find_cause(finding: Finding, methods: list[ast.FunctionDef]) -> ast.FunctionDef | None:
    if finding.verdict != "raises" and finding.checked:
        return None
    called = re.search(r"(\w+)\(\) takes \d+ positional", finding.message)
    for method in methods:
        last = method.end_lineno or method.lineno
        is_inside = finding.line is not None and method.lineno <= finding.line <= last
        if is_inside and "name 'self' is not defined" in finding.message:
            return method
        if called and called[1] == method.name:
            return method
    return None


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
