"""Decides about a step: right, wrong in some weights, or open."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trainer.checker.find.trace import DERIVED, NAMES, SUBTRACTED, Form, Trace
from trainer.checker.judge.consistency import list_inconsistent
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.descent import (
    FEWEST,
    computes_gradient,
    find_multiple,
    fit_losses,
    list_directions,
    list_mistaken_fits,
    measure_rest,
)
from trainer.checker.judge.dividing import find_divided, may_divide
from trainer.checker.judge.enlarging import list_larger
from trainer.checker.judge.fit import SAME, Fit, are_same
from trainer.checker.judge.following import (
    EXACT,
    find_others,
    has_agreeing,
    has_own_pass,
    is_complete,
    is_followed,
    list_uncomputed,
)
from trainer.checker.judge.idle import is_idle, list_ignored, list_lost
from trainer.checker.judge.influence import Model, Run, build_model, leave_start
from trainer.checker.judge.leaving import list_left
from trainer.checker.judge.properties import (
    find_growing,
    find_wrong_softmax,
    is_softmax_twice,
    list_accumulated,
    list_grown,
    list_unused,
)
from trainer.checker.judge.repeating import takes_several
from trainer.checker.judge.shrinking import build_smaller, take_fewest
from trainer.checker.judge.unknown_loss import find_growing_loss

# How far from the first weights a step is judged, relative to the largest: first near, then as far
# as it can be judged, since near 0 every net is nearly linear, and far away a softmax is 0 or 1.
NEAR, FAR = 0.05, (0.5, 0.2, 0.1, 1.0, 0.75)
GIVEN = {"x", "t"}  # leaves of a call that are data of ours, and no weights


def decide(run: Run, name: str = "") -> Decision | None:
    """Return the decision on a step, None where it has no weights, targets and outputs.

    name is that of the function that is called, if the step is a call. Where its targets may be its
    inputs, it is wrong only beside weights that go down a loss: it may be no net.
    """
    first = build_model(run)
    base = first.base if first else run({}, "full")
    named = None if first or base.error else build_model(partial(_show_names, run))
    if named is None:
        decision = _decide(run, base, first, name)
        return _decide_with_larger(decision, first, name) if first else decision
    decision = _decide(named.run, named.base, named, name)
    if decision is None or decision.is_right:
        return decision
    agreeing = set(decision.fit.list_agreeing()) if decision.fit else set()
    return decision if agreeing - set(decision.wrong) else _leave_open(decision)


def _decide_with_larger(decision: Decision | None, first: Model, name: str) -> Decision | None:
    """Return that a right step is wrong with a larger rate or penalty, or that it is right."""
    for run in list_larger(first) if decision and decision.is_right else ():
        model = build_model(run)
        again = _decide(run, model.base, model, name) if model else None
        if again and again.is_right is False and (again.fault or not _goes_down(again)):
            return again
    return decision


def _show_names(run: Run, edits: Mapping[str, Any], form: Form) -> Trace:
    """Run a step in which each use of a name has a place of its own where something is subtracted
    from it, so that inputs may be targets too.
    """
    return run({**edits, NAMES: True}, form)


def _decide(run: Run, base: Trace, first: Model | None, name: str) -> Decision | None:
    """Return the decision on a step that leaves this, of which so much is known."""
    if grown := list_grown(run, base):
        event = find_growing(base, grown[0])
        return Decision(Model(run, base), False, wrong=grown, fault=Fault.GROWN, event=event)
    if first is None:
        return _decide_without_model(run, base, name)
    if (name and set(first.weights) <= GIVEN) or _shows_little(first):
        return _leave_open(Decision(first, None))
    near, far = _settle_twice(first)
    # A method may train a part of a net, and then has no gradients of the rest.
    is_part = near.fault is Fault.LEFT and bool(name) and not _has_gradients(near)
    # What a method gives may be meant to be added, unless it gives the loss too.
    is_given = near.fault is Fault.UPHILL and near.model.base.gives_gradients
    is_turned = is_given and not any(_is_beside_gradients(near.model, fit) for fit in near.fits)
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
    whole = _decide_about(leave_start(first, NEAR)) if _goes_down(few) else None
    return whole if whole and whole.is_right else None


def _goes_down(decision: Decision) -> bool:
    return decision.fit is not None and decision.fit.goes_down


def _find_divided(first: Model, near: Decision) -> Decision | None:
    """Return that some weights of an open step go down another loss than the others."""
    is_given = near.model.base.gives_gradients
    if near.fault or is_given or not may_divide(fit_losses(near.model)):
        return None
    models = [_move_to(first, distance) for distance in (NEAR, FAR[0])]
    here, there = map(fit_losses, models)
    last = max(first.weights, key=lambda weight: min(models[0].depends[weight]))
    found = find_divided(here, there, last)
    if found is None or takes_several(models[0]):
        return None
    return Decision(models[0], False, *found)


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


def _is_beside_gradients(model: Model, fit: Fit) -> bool:
    """Return whether the loss of a fit is returned together with arrays: its gradients."""
    site, path, _ = model.base.events[fit.events[0]]
    together = (e for e in model.base.events if e[0] == site and e[1] != path)
    return fit.is_own and bool(path) and any(value.ndim for *_place, value in together)


def _decide_without_model(run: Run, base: Trace, name: str) -> Decision | None:
    """Return that a step does not train, or that it does so whatever the targets are."""
    if is_idle(run, name) or (not name and not base.error and list_lost(base)):
        return Decision(Model(run, Trace()), False, fault=Fault.IDLE)
    ignored = [] if base.error else list_ignored(run, base)
    fault = Fault.IGNORES
    return Decision(Model(run, base), False, wrong=ignored, fault=fault) if ignored else None


def _settle_twice(first: Model) -> tuple[Decision, Decision]:
    """Return the decisions at the nearest two distances that give one; an open one for none. At
    both the targets are the same: where a loss is linear, no step depends on them.

    Where the step at the nearest follows no loss of its own, and others in no weight, no others are
    tried. Where it is about right there alone, two others decide: near 0 the derivatives of most
    losses are much alike.
    """
    near = _decide_at(first, NEAR)
    if near.is_right is None and not (near.fit and _may_follow(near.model, near.fit)):
        return near, near
    settled = (d for start in FAR if (d := _decide_at(first, start)).is_right is not None)
    if near.is_right is None:
        near = next(settled, near)
    alike = (each for each in settled if each.model.targets == near.model.targets)
    far = next(alike, _leave_open(near))
    if near.is_right and far.is_right is False and not _is_exact(near):
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
    decision = _decide_about(_move_to(first, start))
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
    if decision.is_right is not False:
        return True
    if decision.wrong and takes_several(model):
        return False
    if is_complete(model):
        return True
    if fit is None:
        return False
    wrong = [fit.rates.get(weight) for weight in decision.wrong]
    if wrong and all(rate and rate < 0 for rate in wrong):
        return True  # a momentum from rest goes up no derivative
    is_explained = all(rate is not None for rate in fit.rates.values())  # each by one derivative
    is_sgd = (fit.is_own and has_agreeing(model, fit)) or is_followed(model, fit, is_plain=True)
    return is_explained or is_sgd or decision.wrong == list_uncomputed(model, fit)


def _decide_about(model: Model) -> Decision:
    """Return what the first question that has an answer shows."""
    fits = fit_losses(model)
    looks = (_find_fault, _find_followed, _find_turned, _find_sloped, _find_apart, _find_gradients,
             _find_uncomputed, _find_inconsistent, _find_growing)  # fmt: skip
    found = filter(None, (look(model, fits) for look in looks))
    return next(found, Decision(model, None, fits[0] if fits else None))


def _find_fault(model: Model, fits: list[Fit]) -> Decision | None:
    """Return what is wrong whatever the loss is."""
    best = fits[0] if fits else None
    event = find_wrong_softmax(model)
    if event is not None:
        return Decision(model, False, best, fault=Fault.SOFTMAX_AXIS, event=event)
    if unused := list_unused(model):
        return Decision(model, False, best, unused, Fault.UNUSED)
    left = list_left(model, best) if best else []
    return Decision(model, False, best, left, Fault.LEFT) if left else None


def _find_followed(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step goes down a loss, or does but for a penalty or a factor. One of ours
    shows that the loss is a usual one, where it is.
    """
    if model.base.gave == DERIVED:
        return _find_computed(model, fits)
    for fit in fits:
        if fit.lacks_penalty:
            return Decision(model, False, fit, fit.pulled, Fault.LACKS_PENALTY)
        if fit.is_right and _is_multiple(model, fits):
            return Decision(model, False, fit, fault=Fault.FACTOR, fits=fits)
        if fit.is_right and (turned := [each for each in fits if each.is_turned]):
            event = fit.events[0]
            return Decision(model, False, turned[0], [], Fault.TURNED_LOSS, turned, event)
        if fit.is_right and is_softmax_twice(model, fits):
            return Decision(model, False, fit, fault=Fault.DOUBLE_SOFTMAX, fits=fits)
        if fit.is_right and (kept := list_accumulated(model)):
            return Decision(model, False, fit, kept, Fault.ACCUMULATES, fits)
        if fit.is_right:
            return Decision(model, True, fit, fits=fits)
    return None


