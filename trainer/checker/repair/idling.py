"""Finds the change with which a step that leaves its weights as they were moves them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate, replace_segment
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.patching import Texts
from trainer.checker.judge.decision import Fault
from trainer.checker.repair.surveying import StepRequest, find_steps

SIGNS = {ast.Add: "+=", ast.Sub: "-="}


def diagnose_idle(request: StepRequest, tried: Count) -> Diagnosis | None:
    """Return the first line whose result is lost, with a change that makes the step right; None
    where the step moves its weights, or no change makes it right.
    """
    script, steps = find_steps(request, None)
    step = steps[request.number] if request.number < len(steps) else None
    decision = request.decide(step, step.run) if step else None
    if decision is None or decision.fault is not Fault.IDLE:
        return None
    texts = {path: source.text for path, source in script.sources.items()}
    for path, text in texts.items():
        for candidate in _list_kept(path, text):
            changed = {**texts, path: candidate.text}
            if tried.spend() and attempt(lambda changed=changed: _is_right(request, changed)).value:
                return describe_fix(candidate, texts, changed, [], 1)
    return None


def _is_right(request: StepRequest, texts: Texts) -> bool:
    decisions = (request.decide(step, step.run) for step in find_steps(request, texts)[1])
    return next((bool(d.is_right) for d in decisions if d and d.is_right is not None), False)


def _list_kept(path: Path, text: str) -> Iterator[Candidate]:
    """Yield the text in which what is added to the variables of loops changes the arrays, and those
    in which an argument is set to what a call returns.

    for p, d in zip(params, grads): p = p - d   →   for p, d in zip(params, grads): p -= d
    update(params, grads)                       →   params = update(params, grads)
    """
    tree = ast.parse(text)
    updates = [node for node in ast.walk(tree) if isinstance(node, ast.For)]
    lost = [pair for loop in updates for pair in _list_lost(text, loop)]
    if lost:
        yield Candidate(path, _replace_all(text, lost), lost[0][0])
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            written = ast.get_source_segment(text, node) or ""
            for name in (each.id for each in node.value.args if isinstance(each, ast.Name)):
                yield Candidate(path, replace_segment(text, node, f"{name} = {written}"), node)


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
