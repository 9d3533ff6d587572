"""Applies an activation to the sums of a layer that has none, while the way back has its slope."""

import ast
from collections.abc import Iterator

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.diagnosing import Diagnosis, describe_fix
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.survey import Survey
from trainer.checker.judge.backward import name_outputs
from trainer.checker.judge.causes import find_weight_causes
from trainer.checker.judge.decision import Decision
from trainer.checker.judge.layering import list_layers
from trainer.checker.repair.surveying import (
    StepRequest,
    StepScreen,
    find_owner,
    find_steps,
    find_value,
)

MISSING = "activation-missing"
FORWARD = (MISSING, "double-softmax", "sigmoid-before-softmax", "softmax-whole-batch")
USUAL = "np.maximum(0, {})", "np.tanh({})", "1 / (1 + np.exp(-({})))"
MOST_FUNCTIONS = 6  # of one argument that the file calls


def list_forward_causes(decision: Decision) -> set[str]:
    """Return the known mistakes of the forward pass, to which no change of the way back is an
    answer, that a step without another fault shows.
    """
    may_have = decision.fault is None and (_list_sites(decision) or name_outputs(decision))
    return {c for c in find_weight_causes(decision).values() if c in FORWARD} if may_have else set()


def diagnose_lacking(
    request: StepRequest, survey: Survey, decision: Decision, tried: Count
) -> Diagnosis | None:
    """Return the first activation of sums with which the step is right, None where none is."""
    for candidate in _list_activated(survey, decision):
        if not tried.spend():
            return None
        changed = survey.change(candidate)
        if attempt(lambda now=changed: request.find_right(find_steps(request, now)[1])).value:
            return describe_fix(candidate, survey.texts, changed, [], 1)
    return None


def _list_activated(survey: Survey, decision: Decision) -> Iterator[Candidate]:
    """Yield the texts in which a line that gives the sums of such a layer applies a function.

    self.a1 = self.z1   →   self.a1 = relu(self.z1)
    """
    assert isinstance(survey.screen, StepScreen)
    sites = survey.screen.wanted.sites
    for site in (sites[number] for number in _list_sites(decision)):
        value, text = find_value(find_owner(survey.called, site), site), survey.texts[site.path]
        for form in _list_forms(text):
            if value:
                edit = Edit(value, form.format(ast.unparse(value)), 0.0)
                yield from apply_edit(site.path, text, edit)


def _list_sites(decision: Decision) -> list[int]:
    """Return the places that give the sums of layers without an activation, the last first."""
    model, events = decision.model, decision.model.base.events
    layers = list_layers(model, decision.fit) if decision.fit else []
    sums = [events[layer.sums][2] for layer in layers[:-1] if layer.outputs == [layer.sums]]
    sites = (s for s, path, v in events if s >= 0 and not path
             and any(np.array_equal(v, each) for each in sums))  # fmt: skip
    return [*dict.fromkeys(sites)][::-1]


def _list_forms(text: str) -> list[str]:
    """Return how an activation may be written: by the functions that the file calls with one
    argument, or as usual.
    """
    calls = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and len(n.args) == 1)
    names = dict.fromkeys(ast.unparse(call.func) for call in calls if not call.keywords)
    known = [f"{name}({{}})" for name in names if "{" not in name]
    return [*known[:MOST_FUNCTIONS], *USUAL]
