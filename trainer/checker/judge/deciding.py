"""Decides about a step: right, wrong in some weights, or open."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from trainer.checker.find.changes import is_replaced
from trainer.checker.find.trace import DERIVED, NAMES, Form, Trace
from trainer.checker.judge.decision import OF_DIRECTION, Decision, Fault
from trainer.checker.judge.descent import FEWEST, computes_gradient, fit_losses, measure_rest
from trainer.checker.judge.dividing import find_divided, may_divide
from trainer.checker.judge.enlarging import find_powers, list_larger
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.following import (
    EXACT,
    has_agreeing,
    is_complete,
    is_followed,
    list_uncomputed,
)
from trainer.checker.judge.forgetting import list_forgotten
from trainer.checker.judge.idle import is_idle, is_random, list_ignored, list_lost
from trainer.checker.judge.infinite import list_infinite
from trainer.checker.judge.influence import Model, Run, build_model, leave_start
from trainer.checker.judge.looking import decide_about, is_beside_gradients
from trainer.checker.judge.losses import GROWING
from trainer.checker.judge.moving import turn
from trainer.checker.judge.properties import find_growing, list_grown
from trainer.checker.judge.repeating import takes_several
from trainer.checker.judge.shrinking import build_smaller
from trainer.checker.judge.waking import wake

# How far from the first weights a step is judged, relative to the largest: first near, then as far
# as it can be judged, since near 0 every net is nearly linear, and far away a softmax is 0 or 1.
NEAR, FAR = 0.05, (0.5, 0.2, 0.1, 1.0, 0.75)
GIVEN = {"x", "t"}  # leaves of a call that are data of ours, and no weights


def decide(run: Run, name: str = "", is_known: bool = False) -> Decision | None:
    """Return the decision on a step, None where it has no weights, targets and outputs, or where
    what it changes are the values between layers.

    name is that of the function that is called, if the step is a call. Where its targets may be its
    inputs, it is wrong only beside weights that go down a loss: it may be no net. A random step is
    open, and one that leaves a state for the next, as that of a recurrent net. is_known: it was
    wrong with other inputs, so that what is wrong near the first weights is asked no more.
    """
    decision = _decide_by_use(run, name, is_known)
    if decision and decision.is_right is False and is_random(decision.model):
        return _leave_open(decision)
    if decision is None or decision.is_right or decision.fault:
        return decision
    base, weights = decision.model.base, decision.model.weights
    if all(is_replaced(run, base, path) for path in weights):
        return None
    return _leave_open(decision) if _has_state(decision.model) else decision


def _has_state(model: Model) -> bool:
    """Return whether a step replaces an array by one that does not depend on the targets, as a
    recurrent net does its state.
    """
    moved = model.list_moved({path: turn(model.get_value(path)) for path in model.targets})
    rest = (path for path in model.weights if path not in moved)
    return any(is_replaced(model.run, model.base, path) for path in rest)


def _decide_by_use(run: Run, name: str, is_known: bool) -> Decision | None:
    """Return the decision on a step, with the uses of its names as data where it has no others."""
    run, first = wake(run)
    base = first.base if first else run({}, "full")
    named = None if first or base.error else build_model(partial(_show_names, run))
    if named is None:
        decision = _decide(run, base, first, name, is_known)
        if decision and decision.is_right and first and (updates := list_forgotten(first)):
            event, wrong = next(iter(updates.values())), list(updates)
            return Decision(first, False, None, wrong, Fault.FORGOTTEN, event=event)
        return _decide_with_larger(decision, first, name) if first else decision
    decision = _decide(named.run, named.base, named, name, is_known)
    if decision is None or decision.is_right:
        return decision
    agreeing = set(decision.fit.list_agreeing()) if decision.fit else set()
    return decision if agreeing - set(decision.wrong) else _leave_open(decision)


def _decide_with_larger(decision: Decision | None, first: Model, name: str) -> Decision | None:
    """Return that a right step is wrong with a larger rate or penalty, or that it is right. A rate
    that some weights have twice is wrong at any.
    """
    if decision and (powered := _decide_with_less(decision)):
        return powered
    for run, option in list_larger(first) if decision and decision.is_right else ():
        model = build_model(run)
        again = _decide(run, model.base, model, name) if model else None
        if again and again.is_right is False and (again.fault or not _goes_down(again)):
            return replace(again, option=option)
    return decision


def _decide_with_less(decision: Decision) -> Decision | None:
    """Return that some weights have a power of the rate, where all go down a loss at some rate."""
    is_given = decision.model.base.gives_gradients
    if decision.is_right is None or decision.fault or is_given or not _goes_down(decision):
        return None
    run, wrong = find_powers(decision.model) or (None, [])
    model = build_model(run) if run else None
    fits = fit_losses(model) if model else []
    return Decision(model, False, fits[0], wrong, Fault.POWERS) if model and fits else None


def _show_names(run: Run, edits: Mapping[str, Any], form: Form) -> Trace:
    """Run a step in which each use of a name has a place of its own where something is subtracted
    from it, so that inputs may be targets too.
    """
    return run({**edits, NAMES: True}, form)


def _decide(
    run: Run, base: Trace, first: Model | None, name: str, is_known: bool = False
) -> Decision | None:
    """Return the decision on a step that leaves this, of which so much is known."""
    if grown := list_grown(run, base):
        event = find_growing(base, grown[0])
        return Decision(Model(run, base), False, wrong=grown, fault=Fault.GROWN, event=event)
    if spoilt := list_infinite(run, base):
        return Decision(Model(run, base), False, None, spoilt[0], Fault.INFINITE, event=spoilt[1])
    if first is None:
        return _decide_without_model(run, base, name)
    if (name and set(first.weights) <= GIVEN) or _shows_little(first):
        return _leave_open(Decision(first, None))
    near, far = _settle_twice(first, is_known)
    is_part = bool(name) and _may_be_part(near)
    # What a method gives may be meant to be added, unless it gives the loss too.
    is_given = near.fault is Fault.UPHILL and near.model.base.gives_gradients
    is_turned = is_given and not any(is_beside_gradients(near.model, fit) for fit in near.fits)
    is_doubted = is_part or is_turned or _have_own_rates(near, far)
    if is_doubted or far.is_right is None or far.is_right != near.is_right:
        return _find_divided(first, near) or _leave_open(near)
    agreed = _agree(near, far)
    if agreed.is_right is not False or agreed.fault:
        return agreed
    return _decide_with_all(first, agreed) or _find_divided(first, near) or agreed


def _shows_little(model: Model) -> bool:
    """Return whether a step moves two numbers, and others on which the outputs do not depend: a
    weight whose sample is 0 may be among these.
    """
    size = sum(model.base.before[weight].size for weight in model.weights)
    return size == FEWEST and bool(model.list_others())


def _decide_with_all(first: Model, few: Decision) -> Decision | None:
    """Return that a step is right with all samples of which each weight goes down the loss of few
    at a rate of its own: the file may have counted its samples before.
    """
    whole = decide_about(leave_start(first, NEAR)) if _goes_down(few) else None
    return whole if whole and whole.is_right else None


def _goes_down(decision: Decision) -> bool:
    return decision.fit is not None and decision.fit.goes_down


def _find_divided(first: Model, near: Decision) -> Decision | None:
    """Return that some weights of an open step do not go down the loss of the others."""
    is_given = near.model.base.gives_gradients
    if near.fault or is_given or not may_divide(fit_losses(near.model)):
        return None
    models = [_move_to(first, distance) for distance in (NEAR, FAR[0])]
    found = find_divided(*models)
    if found is None or takes_several(models[0]):
        return None
    return Decision(models[0], False, *found)


def _may_be_part(decision: Decision) -> bool:
    """Return whether a method may train a part of a net: it computes no gradients of what it
    leaves, or what it does not use may be used elsewhere.
    """
    if decision.fault is Fault.UNUSED:
        return not (decision.fit and has_agreeing(decision.model, decision.fit))
    return decision.fault is Fault.LEFT and not _has_gradients(decision)


def _has_gradients(decision: Decision) -> bool:
    """Return whether a step computes the derivative of its loss by each array that is wrong."""
    model, fit = decision.model, decision.fit
    return fit is not None and all(computes_gradient(model, fit, p) for p in decision.wrong)


def _have_own_rates(near: Decision, far: Decision) -> bool:
    """Return whether what is wrong are numbers beside arrays that go down the loss of the others,
    farther or less far by one factor wherever the weights are: they may have a rate of their own.
    """
    if near.fault or not (near.fit and far.fit and near.wrong):
        return False
    fits = near.fit, far.fit
    ratios = ([(f.rates.get(w) or 0) / f.common_rate for f in fits] for w in near.wrong)
    numbers = [w for w in near.model.weights if near.model.base.before[w].size == 1]
    are_numbers = set(near.wrong) <= set(numbers) < set(near.model.weights)
    return are_numbers and all(min(pair) > 0 and are_same(*pair) for pair in ratios)


def _decide_without_model(run: Run, base: Trace, name: str) -> Decision | None:
    """Return that a step does not train, or that it does so whatever the targets are."""
    if is_idle(run, name) or (not name and not base.error and list_lost(base)):
        return Decision(Model(run, Trace()), False, fault=Fault.IDLE)
    ignored = [] if base.error else list_ignored(run, base)
    fault = Fault.IGNORES
    return Decision(Model(run, base), False, wrong=ignored, fault=fault) if ignored else None


def _settle_twice(first: Model, is_known: bool) -> tuple[Decision, Decision]:
    """Return the decisions at the nearest two distances that give one; an open one for none. At
    both the targets are the same: where a loss is linear, no step depends on them.

    Where the step at the nearest follows no loss of its own, and others in no weight, no others are
    tried. Where it is about right there alone, two others decide: near 0 the derivatives of most
    losses are much alike. Not where its gradients are right, which it uses as Adam does.
    """
    near = _decide_at(first, NEAR)
    if near.is_right is False and is_known:
        return near, near
    if near.is_right is None and not (near.fit and _may_follow(near.model, near.fit)):
        return near, near
    settled = (d for start in FAR if (d := _decide_at(first, start)).is_right is not None)
    if near.is_right is None:
        near = next(settled, near)
    alike = (each for each in settled if each.model.targets == near.model.targets)
    far = next(alike, _leave_open(near))
    if near.is_right and near.fits and far.is_right is False and not _is_exact(near):
        near = next(alike, near)
    return near, far


def _may_follow(model: Model, fit: Fit) -> bool:
    return fit.is_own or has_agreeing(model, fit)


def _is_exact(decision: Decision) -> bool:
    """Return whether nothing but rounding parts a step from the derivative of a loss."""
    model = decision.model
    return any(max(measure_rest(model, fit, w) for w in model.weights) < EXACT
               for fit in decision.fits)  # fmt: skip


def _agree(near: Decision, far: Decision) -> Decision:
    """Return what one loss shows at one rate, whatever the weights are, if any explains the step.

    An error of one output has the derivative of its square, at a rate that depends on it. Of
    several outputs the rate may differ: gradients may be clipped.
    """
    if near.is_right and far.is_right and far.fit and far.fit.loss == GROWING:
        return far  # near 0 a loss such as Huber's is a usual one
    pairs = ((a, b) for a in near.fits for b in far.fits if _are_same(near.model, a, b))
    if same := [_show_both(a, b) for a, b in pairs]:
        return replace(near, fit=same[0], fits=same)
    return near if (near.wrong and not near.fault) or not near.fits else _leave_open(near)


def _show_both(a: Fit, b: Fit) -> Fit:
    """Return a fit with what the net shows at two distances: near 0 losses are much alike."""
    shown = {i: [name for name in names if name in b.shown_as.get(i, names)]
             for i, names in a.shown_as.items()}  # fmt: skip
    return replace(a, shown_as=shown)


def _are_same(model: Model, a: Fit, b: Fit) -> bool:
    """Return whether two fits are those of one loss, at one rate unless several outputs show it."""
    outputs = model.outputs if a.is_own else [a.events]
    most = max(sum(model.base.events[i][2].size for i in events) for events in outputs)
    is_sure = most > 1 and not (a.wrong or b.wrong) and model.base.gave != DERIVED
    is_right = is_sure or are_same(a.common_rate, b.common_rate)
    return is_right and (a.loss, a.target) == (b.loss, b.target)


def _leave_open(decision: Decision) -> Decision:
    return Decision(decision.model, None, decision.fit)


def _decide_at(first: Model, start: float) -> Decision:
    """Return the decision at a distance from the first weights."""
    decision = decide_about(_move_to(first, start))
    return decision if _is_sure(decision) else _leave_open(decision)


def _move_to(first: Model, start: float) -> Model:
    """Return a step at a distance from the first weights, with few samples if that works."""
    model = leave_start(first, start)
    few = build_smaller(model, first.run)
    return leave_start(few, start) if few else model


def _is_sure(decision: Decision) -> bool:
    """Return whether a wrong step is neither several nor one that keeps a state, as momentum does:
    from rest, that moves each weight down the derivative, as it does those that agree.
    """
    model, fit = decision.model, decision.fit
    if decision.is_right is not False or decision.fault in OF_DIRECTION:
        return True
    if decision.wrong and takes_several(model):
        return False
    if is_complete(model, decision.wrong if len(decision.wrong) < len(model.weights) else ()):
        return True
    if fit is None:
        return False
    wrong = [fit.rates.get(weight) for weight in decision.wrong]
    if wrong and all(rate and rate < 0 for rate in wrong):
        return True  # a momentum from rest goes up no derivative
    is_explained = all(rate is not None for rate in fit.rates.values())  # each by one derivative
    is_sgd = (fit.is_own and has_agreeing(model, fit)) or is_followed(model, fit, is_plain=True)
    return is_explained or is_sgd or decision.wrong == list_uncomputed(model, fit)