def _find_computed(model: Model, fits: list[Fit]) -> Decision:
    """Return that the loss of a net that has no gradients is a usual one, else an open decision."""
    found = list_directions(model, model.weights)
    pairs = [(a, b) for a in fits if a.is_own for b in fits if not b.is_own]
    usual = [replace(b, rate=factor, penalty=0.0, wrong=[]) for a, b in pairs
             if (factor := find_multiple(a, b, found))]  # fmt: skip
    return Decision(model, True, usual[0], fits=usual) if usual else Decision(model, None)


def _find_turned(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step goes up a loss, with all weights, with some, or with the penalty."""
    if fits and not fits[0].wrong:
        fault = Fault.PENALTY_SIGN if fits[0].rate > 0 else Fault.UPHILL
        whole = [fit for fit in fits if not fit.wrong]
        wrong = fits[0].pulled if fits[0].rate > 0 else model.weights
        return Decision(model, False, fits[0], wrong, fault, whole)
    turned = next((fit for fit in fits if fit.list_uphill()), None)
    return Decision(model, False, turned, turned.list_uphill()) if turned else None


def _find_sloped(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step follows the squares of its outputs but for the slope of the last
    activation, in all weights or in those of the last layer.
    """
    if any(fit.list_agreeing() for fit in fits if not fit.is_own):
        return None
    is_plain = is_complete(model)
    followed = (fit for fit in list_mistaken_fits(model)
                if fit.is_right or is_followed(model, fit, is_plain))  # fmt: skip
    sloped = max(followed, key=lambda fit: len(fit.list_agreeing()), default=None)
    if sloped is None:
        return None
    return Decision(model, False, sloped, model.weights, Fault.SLOPE, [sloped])


def _find_apart(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that some weights do not follow the loss that they should follow."""
    followed, wrong = find_others(model, fits)
    if not wrong:
        return None
    agreeing = followed if followed[0].list_agreeing() else []
    return Decision(model, False, followed[0], wrong, fits=agreeing)


def _find_gradients(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step computes right gradients, and uses them otherwise than plainly, but not
    up the derivative. What a call returns beside its loss it does not use: these are wrong if they
    are others.
    """
    fit = next((fit for fit in fits if fit.has_gradients), None)
    if fit is None:
        return None
    is_given = model.base.gave == SUBTRACTED
    own = next((f for f in fits if is_given and _is_beside_gradients(model, f)), None)
    if own and own.wrong:
        return Decision(model, False, own, own.wrong)
    turned = [w for w, rate in fit.rates.items() if rate and rate < 0 and fit.sizes[w] > 1]
    if turned:
        return Decision(model, False, fit, turned)
    return Decision(model, None if _follows_partly(model, fits) else True, fit)


def _find_uncomputed(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that a step, which moves as with momentum or Adam, lacks the gradients of some."""
    best = max(fits, key=lambda fit: len(fit.factors), default=None)
    wrong = list_uncomputed(model, best) if best else []
    return Decision(model, False, best, wrong) if wrong else None


def _find_inconsistent(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step follows no loss of the outputs at all, known or not."""
    found = list_inconsistent(model) or list_inconsistent(take_fewest(model))
    if not (found and all(found)):
        return None
    best = max(fits, key=lambda fit: len(fit.list_agreeing()), default=None)
    agreeing = best.list_agreeing() if best else []
    others = [weight for weight in model.weights if weight not in agreeing]
    is_sure = len(agreeing) > 1  # by chance no two go down a loss at one rate
    wrong = others if is_sure else min(others, *found, key=len)
    is_apart = best is not None and has_own_pass(model, best, wrong)
    return Decision(model, None if is_apart else False, best, wrong)


def _find_growing(model: Model, _fits: list[Fit]) -> Decision | None:
    """Return that the step goes down a loss of no usual form, which grows with each error."""
    fit = find_growing_loss(model)
    return Decision(model, True, fit, fits=[fit]) if fit else None


def _is_multiple(model: Model, fits: list[Fit]) -> bool:
    """Return whether gradients of a call are a multiple of the derivative of the loss that the same
    call computes: each of them, since it may compute parts of the loss too.
    """
    own = [abs(fit.rate - 1) for fit in fits if fit.is_own]
    return model.base.gave == SUBTRACTED and bool(own) and min(own) > SAME


def _follows_partly(model: Model, fits: list[Fit]) -> bool:
    """Return whether some arrays move down a derivative exactly and others do not, as no momentum
    and no Adam does. One whose elements all move as far shows one number only.
    """
    agreeing = {weight for fit in fits for weight in fit.list_agreeing()}
    base = model.base
    steps = (np.abs(base.after[weight] - base.before[weight]) for weight in agreeing)
    return any(np.ptp(step) > SAME * step.max() for step in steps)
