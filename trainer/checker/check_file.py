"""Check one file, from its path to its findings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.loaded import Loaded, restore_aliases
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import CODE
from trainer.checker.load.loading import Loader
from trainer.checker.load.places import place_finding
from trainer.checker.measure.book_functions import CHECKS, check_functions, choose_inputs
from trainer.checker.measure.check_net import check_net
from trainer.checker.measure.helpers import accept_helpers, check_helpers
from trainer.checker.measure.trial import ignore_progress
from trainer.checker.parts.amending import (
    accept_columns,
    accept_sums,
    accept_writing,
    drop_derived,
    name_unfinished,
)
from trainer.checker.parts.file_parts import check_parts
from trainer.checker.shapes.adapting import is_built, load_class, load_code
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
        outcome = attempt(lambda: load_code(loader, name, removed))
        if isinstance(outcome.error, InputError):
            raise outcome.error
        if outcome.error:
            yield report_exception("loading", outcome.error)
            return
        yield from judge_loaded(outcome.value, seed, progress)


def judge_loaded(
    loaded: Loaded, seed: int, progress: Callable[[str], None] = ignore_progress
) -> Iterator[Finding | str]:
    """Yield what check_file yields, for what was loaded here or in another process."""
    inputs = choose_inputs(seed)
    own, imported = check_parts(loaded, seed, progress)
    is_said = getattr(loaded.kind, "is_checked_in_parts", False) and any(map(_is_wrong, own))
    kind = None if is_said else loaded.kind  # What is wrong in a function is said once.
    functions = [*check_functions(loaded.names, loaded.defined, inputs), *own]
    helpers = [*check_helpers(loaded.helpers, inputs), *imported]
    if kind is None and not functions:
        message = _("{path}: {reason}")
        raise InputError(message.format(path=loaded.path, reason=loaded.absence))
    known = own or (loaded.defined <= CHECKS.keys() and not loaded.has_loop)
    yield _name_class(loaded, kind, bool(known))
    is_right = kind is not None
    findings = check_net(kind, seed, progress) if kind is not None else ()
    findings = name_unfinished(drop_derived(findings, kind), loaded.unfinished, kind)
    findings = accept_sums(findings) if loaded.averages_sums else findings
    seen: list[Finding] = []
    for finding in findings:
        seen.append(finding)
        is_fine = finding.verdict in ("ok", "note")
        is_right &= is_fine or (finding.quantity, finding.verdict) == ("accuracy", "missing")
        yield finding
    every = accept_writing([*functions, *accept_helpers(helpers, is_right)], seen)
    yield from accept_columns(every, kind, seen)
    yield from (Finding("loading", "note", text) for text in loaded.notes)
    yield from (Finding("loading", "note", text, "numpy-alias") for text in loaded.aliases)


def _is_wrong(finding: Finding) -> bool:
    return finding.verdict in ("differs", "raises")


def _name_class(loaded: Loaded, kind: Any, is_known: bool) -> str:
    """Return the name of what is checked: a class, or the code of a file of which that is known,
    "" for neither.
    """
    if kind is not None and not is_built(kind):
        return str(kind.__name__)
    return f"{CODE}{loaded.path.name}" if kind is not None or is_known else ""
