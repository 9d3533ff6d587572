"""Writes the line that sets gradients to 0, where a step adds to those of the steps before."""

import ast
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.insertions import insert_before
from trainer.checker.find.programs import Script
from trainer.checker.repair.surveying import StepRequest, is_right_with

RESETS = {  # what is called of an object elsewhere, and what sets its gradients to 0
    "step": "{it}.zero_grad()", "parameters": "for p in {it}.parameters(): p.grad = 0",
}  # fmt: skip


def diagnose_stale(request: StepRequest, script: Script, tried: Count) -> Diagnosis | None:
    """Return the line that adds to gradients which nothing sets to 0, with a line before it that
    does, with which the step is right; None where none is found.

    loss.backward()   →   optimizer.zero_grad(), loss.backward()
    """
    texts = {path: source.text for path, source in script.sources.items()}
    for candidate in (c for path, text in texts.items() for c in _list_resets(path, text)):
        changed = {**texts, candidate.path: candidate.text}
        if tried.spend() and attempt(partial(is_right_with, request, changed)).value:
            return describe_fix(candidate, texts, changed, [], 1)
    return None


def _list_resets(path: Path, text: str) -> Iterator[Candidate]:
    """Yield a text with each line that may set gradients to 0 before each call of backward."""
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
