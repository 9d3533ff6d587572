"""Surveys a wrong net: what is wrong, where it may be, and which functions take part in it."""

import ast
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.check_file import check_loaded
from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.keeping import Kept, KeptParts
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.net_locating import locate_net, prepare_recorded
from trainer.checker.diagnose.part_locating import locate_parts
from trainer.checker.diagnose.patching import Function, Texts, holds, list_outermost
from trainer.checker.diagnose.scope import list_functions
from trainer.checker.diagnose.screening import (
    AnyScreen,
    Changed,
    PartsScreen,
    Screen,
    make_screen,
)
from trainer.checker.diagnose.trail import Trail
from trainer.checker.diagnose.verifying import Request, list_passed, list_required, list_wrong
from trainer.checker.findings.comparing import Finding
from trainer.checker.load.loading import Loader
from trainer.checker.load.recording import Recorder
from trainer.checker.load.standins import StandIn
from trainer.checker.measure.trial import Trial
from trainer.common.errors import InputError

REPLACED = 4000  # values that are replaced
LACKING = r"object has no attribute '(\w+)'"
UNKNOWN = r"variable '(\w+)'|name '(\w+)' is not defined"


@dataclass(eq=False, kw_only=True)
class Survey:
    """A net as it is with changed texts: what is wrong, where it may be, and what was called.

    heads are the methods and functions that are wrong. required is what a fixed net must pass.
    functions are those of one argument that the file can call, and raised the lines at which
    exceptions were raised. called are the functions that wrong quantities call, shared the places
    of functions that right quantities call, and others all other functions of the files. unknown
    are names that were read before they were set, lacking such attributes, and names are those of
    the file's module.
    """

    texts: Texts
    wrong: frozenset[str]
    locations: list[Location]
    called: list[tuple[Path, Function]]
    functions: list[str]
    screen: AnyScreen | None
    trail: Trail
    names: Collection[str]
    heads: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    others: list[tuple[Path, Function]] = field(default_factory=list)
    raised: frozenset[tuple[Path, int]] = frozenset()
    unknown: list[tuple[tuple[Path, int], str]] = field(default_factory=list)
    lacking: list[tuple[tuple[Path, int], str]] = field(default_factory=list)
    kept: Kept | KeptParts | None = None
    line: int = 0  # of the loop of a step
    cost: int = 1  # of a quick look, in changes: one at a long step counts as several
    shared: frozenset[tuple[Path, int]] = frozenset()

    @cached_property
    def identifiers(self) -> tuple[str, ...]:
        """All names in the texts."""
        words = re.findall(r"[A-Za-z_]\w+", " ".join(self.texts.values()))
        return tuple(w for w in dict.fromkeys(words) if not keyword.iskeyword(w))

    @cached_property
    def attributes(self) -> list[str]:
        """The attributes of self in the texts."""
        return list(dict.fromkeys(re.findall(r"self\.(\w+)", " ".join(self.texts.values()))))

    @cached_property
    def lines(self) -> frozenset[tuple[Path, int]]:
        """The lines that may be wrong."""
        return frozenset((each.site.path, each.site.value.lineno) for each in self.locations)

    def change(self, candidate: Candidate) -> Texts:
        """Return the texts with a candidate's text in place of its file's."""
        return {**self.texts, candidate.path: candidate.text}

    def keeps_right(self, candidate: Candidate) -> bool:
        """Return whether a candidate leaves the numbers as they are that are not wrong."""
        return self.kept is None or self.kept.is_kept(candidate.path, candidate.text)


def survey_net(request: Request, texts: Texts) -> Survey:
    """Return what is wrong with changed texts, and where."""
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, texts, recorder)
    findings, called, shared = _check_recorded(loader, request, recorder)
    functions = list_functions(vars(loader.load_file()))
    raised = frozenset((Path(f.file), f.line) for f in findings if f.file and f.line)
    wrong = list_wrong(findings)
    prepared = attempt(lambda: prepare_recorded(request, texts)).value
    heads = _list_heads(findings)
    trial = prepared[1] if prepared else None
    changed: Changed | None = attempt(lambda: Changed(request, texts)).value
    screen = make_screen(changed, trial, findings, heads)
    there = None
    if isinstance(screen, PartsScreen):
        there = attempt(lambda: locate_parts(request, texts, heads, wrong, Count(REPLACED))).value
    elif prepared is not None:
        there = locate_net(prepared, Count(REPLACED), wrong)
    trail, locations = there or (Trail(), [])
    kept = _make_kept(changed, trial, screen, wrong, frozenset(list_passed(findings)))
    called, others = _divide_functions(texts, called, raised)
    return Survey(
        texts=texts, wrong=wrong, locations=locations, called=called, functions=functions,
        screen=screen, trail=trail, names=_list_names(changed), heads=heads,
        required=list_required(findings), others=others, raised=raised,
        unknown=_list_unknown(findings, UNKNOWN), lacking=_list_unknown(findings, LACKING),
        kept=kept, shared=shared,
    )  # fmt: skip


