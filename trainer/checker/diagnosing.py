"""Finds the line of a wrong net that is wrong, and a change with which every check passes."""

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trainer.checker.attempts import attempt
from trainer.checker.check_file import check_loaded, load_class, restore_aliases
from trainer.checker.check_net import prepare_trial
from trainer.checker.choosing import is_right
from trainer.checker.comparing import Finding
from trainer.checker.judging import Judge
from trainer.checker.loading import Loader
from trainer.checker.locating import Location, describe_location, locate
from trainer.checker.names import PARAMS
from trainer.checker.quantities import list_quantities
from trainer.checker.recording import Recorder
from trainer.checker.repairing import (
    Candidate,
    Search,
    Texts,
    list_blind_candidates,
    list_functions,
    list_local_candidates,
    make_diff,
)
from trainer.checker.trial import Trial, collect_values
from trainer.common.errors import InputError

BUDGET = 6.0  # seconds for all candidates
ROUNDS = 3  # changes of one fix, at most
SEEDS = 3  # a fix must pass all checks on the inputs of so many seeds


@dataclass(frozen=True)
class Request:
    """What is checked: a file, a class in it or None for the only one, and how."""

    path: Path
    name: str | None
    run_all: bool
    seed: int


@dataclass(frozen=True)
class Diagnosis:
    """The place of a mistake, what should be there, and a change with which every check passes.

    file is the name of the source, line a number from 1, column and end_column characters of the
    line code, from 0. expected is a sentence, "" if the expected value is not known. diff is a
    unified diff, and checks how many checks pass with it.
    """

    file: str
    line: int
    column: int
    end_column: int
    code: str
    expected: str
    diff: str
    checks: int


@dataclass
class Look:
    """A net as it is with changed texts: what is wrong, where it may be, and what was called."""

    wrong: frozenset[str]
    locations: list[Location]
    called: list[tuple[Path, ast.FunctionDef]]
    names: list[str]
    raised: frozenset[int]  # the lines at which exceptions were raised


def diagnose(request: Request) -> Diagnosis | None:
    """Return the wrong line of a net, with a change with which every check passes.

    None where no such change is found: a line without one might be right.
    """
    search = Search(
        partial(find_wrong, request),
        lambda texts: count_passed(request, texts) > 0,
        time.monotonic() + BUDGET,
    )
    with restore_aliases():
        texts = read_texts(request)
        look = look_at(request, texts)
        fix = _find_fix(request, search, texts, look)
        if fix is None:
            return None
        first, changed = fix
        diffs = (make_diff(p, texts[p], changed[p]) for p in texts if changed[p] != texts[p])
        checks = count_passed(request, changed)
        return _describe(first, texts, look.locations, "".join(diffs), checks)


def _describe(
    first: Candidate, texts: Texts, locations: list[Location], diff: str, checks: int
) -> Diagnosis:
    """Return the place of the first change, and what its value should be if that is known."""
    path, node = first.path, first.node
    code = texts[path].splitlines()[node.lineno - 1]
    column = len(code.encode()[: node.col_offset].decode())
    end = len(code.encode()[: node.end_col_offset].decode())
    end = end if node.end_lineno == node.lineno else len(code)
    place = path, node.lineno
    there = [
        each
        for each in locations
        if (each.site.path, each.site.value.lineno) == place and not each.is_expected
    ]
    expected = describe_location(there[0]) if there else ""
    return Diagnosis(path.name, node.lineno, column, end, code, expected, diff, checks)


def _find_fix(
    request: Request, search: Search, texts: Texts, look: Look
) -> tuple[Candidate, Texts] | None:
    """Return the first of up to ROUNDS changes with which every check passes, and the texts."""
    first = None
    for _ in range(ROUNDS):
        groups = _list_candidates(look, texts, search)
        steps = (search.improve(texts, look.wrong, candidates) for candidates in groups)
        step = next((each for each in steps if each), None)
        if step is None:
            return None
        candidate, left = step
        first, texts = first or candidate, {**texts, candidate.path: candidate.text}
        if not left:
            return first, texts
        look = look_at(request, texts)
    return None


def _list_candidates(look: Look, texts: Texts, search: Search) -> Iterator[Iterator[Candidate]]:
    """Yield groups of candidates: a group is tried only if those before it have none."""
    if look.raised:
        yield list_blind_candidates(look.called, look.names, texts, look.raised)
    yield list_local_candidates(look.locations, texts, search)
    lines = frozenset(location.site.value.lineno for location in look.locations)
    if lines:
        yield list_blind_candidates(look.called, look.names, texts, lines)
    yield list_blind_candidates(look.called, look.names, texts)


def read_texts(request: Request) -> Texts:
    """Return the sources of a file and its local helpers, without translated ones."""
    loader = Loader(request.path, request.run_all)
    attempt(lambda: load_class(loader, request.name))
    return {
        path: source.text for path, source in loader.sources.items() if not source.is_translated
    }


def look_at(request: Request, texts: Texts) -> Look:
    """Return what is wrong with changed texts, and where."""
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, texts, recorder)
    findings, called = _check_recorded(loader, request, recorder)
    outcome = attempt(lambda: _locate(request, texts))
    names = list_functions(vars(loader.load_file()))
    raised = frozenset(f.line for f in findings if f.line is not None)
    return Look(_list_wrong(findings), outcome.value or [], called, names, raised)


