"""One file from its path to its findings, in this process: what the child process runs."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trainer.checker.adapters import candidates
from trainer.checker.attempts import attempt, raised
from trainer.checker.bench import silent
from trainer.checker.comparing import Finding
from trainer.checker.examining import examine
from trainer.checker.functions_check import check_functions
from trainer.checker.loading import Loader
from trainer.checker.source import read_source
from trainer.common.errors import InputError

# Names that NumPy had when the books were written.
ALIASES = {"int": int, "float": float, "object": object, "str": str, "complex": complex,
           "bool": bool, "float_": np.float64, "int_": np.int64, "Inf": np.inf, "NaN": np.nan,
           "product": np.prod, "alltrue": np.all, "sometrue": np.any}  # fmt: skip


def check(
    path: Path,
    name: str | None = None,
    *,
    run_all: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] = silent,
) -> Iterator[Finding | str]:
    """The findings for a class of the file, the class's name first; raises InputError."""
    progress("loading")
    loader = Loader(path, run_all)
    tree = read_source(path).tree
    if not tree.body:
        raise InputError(f"{path}: the file is empty")
    defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    with aliases() as gone:
        outcome = attempt(loader.load_file)
        if isinstance(outcome.error, InputError):
            raise outcome.error
        if outcome.error:
            yield raised("loading", outcome.error)
            return
        kinds = _kinds(path, vars(outcome.value), candidates(outcome.value, defined), name)
        functions = list(check_functions(vars(outcome.value), defined))
        if not kinds and not functions:
            raise InputError(
                f"{path}: no class that looks like a two-layer net; name it: FILE:CLASS"
            )
        yield kinds[0].__name__ if kinds else ""
        if kinds:
            yield from examine(kinds[0], seed, progress)
        yield from functions
        yield from (Finding("loading", "note", text) for text in loader.notes)
        yield from _alias_notes(loader, gone)


def _kinds(
    path: Path, names: dict[str, object], found: list[type], wanted: str | None
) -> list[type]:
    if wanted is None:
        if len(found) > 1:
            listed = ", ".join(kind.__name__ for kind in found)
            raise InputError(f"{path}: several classes may be meant ({listed}): add :CLASS")
        return found
    kind = names.get(wanted)
    if not isinstance(kind, type):
        classes = ", ".join(k for k, v in names.items() if isinstance(v, type)) or "none"
        raise InputError(f"{path}: there is no class {wanted}; it has: {classes}")
    return [kind]


@contextmanager
def aliases() -> Iterator[set[str]]:
    """Lends NumPy the names it has lost, so that np.int is reported and does not stop the rest."""
    gone = {name for name in ALIASES if name not in vars(np)}
    for name in gone:
        setattr(np, name, ALIASES[name])
    try:
        yield gone
    finally:
        for name in gone:
            delattr(np, name)


def _alias_notes(loader: Loader, gone: set[str]) -> Iterator[Finding]:
    for file, tree in loader.trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in gone and _is_numpy(node.value):
                text = f"np.{node.attr} was removed from NumPy ({file.name}, line {node.lineno})"
                yield Finding("loading", "note", text, "numpy-alias")


def _is_numpy(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy")
