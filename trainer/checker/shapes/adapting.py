"""Applies the shapes to a loaded file: the class that they build, and the parts they check."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType

from trainer.checker.findings.comparing import COLUMNS, Finding, report_unchecked
from trainer.checker.load.definitions import list_defined
from trainer.checker.load.loading import Loader
from trainer.checker.shapes import registry
from trainer.checker.shapes.parts import Part, check_part, report_unfinished
from trainer.checker.shapes.shape import Found
from trainer.checker.shapes.unfinished import find_unfinished

build_class = registry.build_class
HERE = __name__.rpartition(".")[0]


def find_names(loader: Loader, names: Mapping[str, object], kind: type | None) -> Found:
    """Return the functions and classes of a file and its local modules, as the shapes see them."""
    paths = {str(path) for path in loader.sources}
    local = {k: v for k, v in names.items() if get_path(v) in paths}
    unfinished = find_unfinished(loader.sources.values())
    text = loader.sources[loader.path].text
    defined = frozenset(list_defined(loader.sources[loader.path]))
    return Found(local, unfinished, kind, text, defined)


def get_path(value: object) -> str:
    """Return the path of the code of a function or of a class's methods, "" for anything else."""
    members = list(vars(value).values()) if isinstance(value, type) else [value]
    functions = (f for f in members if isinstance(f, FunctionType))
    return next((f.__code__.co_filename for f in functions), "")


def is_built(kind: type) -> bool:
    """Return whether a shape built this class."""
    return str(getattr(kind, "__module__", "")).startswith(HERE)


def is_part(loader: Loader, names: Mapping[str, object], name: str) -> bool:
    """Return whether the name is that of a function or layer that is checked by itself."""
    return any(part.name == name for part in registry.list_parts(find_names(loader, names, None)))


def check_parts(
    loader: Loader, found: Found, name: str | None, seed: int
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings on the file's own functions and layers, and on those it imports.

    With the name of a function only that one is checked, with that of a class none.
    """
    own: list[Finding] = []
    imported: list[Finding] = []
    for part in registry.list_parts(found):
        if name is None or part.name == name:
            findings = list(check_part(part, found.unfinished, seed))
            if is_own(loader, found, part):
                own += findings
            else:
                imported += [f for f in findings if f.checked]
    return own, imported


def is_own(loader: Loader, found: Found, part: Part) -> bool:
    """Return whether the function or layer is defined in the loader's own file."""
    path = get_path(found.names.get(part.name))
    return bool(path) and Path(path) == loader.path


def drop_derived(findings: Iterable[Finding], kind: type | None) -> Iterator[Finding]:
    """Yield the findings on a class; for one that a shape built, not that it has no accuracy.

    A gradient by autograd is wrong only because the outputs or the loss are: that is said once.
    """
    is_derived = getattr(kind, "derives_gradient", False)
    is_wrong = False
    for finding in findings:
        name = finding.quantity.split()[0]
        is_wrong |= name in ("predict", "loss") and finding.verdict in ("differs", "raises")
        is_absent = (finding.quantity, finding.verdict) == ("accuracy", "missing")
        if is_absent and kind is not None and is_built(kind):
            continue
        if not (is_derived and is_wrong and name == "gradient"):
            yield finding


def name_unfinished(
    findings: Iterable[Finding], unfinished: Mapping[str, str], kind: type | None
) -> Iterator[Finding]:
    """Yield the findings; what is wrong with a class that is not written yet is unfinished.

    An exception proves nothing where it was guessed how functions are called.
    """
    is_guessed = getattr(kind, "has_guessed_calls", False)
    is_template = kind is not None and unfinished.get(kind.__name__) == kind.__name__
    for finding in findings:
        if is_template and finding.verdict in ("differs", "raises"):
            finding = report_unfinished(finding.quantity)
        elif is_guessed and finding.verdict == "raises" and "NameError" not in finding.message:
            finding = report_unchecked(finding.quantity, f"unsupported call: {finding.message}")
        yield finding


def accept_columns(
    functions: Iterable[Finding], kind: type | None, findings: list[Finding]
) -> Iterator[Finding]:
    """Yield the findings on functions; a softmax of each column is no mistake where samples are
    columns, or where no net shows how samples are taken.
    """
    is_open = kind is None or getattr(kind, "takes_columns", False)
    is_open |= any(f.topic == COLUMNS for f in findings)
    for finding in functions:
        if is_open and (finding.quantity, finding.cause) == ("softmax", "softmax-axis"):
            message = "normalises each column: right where samples are columns"
            finding = Finding("softmax", "note", message)
        yield finding