def _check_recorded(
    loader: Loader, request: Request, recorder: Recorder
) -> tuple[list[Finding], list[tuple[Path, ast.FunctionDef]]]:
    """Return the findings, and the functions that the wrong quantities call."""
    doing, sites = ["loading"], dict[str, dict[int, None]]()
    recorder.listen = lambda site: sites.setdefault(doing[0], {}).setdefault(site)

    def progress(quantity: str) -> None:
        doing[0] = quantity

    findings: list[Finding] = []
    try:
        for item in check_loaded(loader, request.name, request.seed, progress):
            findings += [item] if isinstance(item, Finding) else []
    except InputError:
        pass
    recorder.listen = None
    wrong = {quantity.split()[0] for quantity in _list_wrong(findings)}
    return findings, _select_functions(recorder, sites, wrong)


def _select_functions(
    recorder: Recorder, sites: dict[str, dict[int, None]], wrong: set[str]
) -> list[tuple[Path, ast.FunctionDef]]:
    """Return the functions that only wrong quantities call, or all that they call if there is none.

    sites are those that each quantity reached. A function that is checked by itself has its own
    name as the quantity.
    """
    by_wrong: dict[tuple[Path, int], tuple[Path, ast.FunctionDef]] = {}
    by_right: set[tuple[Path, int]] = set()
    for quantity, numbers in sites.items():
        for site in (recorder.sites[number] for number in numbers):
            place = site.path, site.function.lineno
            if quantity in wrong:
                by_wrong.setdefault(place, (site.path, site.function))
            else:
                by_right.add(place)
    for site in recorder.sites:
        if site.function.name in wrong:
            place = site.path, site.function.lineno
            by_wrong.setdefault(place, (site.path, site.function))
            by_right.discard(place)
    alone = [function for place, function in by_wrong.items() if place not in by_right]
    return alone or list(by_wrong.values())


def _list_wrong(findings: list[Finding]) -> frozenset[str]:
    return frozenset(
        f.quantity for f in findings if f.verdict in ("differs", "raises") or not f.checked
    )


def _locate(request: Request, texts: Texts) -> list[Location]:
    """Return the lines that may be wrong in predict, loss or gradient, the likeliest first."""
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, texts, recorder)
    _, kind = load_class(loader, request.name)
    prepared = prepare_trial(kind, request.seed) if kind is not None else None
    if prepared is None:
        return []
    trial, judge = prepared
    wrong = [
        q for q in ("predict", "loss", *PARAMS) if q in judge.theirs and not is_right(q, judge)
    ]
    quantities = list_quantities(trial.form, trial.case)
    found: list[Location] = []
    for wanted in dict.fromkeys([tuple(wrong), *((q,) for q in wrong)]):
        if wanted:
            first = "gradient" if wanted[0] in PARAMS else wanted[0]
            right = tuple(q for q in judge.theirs if q not in wrong)
            goal = _make_goal(trial, (*wanted, *right))
            found += locate(recorder, _make_run(trial, first), goal, quantities)
    return found


def _make_run(trial: Trial, quantity: str) -> Callable[[], object]:
    """Return a function that calls the net's method for a quantity on the weights of the case."""

    def run() -> object:
        trial.reset_weights()
        arrays = (trial.case.x,) if quantity == "predict" else (trial.case.x, trial.t)
        return attempt(getattr(trial.subject, quantity), *arrays)

    return run


def _make_goal(trial: Trial, wanted: tuple[str, ...]) -> Callable[[], bool]:
    """Return a function that tells whether these quantities of the net are right now."""

    def is_reached() -> bool:
        got = collect_values(trial.call_methods(trial.t))
        now = Judge(trial.case, got, trial.expected, trial.form.head)
        return all(q in got and is_right(q, now) for q in wanted)

    return is_reached


def find_wrong(request: Request, texts: Texts, allowed: frozenset[str]) -> frozenset[str] | None:
    """Check the file with these source texts; return the quantities that are wrong then.

    None where one is wrong that is not allowed to be, or where they cannot be checked.
    """
    findings = _check_texts(request, texts, request.seed, allowed)
    return None if findings is None else _list_wrong(findings)


def count_passed(request: Request, texts: Texts) -> int:
    """Return how many checks pass with changed texts, 0 if one fails on any of several seeds."""
    passed = 0
    for seed in range(request.seed + 1, request.seed + 1 + SEEDS):
        findings = _check_texts(request, texts, seed, frozenset())
        if findings is None:
            return 0
        passed += sum(finding.verdict == "ok" for finding in findings)
    return passed // SEEDS


def _check_texts(
    request: Request, texts: Texts, seed: int, allowed: frozenset[str]
) -> list[Finding] | None:
    """Return the findings on these source texts, None as soon as one not allowed is wrong."""
    findings: list[Finding] = []
    try:
        loader = Loader(request.path, request.run_all, texts)
        for item in check_loaded(loader, request.name, seed):
            if isinstance(item, Finding):
                findings.append(item)
                if not _list_wrong([item]) <= allowed:
                    return None
    except Exception:  # The changed code may make the checker crash, or raise an InputError.
        return None
    return findings
