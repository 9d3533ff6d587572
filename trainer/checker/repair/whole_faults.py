"""Finds changes for faults that no value shows: lost updates, sums of gradients, wrong averages,
targets that are ignored.
"""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate, replace_segment
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.insertions import insert_before
from trainer.checker.diagnose.patching import Texts
from trainer.checker.find.programs import Script
from trainer.checker.find.steps import Step
from trainer.checker.judge.decision import OF_RULES, Decision, Fault
from trainer.checker.repair.ignored_targets import list_subtracted
from trainer.checker.repair.surveying import StepRequest, find_steps
from trainer.checker.repair.update_rules import list_exchanged, list_rooted, list_turned

SIGNS = {ast.Add: "+=", ast.Sub: "-="}
RESETS = {  # what is called of an object elsewhere, and what sets its gradients to 0
    "step": "{it}.zero_grad()", "parameters": "for p in {it}.parameters(): p.grad = 0",
}  # fmt: skip


def diagnose_fault(
    request: StepRequest, decided: tuple[Script, Step, Decision], tried: Count
) -> Diagnosis | None:
    """Return the line that has the fault of a wrong step, which is one of these, with the first
    change that makes the step right; None where none does.
    """
    script, step, wrong = decided
    assert wrong.fault is not None
    list_changes = OF_FAULTS[wrong.fault]
    texts = {path: source.text for path, source in script.sources.items()}
    places = _list_places(step, wrong)
    for candidate in (c for path, text in texts.items() for c in list_changes(path, text)):
        if places is not None and (candidate.path, candidate.node.lineno) not in places:
            continue
        changed = {**texts, candidate.path: candidate.text}
        if not tried.spend():
            return None
        if attempt(partial(_is_right, request, changed, wrong)).value:
            return describe_fix(candidate, texts, changed, [], 1)
    return None


def _list_places(step: Step, wrong: Decision) -> set[tuple[Path, int]] | None:
    """Return the lines that have a value of the shape of targets that are ignored, None where none
    are.
    """
    if wrong.fault is not Fault.IGNORES:
        return None
    base, sites = wrong.model.base, step.tracer.sites
    shapes = {base.before[path].shape for path in wrong.wrong}
    alike = (sites[e[0]] for e in base.events if e[0] >= 0 and e[2].shape in shapes)
    return {(site.path, site.line) for site in alike}


def _is_right(request: StepRequest, texts: Texts, wrong: Decision) -> bool:
    """Return whether the step is right with changed texts, and follows the targets that it ignored
    before.
    """
    steps = find_steps(request, texts)[1]
    found = request.find_right(steps, has_rule=wrong.fault in OF_RULES)
    if found is None or wrong.fault is not Fault.IGNORES:
        return found is not None
    return not {*wrong.wrong}.isdisjoint(found.model.targets)


def _list_kept(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text in which each loop over arrays changes these, where their changes are lost.

    for p, d in zip(params, grads): p = p - d   →   for p, d in zip(params, grads): p -= d
    """
    loops = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For))
    if lost := [pair for loop in loops for pair in _list_lost(text, loop)]:
        yield Candidate(path, _replace_all(text, lost), lost[0][0])


def _list_lost(text: str, loop: ast.For) -> Iterator[tuple[ast.Assign, str]]:
    """Yield the statements that set a variable of a loop to a sum, and what changes its array."""
    targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    for node in (n for statement in loop.body for n in ast.walk(statement)):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.BinOp(left=ast.Name(id=left), op=ast.Add() | ast.Sub() as op),
            ) if name == left and name in targets:
                added = ast.get_source_segment(text, node.value.right)  # type: ignore[attr-defined]
                yield node, f"{name} {SIGNS[type(op)]} {added}"


def _replace_all(text: str, changes: list[tuple[ast.Assign, str]]) -> str:
    """Return the text with each statement replaced, the last first."""
    for node, new in sorted(changes, key=lambda each: -each[0].lineno):
        text = replace_segment(text, node, new)
    return text


def _list_resets(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text with each line that may set gradients to 0 before each call of backward.

    loss.backward()   →   optimizer.zero_grad(), loss.backward()
    """
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Expr | ast.Call)]
    lines = dict.fromkeys(
        RESETS[call.func.attr].format(it=ast.unparse(call.func.value))
        for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        and call.func.attr in RESETS
    )  # fmt: skip
    backward = [node for node in calls if isinstance(node, ast.Expr) and _goes_back(node.value)]
    for statement, line in product(backward, sorted(lines, reverse=True)):
        yield Candidate(path, insert_before(text, statement, line), statement)


def _goes_back(node: ast.expr) -> bool:
    """Return whether an expression is a call without arguments such as loss.backward()."""
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method and node.func.attr == "backward" and not node.args  # type: ignore[attr-defined]


OF_FAULTS: dict[Fault, Callable[[Path, str], Iterator[Candidate]]] = {
    Fault.IDLE: _list_kept, Fault.ACCUMULATES: _list_resets, Fault.MIXED: list_exchanged,
    Fault.INVERTED: list_rooted, Fault.AGAINST: list_turned, Fault.IGNORES: list_subtracted,
}  # fmt: skip