def _make_kept(
    changed: Changed | None, trial: Trial | None, screen: AnyScreen | None,
    wrong: frozenset[str], right: frozenset[str],
) -> Kept | KeptParts | None:  # fmt: skip
    """Return the numbers that a fix has to keep; a wrong function makes those of the net wrong."""
    if changed and isinstance(screen, PartsScreen):
        return KeptParts(changed, right)
    if changed is None or trial is None:
        return None
    is_penalty = isinstance(screen, Screen) and all(" " in name for name in screen.known)
    return Kept(changed, trial, wrong, right, is_penalty)


def _list_names(changed: Changed | None) -> list[str]:
    """Return the names that the module has; what a missing module may offer is none."""
    names = changed.names.items() if changed else ()
    return [name for name, value in names if not isinstance(value, StandIn)]


def _list_unknown(findings: list[Finding], pattern: str) -> list[tuple[tuple[Path, int], str]]:
    """Return the names that were read before they were set, with the places."""
    found = [(f, re.search(pattern, f.message)) for f in findings]
    return [
        ((Path(f.file), f.line), next(filter(None, match.groups())))
        for f, match in found
        if match and f.file and f.line
    ]


def _divide_functions(
    texts: Texts, called: list[tuple[Path, Function]], raised: frozenset[tuple[Path, int]]
) -> tuple[list[tuple[Path, Function]], list[tuple[Path, Function]]]:
    """Return the functions in which exceptions were raised or that were called, and all others."""
    every = [(path, f) for path, text in texts.items() for f in list_outermost(ast.parse(text))]
    failed = [
        (path, f) for path, f in every if any(p == path and holds(f, line) for p, line in raised)
    ]
    first = {(path, f.lineno): (path, f) for path, f in [*failed, *called] if path in texts}
    return list(first.values()), [(p, f) for p, f in every if (p, f.lineno) not in first]


def _check_recorded(
    loader: Loader, request: Request, recorder: Recorder
) -> tuple[list[Finding], list[tuple[Path, Function]], frozenset[tuple[Path, int]]]:
    """Return the findings, the functions that the wrong quantities call, and the places of
    functions that right quantities call.
    """
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
    return findings, *_select_functions(recorder, sites, _list_heads(findings))


def _list_heads(findings: list[Finding]) -> frozenset[str]:
    """Return the methods and functions that are wrong, or could not be checked if none is."""
    checked = list_wrong([finding for finding in findings if finding.checked])
    return frozenset(quantity.split()[0] for quantity in checked or list_wrong(findings))


def _select_functions(
    recorder: Recorder, sites: dict[str, dict[int, None]], wrong: frozenset[str]
) -> tuple[list[tuple[Path, Function]], frozenset[tuple[Path, int]]]:
    """Return the functions that wrong quantities call, and the places of functions that right
    quantities call: wrong ones that are among them come last.

    sites are those that each quantity reached. A function that is checked by itself has its own
    name as the quantity.
    """
    by_wrong: dict[tuple[Path, int], tuple[Path, Function]] = {}
    by_right: set[tuple[Path, int]] = set()
    for quantity, numbers in sites.items():
        for site in (recorder.sites[number] for number in numbers):
            place = site.path, site.function.lineno
            if quantity in wrong:
                by_wrong.setdefault(place, (site.path, site.function))
            # Parts are checked while loading, and nothing says which is right; what __init__ sets
            # shows itself later only.
            elif quantity != "loading" and site.function.name != "__init__":
                by_right.add(place)
    for site in recorder.sites:
        if site.function.name in wrong:
            place = site.path, site.function.lineno
            by_wrong.setdefault(place, (site.path, site.function))
            by_right.discard(place)
    places = sorted(
        by_wrong, key=lambda place: (by_wrong[place][1].name not in wrong, place in by_right)
    )
    return [by_wrong[place] for place in places], frozenset(by_right)
