"""Finds the wrong line of a step of training, and a change with which the step is right."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.candidates import list_candidates
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import (
    Diagnosis,
    describe_fix,
    describe_line,
    describe_place,
    diagnose,
    is_shown,
)
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.enumerating import make_enumerator
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.penalties import list_turned
from trainer.checker.diagnose.quantities import Quantity
from trainer.checker.diagnose.repairing import Fix, Partial, Search
from trainer.checker.diagnose.siblings import list_kept, list_signs, list_swapped
from trainer.checker.diagnose.survey import Survey
from trainer.checker.diagnose.verifying import (
    Request,
    check_whole,
    find_wrong,
    list_required,
    list_wrong,
)
from trainer.checker.find.programs import OPTION
from trainer.checker.findings.comparing import as_array
from trainer.checker.judge.budget import Budget
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.derivatives import find_factor, is_close
from trainer.checker.repair.activating import MISSING, diagnose_lacking, list_forward_causes
from trainer.checker.repair.adding import list_biased
from trainer.checker.repair.ordering import list_earlier
from trainer.checker.repair.raising import diagnose_raised
from trainer.checker.repair.single_values import diagnose_value
from trainer.checker.repair.surveying import (
    StepRequest,
    StepScreen,
    decide_request,
    find_first_wrong,
    find_steps,
    find_wrong_step,
    list_all,
    survey_step,
)
from trainer.checker.repair.wanted import Wanted, list_velocities, name_losses
from trainer.checker.repair.whole_faults import OF_FAULTS, diagnose_fault

GRADIENTS = {f"gradient {name}" for name in PARAMS}
CHANGES = 300  # that are tried for one fix
CHECKS = 24  # changes that pass the quick look and are judged
MOST_EDITS = 20  # of one line, by value
# What is tried first, by the fault.
LIKELY = {
    Fault.UPHILL: list_signs, Fault.PENALTY_SIGN: list_turned, Fault.REPLACES: list_kept,
}  # fmt: skip
OF_LOSS, LOSS = (Fault.WRONG_LOSS, Fault.TURNED_LOSS), frozenset({"loss"})  # which no step uses


@dataclass
class StepSearch(Search):
    """Tries changes of a wrong step, which begins at a line, 0 for a call.

    moved are the weights that are wrong, which a right step moves too, and losses are those that it
    may go down. pulled are the weights that keep a penalty, and velocities what the step carries on
    besides them. is_unused tells that the step has a bias that nothing uses.
    """

    checked: Count = field(default_factory=lambda: Count(CHECKS))
    request: StepRequest = field(kw_only=True)
    line: int = field(kw_only=True)
    moved: frozenset[str] = field(kw_only=True)
    losses: frozenset[str] = field(kw_only=True)
    pulled: frozenset[str] = field(kw_only=True)
    velocities: frozenset[str] = field(kw_only=True)
    is_unused: bool = field(kw_only=True)
    budget: Budget = field(default_factory=Budget)  # of the values of all steps

    def find_left(self, survey: Survey, candidate: Candidate) -> frozenset[str] | None:
        """Return the weights that still go another way, None where that is open."""
        return self.find_wrong(survey.change(candidate))

    def improve(self, survey: Survey, candidates: Iterable[Candidate]) -> Partial | None:
        """Return the first change with which nothing is wrong, or else one of the best others: of
        several mistakes each is corrected by its value before other changes are tried.
        """
        if any(location.settles for location in survey.locations):
            return super().improve(survey, candidates)
        step = super().improve(survey, self._list_shown(survey))
        return step or super().improve(survey, list_candidates(survey))

    def list_changes(self, survey: Survey) -> Iterator[Candidate]:
        """Yield the changes that values show, and then all others."""
        return chain(self._list_shown(survey), list_candidates(survey))

    def _list_shown(self, survey: Survey) -> Iterator[Candidate]:
        """Yield the changes that values show, those that its fault makes likely first."""
        assert isinstance(survey.screen, StepScreen)
        rows = [row for fault, row in LIKELY.items() if fault is survey.screen.fault]
        if self.request.is_layer and rows:  # a loss that climbs
            rows = [list_swapped]
        likely = (c for row in rows for p, f in survey.called for c in row(p, survey.texts[p], f))
        biased = list_biased(survey, survey.screen.unused)
        return chain(likely, survey.screen.list_added(survey), _list_by_value(survey), biased)

    def survey(self, texts: Texts) -> Survey | None:
        """Return where the step is wrong with changed texts."""
        return survey_step(self.request, texts)

    def find_wrong(self, texts: Texts) -> frozenset[str] | None:
        """Return the weights that go another way with these texts, None where that is open."""
        decision: Decision | None = attempt(lambda: self._decide(texts)).value
        if decision is None or decision.is_right is None:
            return None
        if decision.is_right:
            is_fixed = self._goes_down(decision) and self._is_usually_right(texts)
            return self.moved - set(decision.model.weights) if is_fixed else None
        if decision.fault in OF_LOSS:
            return LOSS
        if decision.fault is Fault.UNUSED and self.is_unused:
            return list_all(decision)
        lost = self.moved - set(decision.model.weights)
        return (lost | set(decision.wrong)) or None

    def is_end(self, left: frozenset[str]) -> bool:
        """Return whether no weight goes another way: no step uses the loss that is shown."""
        return left <= LOSS

    def _goes_down(self, decision: Decision) -> bool:
        """Return whether a step goes down one of the losses that it should, and keeps its penalties
        and momentum.
        """
        fit = decision.fit
        if self.velocities and not self.velocities <= list_velocities(decision.model):
            return False
        if fit is None or not self.pulled <= {*fit.pulled}:
            return False
        if fit.wrong and not fit.has_gradients:
            return False
        return bool(name_losses(decision.model, [fit, *decision.fits]) & self.losses)

    def _is_usually_right(self, texts: Texts) -> bool:
        """Return whether the step is still right with the activation that a net usually has."""
        if self.request.program < OPTION:
            return True
        usual = replace(self.request, program=self.request.program % OPTION)
        decisions = (usual.decide(step, step.run) for step in find_steps(usual, texts)[1])
        decided = [d.is_right for d in decisions if d and d.is_right is not None]
        return bool(decided) and all(decided)

    def _decide(self, texts: Texts) -> Decision | None:
        """Return the decision on the step of changed texts: another loop may train more then."""
        steps = find_steps(self.request, texts)[1]
        least = min((abs(step.line - self.line) for step in steps), default=0)
        near = [step for step in steps if abs(step.line - self.line) == least]
        near = near[self.request.number :][:1] if self.request.is_layer else near
        decisions = (self.request.decide(s, partial(self.budget.run, s)) for s in near)
        return next((d for d in decisions if d and d.is_right is not None), None)

    def is_fix(self, survey: Survey, candidate: Candidate) -> bool:
        """Return True: the whole program ran, and its step was judged at two places."""
        return True


def diagnose_net(request: Request, tried: Count | None = None) -> Diagnosis | None:
    """Return the wrong line of a net and a change with which every check passes.

    Where gradients are wrong for no known reason, a wrong step of its training shows more: it is
    sought first, and for a known one where nothing else is found. tried counts the changes.
    """
    findings = attempt(lambda: check_whole(request)).value or []
    is_judged = any(finding.verdict in ("differs", "raises") for finding in findings)
    raised = None if is_judged else diagnose_raised(request.path, tried or Count(CHANGES))
    if raised:
        return raised
    wrong, required = list_wrong(findings), list_required(findings)
    is_known = any(f.cause for f in findings if f.verdict != "note")

    def is_right(texts: Texts) -> bool:
        return find_wrong(request, texts, wrong, required) == frozenset()

    def diagnose_training() -> Diagnosis | None:
        step, of_step = find_wrong_step(request.path), Count(CHANGES)
        found = diagnose_step(step, of_step, is_right) if step else None
        if tried and found and found.diff:
            tried.spend(of_step.used)
        return found

    first = diagnose_training() if wrong <= GRADIENTS and not is_known else None
    if first and first.diff:
        return first
    found = diagnose(request, tried)
    if found or not (wrong <= GRADIENTS and is_known):
        return found or first
    return diagnose_training()


def diagnose_step(
    request: StepRequest, tried: Count, is_better: Callable[[Texts], bool] = lambda _texts: True
) -> Diagnosis | None:
    """Return the wrong line of a step, with a change with which it is right, where one is found,
    and where a look at the whole file finds it better.
    """
    survey = survey_step(request, None)
    if survey is None:
        decided = decide_request(request)
        if decided and decided[-1].fault in OF_FAULTS:
            return diagnose_fault(request, decided, tried)
        go_on = partial(_go_on, request, tried)
        return diagnose_value(request, decided, tried, go_on) if decided else None
    assert isinstance(survey.screen, StepScreen)
    decision = survey.screen.decision
    if causes := list_forward_causes(decision):
        return diagnose_lacking(request, survey, decision, tried) if MISSING in causes else None
    fix = _search_fix(request, tried, survey)
    if fix is None or not is_better(fix[1]):
        return _name_line(survey, survey.screen.wanted, request)
    first, changed, left = fix
    return describe_fix(first, survey.texts, changed, survey.locations, len(survey.wrong), left)


def _search_fix(
    request: StepRequest, tried: Count, survey: Survey, first: Candidate | None = None
) -> Fix | None:
    """Return the first change, the texts with which less of a step is wrong, and what is."""
    assert isinstance(survey.screen, StepScreen)
    wanted = survey.screen.wanted
    losses = name_losses(wanted.model, wanted.fits)
    search = StepSearch(
        tried, request=request, line=survey.line, moved=survey.wrong, losses=losses,
        pulled=wanted.pulled, velocities=list_velocities(survey.screen.decision.model),
        is_unused=survey.screen.fault is Fault.UNUSED,
    )  # fmt: skip
    fix = search.find_fix(survey, first)
    if fix is None:
        return None
    first, changed, left = fix
    is_less = is_shown(survey, fix) and left < (search.find_wrong(survey.texts) or LOSS)
    if not (left <= LOSS or is_less):
        return None
    if changed[first.path] != first.text:
        changed = drop_needless(search, survey.texts, changed, left)
    return _find_first(first, survey.texts, changed), changed, left


def _go_on(request: StepRequest, tried: Count, first: Candidate, texts: Texts) -> Texts | None:
    """Return the texts with which a step is right that is still wrong with a first change, None
    where none are found.
    """
    survey = survey_step(request, texts)
    fix = _search_fix(request, tried, survey, first) if survey else None
    return fix[1] if fix and not fix[2] else None


def _name_line(survey: Survey, wanted: Wanted, request: StepRequest) -> Diagnosis | None:
    """Return the first wrong line: whose value differs from the right ones, or with whose right
    value the step is right, or that of several.
    """
    assert isinstance(survey.screen, StepScreen)
    if survey.screen.fault is Fault.UNUSED:
        only = survey.locations if len(survey.locations) == 1 else []
        return describe_line(survey.texts, only[0]) if only else None
    if survey.screen.fault is Fault.POWERS:
        return None  # a factor may be taken back in any value before
    if request.program < OPTION and (first := find_first_wrong(survey, wanted)):
        return describe_place(survey.texts, *first)
    wrong = (each for each in survey.locations if each.settles or each.begins)
    location = next((each for each in wrong if not _is_of_weight(each, wanted)), None)
    if location is None or (location.is_derivative and len(_list_settling_lines(survey)) > 1):
        return None  # of several, one that gives a derivative is not the first that is wrong
    is_sure = _is_sure(location, wanted, request, survey.line)
    return describe_line(survey.texts, location) if is_sure else None


def _list_settling_lines(survey: Survey) -> set[tuple[Path, int]]:
    """Return the lines with the right value of one of which a step is right."""
    settling = (each.site for each in survey.locations if each.settles)
    return {(site.path, site.value.lineno) for site in settling}


def _is_of_weight(location: Location, wanted: Wanted) -> bool:
    """Return whether a value is what a weight, or a number of it, becomes, with whose right value
    any step is right.
    """
    after = (wanted.model.base.after.get(path) for path in wanted.paths)
    value, known = location.record.value, [each for each in after if each is not None]
    if location.site.is_update and np.ndim(value) == 0:
        return any(np.isin(value, each).any() for each in known)
    return any(np.array_equal(value, each) for each in known)


def _is_sure(location: Location, wanted: Wanted, request: StepRequest, line: int) -> bool:
    """Return whether a line may be named without a fix.

    With another activation the line that calls a derivative is right for the usual one, and in a
    call, line 0, that has several rounds a later value may be wrong for what an earlier one did.
    """
    sites = [n for n, path, _ in wanted.model.base.events if n >= 0 and not path]
    here = (n for n in sites if wanted.sites[n].line == location.site.value.lineno)
    is_repeated = any(sites.count(n) > 1 for n in here)
    return request.program < OPTION and (line > 0 or not is_repeated)


def drop_needless(
    search: StepSearch, before: Texts, after: Texts, left: frozenset[str] = frozenset()
) -> Texts:
    """Return the changed texts without the changes that a later one has made needless."""
    for path in before:
        for hunk in _list_hunks(before[path], after[path]):
            fewer = {**after, path: _undo(before[path], after[path], hunk)}
            if search.find_wrong(fewer) == left:
                return drop_needless(search, before, fewer, left)
    return after


Hunk = tuple[str, int, int, int, int]  # as of difflib: what it does, and lines before and after


def _list_hunks(before: str, after: str) -> list[Hunk]:
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    return [hunk for hunk in matcher.get_opcodes() if hunk[0] != "equal"]


def _undo(before: str, after: str, hunk: Hunk) -> str:
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    _, i, j, k, m = hunk
    return "".join([*new[:k], *old[i:j], *new[m:]])


def _find_first(first: Candidate, before: Texts, after: Texts) -> Candidate:
    """Return the first change, or that of the first changed line where it is no longer there, or
    only adds a line before those that change; but a line that comes too early where a later one
    moves before it.
    """
    path, text = first.path, before[first.path]
    hunks = _list_hunks(text, after[path])
    changed = [number for _, i, j, *_ in hunks for number in range(i + 1, j + 1)]
    lines = changed or [hunk[1] + 1 for hunk in hunks]
    if not lines or first.node.lineno in lines or _moves_before(first, hunks, text, after[path]):
        return first
    nodes = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt))
    node = next((n for n in nodes if n.lineno == lines[0]), first.node)
    return Candidate(path, after[path], node)


def _moves_before(first: Candidate, hunks: list[Hunk], before: str, after: str) -> bool:
    """Return whether what a later line computes is computed before the line of a change."""
    old, new = before.splitlines(), after.splitlines()
    added = [n for _, i, j, k, m in hunks if i == j == first.node.lineno - 1 for n in new[k:m]]
    gone = "\n".join(line for _, i, j, *_ in hunks for line in old[i:j])
    return bool(added) and added[0].partition("=")[2].strip() in gone


def _list_by_value(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts in which a located line has its expected value: before an update, or by
    another expression.
    """
    for location in _list_settling(survey):
        site, line = location.site, location.site.value.lineno
        yield from list_earlier(site.path, survey.texts[site.path], site.function, line)
    edits: list[tuple[bool, int, float, Location, Edit]] = []
    passed: list[Any] = []  # what earlier lines compute, and a later one may only pass on
    for number, location in enumerate(survey.locations):
        site, record = location.site, location.before or location.record
        is_expected = partial(_is_expected, location.quantity)
        made = make_enumerator(site, record, survey.texts[site.path], leaves_factors=True)
        found = made.list_edits(is_expected) if made else []
        is_passed = any(np.array_equal(location.record.value, each) for each in passed)
        order = 0 if location.settles else number  # of several mistakes the first comes first
        edits += [(is_passed, order, edit.cost, location, edit) for edit in found[:MOST_EDITS]]
        passed.append(location.record.value)
    for *_order, location, edit in sorted(edits, key=lambda each: each[:3]):
        path = location.site.path
        yield from apply_edit(path, survey.texts[path], edit)


def _list_settling(survey: Survey) -> list[Location]:
    """Return the lines with whose right values a step is right, all where there are none."""
    settling = [location for location in survey.locations if location.settles]
    return settling or survey.locations


def _is_expected(wanted: Quantity, value: Any) -> bool:
    """Return whether a value is the expected one, or a multiple where that is not exact."""
    array = as_array(value)
    if array is None or array.shape != wanted.value.shape:
        return False
    if wanted.is_plain:
        return is_close(array, wanted.value)
    return find_factor(array, wanted.value) > 0
