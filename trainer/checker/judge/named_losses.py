"""Question 2: is what the file calls a loss the one that a right step goes down?"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from trainer.checker.judge.budget import Step
from trainer.checker.judge.deciding import decide
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.descent import find_factors, list_fits
from trainer.checker.judge.fit import OWN, Fit
from trainer.checker.judge.influence import Model, Run, name_place
from trainer.checker.judge.losses import BINARY, ENTROPY, GROWING, SQUARES, STRAIGHT
from trainer.checker.judge.showing import find_shown_loss, list_named

NEXT = 2  # values after a part of a line, of which one may be the whole
FEW = 0.01  # of a penalty, which is rounding


def decide_step(step: Step, run: Run, is_known: bool = False) -> Decision | None:
    """Return the decision on a step that runs so, and on what the file calls a loss in it; is_known
    tells that it was wrong with other inputs.
    """
    decision = decide(run, "" if step.line else step.name, is_known)
    return decision and _settle_loss(step, decision)


def _settle_loss(step: Step, decision: Decision) -> Decision:
    """Return that a right step is wrong where the file calls a loss what it does not go down:
    cross-entropy where it goes down squares, half of it, no usual loss, or one with a penalty.
    """
    fit = decision.fit
    if not (decision.is_right and fit) or fit.wrong:
        return decision
    if fit.is_own and (negated := _find_negated(step, decision.model, fit)):
        weights = decision.model.weights
        return Decision(decision.model, False, negated, weights, Fault.UPHILL, [negated])
    if fit.is_own:
        full = _find_whole(step, decision, fit)
        fault = Fault.LACKS_PENALTY
        return Decision(decision.model, False, full, full.pulled, fault) if full else decision
    if fit.loss in STRAIGHT and _list_named(step, decision, fit.events):
        return replace(decision, fit=replace(fit, target=OWN))  # its targets are none of its data
    shown = _list_named(step, decision, fit.shown_by)
    if shown and _is_half(decision, fit):
        fault = Fault.WRONG_LOSS
        return replace(decision, is_right=False, event=shown[0], fault=fault)
    if shown and fit.loss == SQUARES and "entropy" in fit.shown:
        weights = decision.model.weights
        return replace(decision, is_right=False, fault=Fault.OTHER_LOSS, wrong=weights)
    if _list_named(step, decision, fit.shown_as):
        return decision
    return compare_shown(step, decision, decision.model)


def _find_negated(step: Step, model: Model, fit: Fit) -> Fit | None:
    """Return the fit of the number that a line computes as minus the one that a step goes down,
    None where it does not: for one sample a part of a loss is a number too.
    """
    events, part = model.base.events, fit.events[0]
    own = events[part][2].ravel()
    near = range(part + 1, min(part + 1 + NEXT, len(events)))
    same = (i for i in near if events[i][0] >= 0 and np.array_equal(events[i][2].ravel(), -own))
    line = step.describe(events[part][0])[0]
    whole = [(i,) for i in same if own.any() and step.describe(events[i][0])[0] == line]
    return next((each for each in list_fits(model) if each.events in whole), None)


def compare_shown(step: Step, decision: Decision, model: Model) -> Decision:
    """Return that a right step is wrong where what the file calls a loss, in the step or behind its
    loop, is another usual loss, or none, or has a penalty that the step has not.
    """
    fit = decision.fit
    if fit is None or fit.loss == GROWING:
        return decision
    weights = [path for path in decision.model.weights if path in model.base.before]
    shown = find_shown_loss(step.describe, model, weights, list_places(decision), fit.loss)
    if shown is None:
        return decision
    if shown.is_negative and _ascends(decision.model, fit):
        return decision
    if fit.loss == SQUARES and "entropy" in shown.usual:
        fit = replace(fit, shown_as={shown.event: [shown.usual]})
        fault, weights = Fault.OTHER_LOSS, decision.model.weights
        return replace(decision, is_right=False, fault=fault, wrong=weights, fit=fit)
    if not shown.usual:
        fault = Fault.WRONG_LOSS
        return replace(decision, model=model, is_right=False, event=shown.event, fault=fault)
    strengths = {float(model.base.before[path]) for path in shown.strengths}
    numbers = decision.model.base.before.items()
    # The net may keep the same strength under another name.
    twice = {path: 2 * v for path, v in numbers if not v.ndim and float(v) in strengths}
    if not twice or decision.model.list_moved(twice):
        return decision
    own = replace(fit, target=OWN, events=(shown.event,))
    return Decision(model, False, own, shown.pulled, Fault.LACKS_PENALTY)


def _ascends(model: Model, fit: Fit) -> bool:
    """Return whether a step computes the derivatives of minus a loss, to which it adds these: it
    may call what it goes up a cost.
    """
    found = [factor for _, factor in find_factors(model, fit, model.weights) if factor]
    return bool(found) and max(found) < 0


def shows_loss_at(step: Step, decision: Decision, line: int) -> bool:
    """Return whether a line gives a usual loss of the outputs of a right step."""
    model = decision.model
    shown = find_shown_loss(step.describe, model, model.weights, list_places(decision))
    if shown is None or not shown.usual:
        return False
    return step.describe(model.base.events[shown.event][0])[0] == line


def list_places(decision: Decision) -> list[tuple[int, str]]:
    """Return the places of the outputs in the source, those first of which the step goes down a
    loss.
    """
    events, fit = decision.model.base.events, decision.fit
    every = {name_place(*events[i][:2]) for group in decision.model.outputs for i in group}
    own = {name_place(*events[i][:2]) for i in (fit.events if fit else ())}
    return sorted(every | own, key=lambda place: (place not in own, place))


def _is_half(decision: Decision, fit: Fit) -> bool:
    """Return whether a step goes down the cross-entropy of one output for each sample, and computes
    the half of it that the targets of 1 have.
    """
    y = np.squeeze(decision.model.base.events[fit.events[0]][2])
    targets = [t for t in decision.model.list_targets() if t.size == y.size]
    is_single = y.ndim == 1 and all(t.sum() != 1 for t in targets)  # and no one-hot row
    return is_single and fit.shown == ENTROPY and fit.loss.startswith(BINARY)


def _find_whole(step: Step, decision: Decision, part: Fit) -> Fit | None:
    """Return the fit of a number that the file calls a loss, and computes after a part of it which
    a step goes down, where the step has another penalty than the whole has; None for none.
    """
    fits = list_fits(decision.model)
    most = max((fit.penalty for fit in fits if fit.is_right), default=0.0)
    whole = (fit for fit in fits if fit.is_own and fit.events >= part.events)
    other = (fit for fit in whole if fit.lacks_penalty or _has_more(fit, most))
    return next((fit for fit in other if _list_named(step, decision, fit.events)), None)


def _has_more(whole: Fit, most: float) -> bool:
    """Return whether a step down a loss with a penalty has more of it; most is what it has beside
    the loss without one.
    """
    return whole.is_right and FEW * most < whole.penalty < (1 - FEW) * most


def _list_named(step: Step, decision: Decision, events: Iterable[int]) -> list[int]:
    """Return the events for which the file has a name of a loss."""
    return list_named(step.describe, decision.model.base, events)
