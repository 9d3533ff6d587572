"""Lists changes of outputs to which one function too many is applied."""

import ast
from collections.abc import Iterator

from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.patching import Function, Texts
from trainer.checker.diagnose.scope import make_words
from trainer.checker.find.steps import Step
from trainer.checker.judge.decision import Decision
from trainer.checker.repair.surveying import find_owner, find_value, list_functions_of


def list_unwrapped(decision: Decision, step: Step, texts: Texts) -> Iterator[Candidate]:
    """Yield the texts in which a line that gives the outputs applies one function less.

    softmax(sigmoid(z))   →   softmax(z)
    """
    functions = list_functions_of(texts, step)
    for number in _list_sites(decision):
        site = step.tracer.sites[number]
        function = find_owner(functions, site)
        value = find_value(function, site)
        for edit in _list_edits(function, value) if function and value else ():
            yield from apply_edit(site.path, texts[site.path], edit)


def _list_sites(decision: Decision) -> list[int]:
    """Return the places of the source that have the outputs as their value."""
    assert decision.event is not None
    events = decision.model.base.events
    outputs = events[decision.event][2]
    alike = (e for e in events if e[0] >= 0 and not e[1] and e[2].shape == outputs.shape)
    return list(dict.fromkeys(site for site, _, value in alike if (value == outputs).all()))


def _list_edits(function: Function, value: ast.expr) -> Iterator[Edit]:
    """Yield each call of one argument as that argument, and with other variables in its place."""
    for call in ast.walk(value):
        if isinstance(call, ast.Call) and len(call.args) == 1:
            (given,) = call.args
            parts = (n for n in ast.walk(given) if isinstance(n, ast.Name | ast.Attribute))
            names = dict.fromkeys(map(ast.unparse, parts))
            yield from (Edit(given, name, 0.0) for name in names)
            yield Edit(call, ast.unparse(given), 0.0)
            others = make_words(function, None, []).atoms
            yield from (Edit(given, name, 0.0) for name in others if name not in names)
