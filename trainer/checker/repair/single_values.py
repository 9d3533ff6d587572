"""Finds the line of a value that is wrong by itself, outputs or a loss, and a fix.

No right value can be computed for it: each change is tried by judging the step again.
"""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all
from trainer.checker.diagnose.calls import edit_axis
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix, describe_place
from trainer.checker.diagnose.edits import Edit, sort_edits
from trainer.checker.diagnose.enumerating import make_enumerator
from trainer.checker.diagnose.expressions import list_edits
from trainer.checker.diagnose.patching import Function, Texts
from trainer.checker.diagnose.rewriting import replace_word
from trainer.checker.diagnose.scope import make_words
from trainer.checker.find.programs import Script
from trainer.checker.find.steps import Step
from trainer.checker.find.tracing import Site
from trainer.checker.judge.decision import OF_ONE_VALUE, Decision, Fault
from trainer.checker.judge.named_losses import list_places, shows_loss_at
from trainer.checker.judge.showing import list_expected
from trainer.checker.load import recording
from trainer.checker.load.recording import Record
from trainer.checker.repair.surveying import (
    StepRequest,
    find_owner,
    find_steps,
    find_value,
    list_functions_of,
)
from trainer.checker.repair.unwrapping import list_unwrapped

OF_ONE_MORE = Fault.DOUBLE_SOFTMAX, Fault.OTHER_OUTPUTS  # functions that give the outputs
MOST_COST = 2.3  # of an edit
MOST = 40  # changes that are tried
MORE = 6  # those after one with which the value is right, though the step is not
COLUMN = 1.2  # the cost of making a column of an array
SMALL = 3.0  # tokens of a change by value that is tried first
CLOSE = 1e-6  # relative, of a logarithm with an epsilon
LINES = 3  # before that of the value, which may be wrong instead of it


def diagnose_value(
    request: StepRequest,
    decided: tuple[Script, Step, Decision],
    tried: Count,
    go_on: Callable[[Candidate, Texts], Texts | None],
) -> Diagnosis | None:
    """Return the line of a value that is wrong by itself, and a change with which the step is
    right; None where the step has no such value.

    decided is what decide_request returned. go_on is given a change with which the value is right
    and the step is still wrong, and returns the texts with which the step is right, if it finds
    any.
    """
    script, step, decision = decided
    if decision.fault not in OF_ONE_VALUE or decision.event is None:
        return None
    texts = {path: source.text for path, source in script.sources.items()}
    site = step.tracer.sites[decision.model.base.events[_find_first(decision)][0]]
    function = find_owner(list_functions_of(texts, step), site)
    if function is None:
        return None
    partly: tuple[Candidate, Texts] | None = None
    left = 2 * MOST
    is_of_axis = decision.fault is Fault.SOFTMAX_AXIS
    likely = _list_axes(texts, site, function) if is_of_axis else ()
    if decision.fault in OF_ONE_MORE:
        likely = list_unwrapped(decision, step, texts)
    near, far = _list_by_value(decision, step, texts, function)
    changes = islice(_list_changes(texts, site, function), MOST)
    for candidate in chain(likely, near, changes, far):
        if not left or not tried.spend():
            break
        left -= 1
        changed = {**texts, candidate.path: candidate.text}
        judge = partial(_is_right, request, changed, step, decision.fault, site.line)
        is_right = attempt(judge).value
        if is_right:
            return describe_fix(candidate, texts, changed, [], 1)
        if is_right is False:
            left = min(left, MORE)
            partly = partly or (candidate, changed)
    if partly and (right := go_on(*partly)):
        return describe_fix(partly[0], texts, right, [], 1)
    node = next(iter(_list_roots(function, site.line)), None)
    return describe_place(texts, site.path, node) if node else None


def _find_first(decision: Decision) -> int:
    """Return the first event that has the wrong value: what the function returns."""
    assert decision.event is not None
    events = decision.model.base.events
    value = events[decision.event][2]
    same = (i for i, e in enumerate(events) if e[0] >= 0 and e[2].shape == value.shape)
    return next(i for i in same if events[i][2].tobytes() == value.tobytes())


