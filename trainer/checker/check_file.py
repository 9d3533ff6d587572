"""Check one file, from its path to its findings."""

from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.checker.attempts import attempt, report_exception
from trainer.checker.book_functions import check_functions, choose_inputs
from trainer.checker.check_net import check_net
from trainer.checker.comparing import Finding
from trainer.checker.helpers import accept_helpers, check_helpers
from trainer.checker.loaded import Loaded, load, load_class, restore_aliases
from trainer.checker.loading import Loader
from trainer.checker.missing_self import name_missing_self
from trainer.checker.places import place_finding
from trainer.checker.trial import ignore_progress
from trainer.common.errors import InputError

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
        outcome = attempt(lambda: load(loader, name, removed))
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
    kind, inputs = loaded.kind, choose_inputs(seed)
    functions = list(check_functions(loaded.names, loaded.defined, inputs))
    helpers = list(check_helpers(loaded.helpers, inputs))
    if kind is None and not functions:
        raise InputError(f"{loaded.path}: {loaded.absence}")
    yield kind.__name__ if kind is not None else ""
    is_right = kind is not None
    found = check_net(kind, seed, progress) if kind is not None else ()
    for finding in name_missing_self(found, loaded.missing_self, loaded.path):
        is_fine = finding.verdict in ("ok", "note")
        is_right &= is_fine or (finding.quantity, finding.verdict) == ("accuracy", "missing")
        yield finding
    yield from functions
    yield from accept_helpers(helpers, is_right)
    yield from (Finding("loading", "note", text) for text in loaded.notes)
    yield from (Finding("loading", "note", text, "numpy-alias") for text in loaded.aliases)
