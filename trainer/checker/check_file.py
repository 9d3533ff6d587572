"""Check one file, from its path to its findings."""

from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.loaded import (
    Loaded,
    choose_class,
    describe_file,
    load_names,
    restore_aliases,
)
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import CODE
from trainer.checker.load.loading import Loader
from trainer.checker.load.missing_self import name_missing_self
from trainer.checker.load.places import place_finding
from trainer.checker.measure.book_functions import check_functions, choose_inputs
from trainer.checker.measure.check_net import check_net
from trainer.checker.measure.helpers import accept_helpers, check_helpers
from trainer.checker.measure.trial import ignore_progress
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
from trainer.common.errors import InputError
from trainer.common.language import translate as _

__all__ = ["check_file", "check_loaded", "judge_loaded", "load_class", "restore_aliases"]


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
        loaded = describe_file(loader, names, kind, removed)
        is_class = kind is not None and not is_built(kind)
        found = find_names(loader, names, kind if is_class else None)
        own, imported = check_parts(loader, found, name, seed)
        loaded.unfinished = found.unfinished
        if kind is not None and is_built(kind) and any(_is_wrong(f) for f in own):
            loaded.kind = None  # What is wrong in a function is said once, where it is.
        yield from judge_loaded(loaded, seed, progress, own, imported)


def load_class(loader: Loader, name: str | None) -> tuple[dict[str, object], type | None]:
    """Return the names of the loader's file, and the class that is to be checked, if any.

    That is one of the file, or one that a shape builds from its functions. Raises InputError where
    there is none of that name, or what the file's own code raises.
    """
    names, candidates = load_names(loader)
    if name is not None and is_part(loader, names, name):
        return names, None
    kind = choose_class(loader, names, candidates, name)
    return names, build_class(find_names(loader, names, kind)) or kind


def judge_loaded(
    loaded: Loaded,
    seed: int,
    progress: Callable[[str], None] = ignore_progress,
    own: list[Finding] | None = None,
    imported: list[Finding] | None = None,
) -> Iterator[Finding | str]:
    """Yield what check_file yields, for what was loaded here or in another process.

    own and imported are the findings on functions and layers that have been checked already.
    """
    kind, inputs, own = loaded.kind, choose_inputs(seed), own or []
    functions = [*check_functions(loaded.names, loaded.defined, inputs), *own]
    helpers = [*check_helpers(loaded.helpers, inputs), *(imported or [])]
    if kind is None and not functions:
        message = _("{path}: {reason}")
        raise InputError(message.format(path=loaded.path, reason=loaded.absence))
    yield _name_class(loaded, own)
    is_right = kind is not None
    findings = check_net(kind, seed, progress) if kind is not None else ()
    findings = name_unfinished(drop_derived(findings, kind), loaded.unfinished, kind)
    seen: list[Finding] = []
    for finding in name_missing_self(findings, loaded.missing_self, loaded.path):
        seen.append(finding)
        is_fine = finding.verdict in ("ok", "note")
        is_right &= is_fine or (finding.quantity, finding.verdict) == ("accuracy", "missing")
        yield finding
    yield from accept_columns(functions, kind, seen)
    yield from accept_helpers(helpers, is_right)
    yield from (Finding("loading", "note", text) for text in loaded.notes)
    yield from (Finding("loading", "note", text, "numpy-alias") for text in loaded.aliases)


def _is_wrong(finding: Finding) -> bool:
    return finding.verdict in ("differs", "raises")


def _name_class(loaded: Loaded, parts: list[Finding]) -> str:
    """Return the name of what is checked: a class, or the code of the file, "" for neither."""
    if loaded.kind is not None and not is_built(loaded.kind):
        return str(loaded.kind.__name__)
    return f"{CODE}{loaded.path.name}" if loaded.kind is not None or parts else ""
