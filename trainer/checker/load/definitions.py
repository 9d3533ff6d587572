"""Lists what the loaded files define and mention, and the local modules that a file leads to."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from trainer.checker.load.bindings import walk_scope
from trainer.checker.load.loading import Loader
from trainer.checker.load.source import Source

Names = Mapping[str, object]


@dataclass(frozen=True)
class Helper:
    """A local module that a file imports: its file's name, its names, and those to check."""

    file: str
    names: Names
    defined: set[str]


def list_defined(source: Source) -> set[str]:
    """Return the names of the functions and classes that a file itself defines."""
    scope = (node for each in source.tree.body for node in walk_scope(each))
    return {n.name for n in scope if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def has_loop(source: Source) -> bool:
    """Return whether a file has a loop outside of its functions and classes."""
    scope = (node for each in source.tree.body for node in walk_scope(each))
    return any(isinstance(node, ast.For | ast.While) for node in scope)


def takes_tensors(function: object) -> bool:
    """Return whether a function uses torch: it takes tensors, and no arrays."""
    if not isinstance(function, FunctionType):
        return False
    used = map(function.__globals__.get, function.__code__.co_names)
    modules = (value.__name__ for value in used if isinstance(value, ModuleType))
    return any(name.split(".")[0] == "torch" for name in modules)


def list_functions(names: Names, defined: set[str], known: Iterable[str]) -> dict[str, Any]:
    """Return which of the known functions a module defines, without those of tensors."""
    values = {name: names.get(name) for name in known if name in defined}
    functions = {k: v for k, v in values.items() if callable(v) and not isinstance(v, type)}
    return {k: v for k, v in functions.items() if not takes_tensors(v)}


def list_called(tree: ast.Module) -> set[str]:
    """Return the names that a file calls outside of its classes."""
    outside = [each for each in tree.body if not isinstance(each, ast.ClassDef)]
    nodes = (node for each in outside for node in ast.walk(each))
    return {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


def list_helpers(loader: Loader, names: Names) -> list[Helper]:
    """Return the modules with functions that the loaded files use, each where it is defined.

    names are those of the loader's file. A function that no file mentions is left out.
    """
    used = {name for source in loader.sources.values() for name in _list_mentioned(source)}
    checked = list_defined(loader.sources[loader.path])
    helpers = []
    for path, helper in _find_modules(loader, names):
        defined = (list_defined(loader.sources[path]) & used) - checked
        checked |= defined
        helpers.append(Helper(path.name, helper, defined))
    return helpers


def _list_mentioned(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (alias.name for alias in aliases)


def _find_modules(loader: Loader, names: Names) -> Iterator[tuple[Path, Names]]:
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
