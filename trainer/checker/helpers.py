"""Check the book's functions in the local modules that a file imports."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType

from trainer.checker.bindings import walk_scope
from trainer.checker.book_functions import check_functions
from trainer.checker.comparing import Finding
from trainer.checker.loading import Loader
from trainer.checker.source import Source

Names = Mapping[str, object]


def list_defined(source: Source) -> set[str]:
    """Return the names of the functions and classes that a file itself defines."""
    scope = (node for each in source.tree.body for node in walk_scope(each))
    return {n.name for n in scope if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def check_helpers(loader: Loader, names: Names) -> Iterator[Finding]:
    """Check the functions of the book that the loaded files use, each where it is defined.

    names are those of the loader's file. A function that no file mentions is not checked.
    """
    used = {name for source in loader.sources.values() for name in _list_mentioned(source)}
    checked = list_defined(loader.sources[loader.path])
    for path, helper in _list_helpers(loader, names):
        defined = (list_defined(loader.sources[path]) & used) - checked
        checked |= defined
        for finding in check_functions(helper, defined):
            finding.message += f" (in {path.name})" if finding.message else ""
            yield finding


def accept_helpers(findings: Iterable[Finding], is_net_right: bool) -> Iterator[Finding]:
    """Yield the findings on helpers, as notes where the net is right all the same."""
    for finding in findings:
        if is_net_right and finding.verdict in ("differs", "raises"):
            message = f"{finding.message}; the net is right all the same"
            yield Finding(finding.quantity, "note", message, finding.cause)
        else:
            yield finding


def _list_mentioned(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)


def _list_helpers(loader: Loader, names: Names) -> Iterator[tuple[Path, Names]]:
    """Yield the path and the names of each local module that these names lead to."""
    waiting, seen = [names], {loader.path}
    while waiting:
        for value in list(waiting.pop().values()):
            for helper in _list_namespaces(value):
                path = Path(str(helper.get("__file__")))
                path = path / "__init__.py" if path.is_dir() else path
                if path in loader.sources and path not in seen:
                    seen.add(path)
                    waiting.append(helper)
                    yield path, helper


def _list_namespaces(value: object) -> list[Names]:
    """Return the names that a module holds, or those that a function or a class's methods read."""
    if isinstance(value, ModuleType):
        return [vars(value)]
    functions = list(vars(value).values()) if isinstance(value, type) else [value]
    return [function.__globals__ for function in functions if isinstance(function, FunctionType)]
