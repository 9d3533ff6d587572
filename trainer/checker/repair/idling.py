"""Finds the change with which a step that leaves its weights as they were moves them."""

import ast
from collections.abc import Iterator
from functools import partial

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate, replace_segment
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.find.programs import Script
from trainer.checker.repair.surveying import StepRequest, is_right_with

SIGNS = {ast.Add: "+=", ast.Sub: "-="}


def diagnose_idle(request: StepRequest, script: Script, tried: Count) -> Diagnosis | None:
    """Return the first line whose result is lost, with a change that makes an idle step right; None
    where no change does.

    for p, d in zip(params, grads): p = p - d   →   for p, d in zip(params, grads): p -= d
    """
    texts = {path: source.text for path, source in script.sources.items()}
    for path, text in texts.items():
        loops = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For))
        lost = [pair for loop in loops for pair in _list_lost(text, loop)]
        changed = {**texts, path: _replace_all(text, lost)}
        if lost and tried.spend() and attempt(partial(is_right_with, request, changed)).value:
            candidate = Candidate(path, changed[path], lost[0][0])
            return describe_fix(candidate, texts, changed, [], 1)
    return None


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
