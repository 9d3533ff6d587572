"""Check one file, from its path to its findings. The child process runs this."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trainer.checker.attempts import attempt, report_exception
from trainer.checker.book_functions import check_functions
from trainer.checker.building import find_candidates
from trainer.checker.check_net import check_net
from trainer.checker.comparing import Finding
from trainer.checker.helpers import accept_helpers, check_helpers, list_defined
from trainer.checker.loading import Loader
from trainer.checker.missing_self import name_missing_self
from trainer.checker.places import place_finding
from trainer.checker.report import CODE
from trainer.checker.shapes.adapting import (
    accept_columns,
    build_class,
    check_parts,
    drop_derived,
    find_names,
    is_built,
    is_part,
    name_unfinished,
)
from trainer.checker.standins import StandIn, describe
from trainer.checker.trial import ignore_progress
from trainer.common.errors import InputError

# Names that NumPy had when the books were written.
ALIASES = {"int": int, "float": float, "object": object, "str": str, "complex": complex,
           "bool": bool, "float_": np.float64, "int_": np.int64, "Inf": np.inf, "NaN": np.nan,
           "product": np.prod, "alltrue": np.all, "sometrue": np.any}  # fmt: skip


def check_file(
    path: Path,
    name: str | None = None,
    *,
    run_all: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] = ignore_progress,
) -> Iterator[Finding | str]:
    """Yield the name of the net's class, empty if there is no net, then every finding.

    name chooses one class of several. Raises InputError for a file that cannot be checked.
    """
    loader = Loader(path, run_all)
    for item in check_loaded(loader, name, seed, progress):
        notebook = loader.sources[loader.path].notebook if loader.path in loader.sources else None
        if isinstance(item, Finding) and notebook:
            item = place_finding(item, loader.path, notebook)
        yield item


def check_loaded(
    loader: Loader, name: str | None, seed: int, progress: Callable[[str], None] = ignore_progress
) -> Iterator[Finding | str]:
    """Yield what check_file yields, for the file of a loader."""
    progress("loading")
    with restore_aliases() as removed:
        outcome = attempt(lambda: load_class(loader, name))
        if isinstance(outcome.error, InputError):
            raise outcome.error
        if outcome.error:
            yield report_exception("loading", outcome.error)
            return
        names, kind = outcome.value
        is_class = kind is not None and not is_built(kind)
        found = find_names(loader, names, kind if is_class else None)
        own, imported = check_parts(loader, found, name, seed)
        functions = [*check_functions(names, list_defined(loader.sources[loader.path])), *own]
        helpers = [*check_helpers(loader, names), *imported]
        if kind is None and not functions:
            raise InputError(f"{loader.path}: {_explain_absence(loader, names)}")
        if kind is not None and is_built(kind) and any(_is_wrong(f) for f in own):
            kind = None  # What is wrong in a function is said once, where it is.
        yield _name_class(loader, kind, own)
        is_right = kind is not None
        findings = check_net(kind, seed, progress) if kind is not None else ()
        findings = name_unfinished(drop_derived(findings, kind), found, kind)
        seen: list[Finding] = []
        for finding in name_missing_self(findings, loader.sources[loader.path]):
            seen.append(finding)
            is_fine = finding.verdict in ("ok", "note")
            is_right &= is_fine or (finding.quantity, finding.verdict) == ("accuracy", "missing")
            yield finding
        yield from accept_columns(functions, kind, seen)
        yield from accept_helpers(helpers, is_right)
        yield from (Finding("loading", "note", text) for text in loader.notes)
        yield from _find_aliases(loader, removed)


def _is_wrong(finding: Finding) -> bool:
    return finding.verdict in ("differs", "raises")


def _name_class(loader: Loader, kind: type | None, parts: list[Finding]) -> str:
    """Return the name of what is checked: a class, or the code of the file, "" for neither."""
    if kind is not None and not is_built(kind):
        return kind.__name__
    return f"{CODE}{loader.path.name}" if kind is not None or parts else ""


def _explain_absence(loader: Loader, names: dict[str, object]) -> str:
    """Return that there is no net, with a cell or a class that could not be used, if any."""
    notebook = loader.sources[loader.path].notebook
    if notebook and notebook.notes:
        return f"no class that looks like a two-layer net; {notebook.notes[0]}"
    unset = [
        v
        for k, v in names.items()
        if isinstance(v, StandIn) and k in list_defined(loader.sources[loader.path])
    ]
    if unset:
        return f"no class that looks like a two-layer net; {describe(unset[0])}"
    return "no class that looks like a two-layer net; name it: FILE:CLASS"


def load_class(loader: Loader, name: str | None) -> tuple[dict[str, object], type | None]:
    """Return the names of the loader's file, and the class that is to be checked, if any.

    Raises InputError where there is none of that name, or what the file's own code raises.
    """
    module = loader.load_file()
    if not loader.sources[loader.path].tree.body:
        raise InputError(f"{loader.path}: the file is empty")
    names = vars(module)
    candidates = find_candidates(module, list_defined(loader.sources[loader.path]))
    if name is not None and is_part(loader, names, name):
        return names, None
    kind = _choose_class(loader, names, candidates, name)
    return names, build_class(find_names(loader, names, kind)) or kind


def _choose_class(
    loader: Loader, names: dict[str, object], candidates: list[type], name: str | None
) -> type | None:
    """Return the class of that name; without a name, the only candidate, None if there is none.

    Raises InputError if no class has that name, or if there are several candidates.
    """
    if name is None:
        if len(candidates) > 1:
            listed = ", ".join(kind.__name__ for kind in candidates)
            raise InputError(f"{loader.path}: several classes may be meant ({listed}): add :CLASS")
        return candidates[0] if candidates else None
    kind = names.get(name)
    if isinstance(kind, StandIn):
        raise InputError(f"{loader.path}: {describe(kind)}")
    if not isinstance(kind, type):
        defined = list_defined(loader.sources[loader.path])
        own = [k for k, v in names.items() if isinstance(v, type) and k in defined]
        raise InputError(
            f"{loader.path}: there is no class {name}; it has: {', '.join(own) or 'none'}"
        )
    return kind


@contextmanager
def restore_aliases() -> Iterator[set[str]]:
    """Give NumPy back its removed names for a while, so that np.int does not stop the check."""
    removed = {name for name in ALIASES if name not in vars(np)}
    for name in removed:
        setattr(np, name, ALIASES[name])
    try:
        yield removed
    finally:
        for name in removed:
            delattr(np, name)


def _find_aliases(loader: Loader, removed: set[str]) -> Iterator[Finding]:
    for file, source in loader.sources.items():
        for node in ast.walk(source.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name) if name in removed:
                    at = f"{file.name}, line {node.lineno}"
                    message = f"np.{name} was removed from NumPy ({at})"
                    yield Finding("loading", "note", message, "numpy-alias")