def _list_by_value(
    decision: Decision, step: Step, texts: Texts, function: Function
) -> tuple[list[Candidate], list[Candidate]]:
    """Return the texts in which a number is the loss that the step goes down: with small changes,
    and with others.
    """
    if decision.fault is not Fault.WRONG_LOSS or decision.fit is None:
        return [], []
    model, event = decision.model, _find_first(decision)
    site = step.tracer.sites[model.base.events[event][0]]
    values = np.array([*list_expected(model, event, list_places(decision), decision.fit.loss)])
    caught = step.catch(event, lambda: model.run({}, "full"))
    value = find_value(function, site)
    if not caught or not value:
        return [], []
    record = Record(0, model.base.events[event][2], *caught)
    there = recording.Site(site.path, function, value, site.name)
    made = make_enumerator(there, record, texts[site.path])
    edits = made.list_edits(partial(_is_any, values)) if made else []
    path, text = site.path, texts[site.path]
    near = [c for e in edits if e.cost <= SMALL for c in apply_edit(path, text, e)]
    far = [c for e in edits if e.cost > SMALL for c in apply_edit(path, text, e)]
    return near, far


def _is_any(values: Array, value: Any) -> bool:
    """Return whether a number is one of some values."""
    is_number = np.ndim(value) == 0 and isinstance(value, float | np.floating | np.ndarray)
    return is_number and bool(np.isclose(values, value, rtol=CLOSE, atol=0).any())


def _is_right(
    request: StepRequest, texts: Texts, old: Step, fault: Fault | None, line: int
) -> bool | None:
    """Return whether the step is right with changed texts, and the loss of a line a usual one where
    that was wrong; None where its value is still wrong, or not known.
    """
    for step in find_steps(request, texts)[1]:
        decision = request.decide(step, step.run) if step.line == old.line else None
        if decision is None or decision.is_right is None:
            continue
        if not decision.is_right:
            return None if decision.fault in (*OF_ONE_VALUE, Fault.OTHER_LOSS) else False
        if fault is Fault.WRONG_LOSS:
            return shows_loss_at(step, decision, line) or None
        usual = any(not fit.is_own for fit in decision.fits)
        return usual or fault in (Fault.SOFTMAX_AXIS, Fault.GROWN) or None
    return None


def _list_changes(texts: Texts, site: Site, function: Function) -> Iterator[Candidate]:
    """Yield the texts with a change of the line of a value, or of one of those before it."""
    words = make_words(function, None, [])
    for root in _list_roots(function, site.line):
        edits = [*list_edits(root, words, MOST_COST), *_list_columns(root, words.atoms)]
        for edit in sort_edits(edits):
            yield from apply_edit(site.path, texts[site.path], edit)


def _list_axes(texts: Texts, site: Site, function: Function) -> Iterator[Candidate]:
    """Yield the texts with the other axis in each call of a function, and with another axis of what
    keeps its dimensions: axis=0 → axis=1, np.sum(e) → np.sum(e, axis=1, keepdims=True).
    """
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    axes = [each.value for call in calls for each in call.keywords if each.arg == "axis"]
    turned = [Edit(axis, str(int(ast.unparse(axis) == "0")), 0.0) for axis in axes]
    if turned:
        yield Candidate(site.path, replace_all(texts[site.path], turned), axes[0])
    for edit in (edit for call in calls for edit in edit_axis(call)):
        if "keepdims=True" in edit.text:
            yield from apply_edit(site.path, texts[site.path], edit)


def _list_roots(function: Function, line: int) -> list[ast.expr]:
    """Return what the statement of a line computes, and those before it, the nearest first."""
    nodes = (
        n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign | ast.Return)
    )
    near = sorted((n for n in nodes if n.value and n.lineno <= line), key=lambda n: -n.lineno)
    return [n.value for n in near[:LINES] if n.value]


def _list_columns(root: ast.expr, names: list[str]) -> Iterator[Edit]:
    """Yield the edits that make a column or a row of a variable, which NumPy else repeats."""
    used = dict.fromkeys(n.id for n in ast.walk(root) if isinstance(n, ast.Name))
    for name in used:
        if name in names:
            for shape in ("reshape(-1, 1)", "ravel()"):
                yield Edit(root, replace_word(root, name, f"{name}.{shape}"), COLUMN)
