"""Asks questions about a step at one place of its weights, until one has an answer."""

from dataclasses import replace

import numpy as np

from trainer.checker.find.trace import DERIVED, SUBTRACTED
from trainer.checker.judge.backward import find_other_outputs
from trainer.checker.judge.consistency import list_inconsistent
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.derivatives import differentiate_along
from trainer.checker.judge.descent import (
    find_penalties,
    fit_losses,
    list_directions,
    list_mistaken_fits,
)
from trainer.checker.judge.fit import SAME, Fit, are_same
from trainer.checker.judge.following import (
    find_others,
    has_own_pass,
    is_complete,
    is_followed,
    list_uncomputed,
)
from trainer.checker.judge.forgetting import find_overwritten
from trainer.checker.judge.influence import Model
from trainer.checker.judge.leaving import list_left
from trainer.checker.judge.losses import DIAGONAL
from trainer.checker.judge.moving import move, turn
from trainer.checker.judge.multiples import find_multiples
from trainer.checker.judge.optimizers import find_rule, is_consistent
from trainer.checker.judge.properties import (
    find_softmax_twice,
    find_wrong_softmax,
    has_equal_targets,
    list_accumulated,
    list_unused,
)
from trainer.checker.judge.shrinking import take_fewest
from trainer.checker.judge.slopes import CLOSE
from trainer.checker.judge.sloping import find_sloped
from trainer.checker.judge.spreading import find_spread
from trainer.checker.judge.turning import is_turned
from trainer.checker.judge.unknown_loss import find_growing_loss


def decide_about(model: Model) -> Decision:
    """Return what the first question that has an answer shows."""
    fits = fit_losses(model)
    if not (any(fit.list_agreeing() for fit in fits) or _follows_targets(model)):
        return _find_fault(model, fits) or Decision(model, None, fits[0] if fits else None)
    looks = (_find_fault, _find_followed, _find_turned, _find_sloped, _find_rated, _find_apart,
             _find_gradients, _find_uncomputed, _find_inconsistent, _find_growing,
             _find_wrong_outputs)  # fmt: skip
    found = filter(None, (look(model, fits) for look in looks))
    return _look_at_state(next(found, Decision(model, None, fits[0] if fits else None)))


def _look_at_state(decision: Decision) -> Decision:
    """Return what is decided about a step once it is known how it uses what it keeps of earlier
    gradients, where it goes down a loss and keeps any.
    """
    model, fit = decision.model, decision.fit
    if not (decision.is_right and fit) or model.base.gives_gradients or is_complete(model):
        return decision
    rule = find_rule(model, fit)
    if rule is None:
        return decision
    is_right = is_consistent(model, rule)
    faults = {
        Fault.AGAINST: rule.is_turned, Fault.INVERTED: rule.lacks_root,
        Fault.MIXED: is_right is False,
    }  # fmt: skip
    if fault := next((fault for fault, is_found in faults.items() if is_found), None):
        return Decision(model, False, fit, model.weights, fault)
    return replace(decision, rule=rule.name if is_right else "")


def _find_fault(model: Model, fits: list[Fit]) -> Decision | None:
    """Return what is wrong whatever the loss is."""
    best = fits[0] if fits else None
    event = find_wrong_softmax(model)
    if event is not None:
        return Decision(model, False, best, fault=Fault.SOFTMAX_AXIS, event=event)
    event = find_spread(model)
    if event is not None:
        return Decision(model, False, best, fault=Fault.SPREAD, event=event)
    if has_equal_targets(model):
        return Decision(model, False, best, model.targets, Fault.EQUAL_TARGETS)
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
        if fit.is_right and (twice := find_softmax_twice(model, fits)) is not None:
            return Decision(model, False, fit, [], Fault.DOUBLE_SOFTMAX, fits, twice)
        if fit.is_right and (kept := list_accumulated(model)):
            return Decision(model, False, fit, kept, Fault.ACCUMULATES, fits)
        if fit.is_right and (unused := find_overwritten(model)) is not None:
            return Decision(model, False, fit, [], Fault.OVERWRITES, fits, unused)
        if fit.is_right:
            return Decision(model, True, fit, fits=fits)
    return None


def _find_computed(model: Model, fits: list[Fit]) -> Decision:
    """Return that the loss of a net that has no gradients is a usual one, else an open decision."""
    found = list_directions(model, model.weights)
    every = [fit for fit in fits if not fit.is_own]
    factors = (find_multiples(fit, every, found) for fit in fits if fit.is_own)
    usual = [
        replace(fit, rate=float(factor), penalty=0.0, wrong=[])
        for each in factors
        for fit, factor in zip(every, each, strict=True)
        if factor
    ]
    return Decision(model, True, usual[0], fits=usual) if usual else Decision(model, None)


def _find_wrong_outputs(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that a step goes down the loss of other outputs than those that it computes."""
    event = find_other_outputs(model, fits[0]) if fits else None
    if event is None:
        return None
    return Decision(model, False, fits[0], [], Fault.OTHER_OUTPUTS, event=event)


def _find_turned(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step goes up a loss, with all weights, with some, or with the penalty, or
    keeps nothing of the weights.
    """
    if replacing := [fit for fit in fits if fit.replaces and fit.rate > 0 and not fit.wrong]:
        pulled = replacing[0].pulled
        return Decision(model, False, replacing[0], pulled, Fault.REPLACES, replacing)
    if fits and not fits[0].wrong:
        fault = Fault.PENALTY_SIGN if fits[0].rate > 0 else Fault.UPHILL
        whole = [fit for fit in fits if not fit.wrong]
        wrong = fits[0].pulled if fits[0].rate > 0 else model.weights
        return Decision(model, False, fits[0], wrong, fault, whole)
    for fit in fits:
        if wrong := fit.list_uphill():
            return Decision(model, False, fit, wrong)
        least = -CLOSE * fit.common_rate
        if wrong := [w for w, k in find_penalties(model, fit).items() if k < least]:
            return Decision(model, False, fit, wrong, Fault.PENALTY_SIGN, [fit])
    return None


def _find_sloped(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step follows the loss of its outputs but for the slope of the last
    activation, in all weights or in those of the last layer.
    """
    agrees = any(fit.list_agreeing() for fit in fits if not fit.is_own)  # one may do so by chance
    is_plain = is_complete(model)
    followed = (fit for fit in list_mistaken_fits(model)
                if fit.is_right or (not agrees and is_followed(model, fit, is_plain)))  # fmt: skip
    sloped = max(followed, key=lambda fit: len(fit.list_agreeing()), default=None)
    if sloped is None:
        return None
    fault = Fault.DIAGONAL if sloped.loss == DIAGONAL else Fault.SLOPE
    return Decision(model, False, sloped, model.weights, fault, [sloped])


def _find_rated(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step goes down a loss, some weights at a rate of their own: it computes the
    derivative by these as it does that by the others.
    """
    fit = next((fit for fit in fits if _has_rated_gradients(fit)), None)
    return Decision(model, True, fit) if fit else None


def _has_rated_gradients(fit: Fit) -> bool:
    """Return whether the gradients of the arrays that move otherwise have the factor of others, and
    these go down them: not twice as far, as where an update is made twice.
    """
    agreeing = fit.list_agreeing()
    known = [fit.factors[weight] for weight in agreeing if weight in fit.factors]
    rest = {w: rate or 0.0 for w, rate in fit.rates.items() if w not in agreeing}
    is_computed = all(fit.sizes[w] > 1 and any(are_same(k, fit.factors.get(w)) for k in known)
                      for w in rest)  # fmt: skip
    is_twice = any(are_same(rate, 2 * fit.common_rate) for rate in rest.values())
    return bool(known) and is_computed and min(rest.values(), default=1.0) > 0 and not is_twice


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
    own = next((f for f in fits if is_given and is_beside_gradients(model, f)), None)
    if own and own.wrong:
        return Decision(model, False, own, own.wrong)
    turned = [w for w, rate in fit.rates.items() if rate and rate < 0 and fit.sizes[w] > 1]
    if turned:
        return Decision(model, False, fit, turned)
    if not is_given and _goes_up(model, fit):
        fault = Fault.UPHILL if is_turned(model, fit) else Fault.CLIMBS
        return Decision(model, False, fit, model.weights, fault)
    if not _follows_partly(model, fits):
        return Decision(model, True, fit)
    ignoring = _list_ignoring(model, fits)
    return Decision(model, False if ignoring else None, fit, ignoring)


def _list_ignoring(model: Model, fits: list[Fit]) -> list[str]:
    """Return the weights that move beside others that go down a loss, but not by the targets."""
    agreeing = {weight for fit in fits for weight in fit.list_agreeing()}
    turned = model.list_moved({path: turn(model.get_value(path)) for path in model.targets})
    is_sure = agreeing <= turned and not model.list_others()
    return [w for w in model.weights if is_sure and w not in agreeing | turned]


def _goes_up(model: Model, fit: Fit) -> bool:
    """Return whether the loss grows along the step of each array, and no state that the step
    carries on, as momentum, can be the reason.
    """
    if any(model.base.before[path].any() for path in model.list_others()):
        return False
    arrays = [weight for weight in model.weights if fit.sizes[weight] > 1]
    return bool(arrays) and all(_grows_along(model, fit, weight) for weight in arrays)


def _grows_along(model: Model, fit: Fit, weight: str) -> bool:
    """Return whether the loss grows along the step of one weight."""
    before = np.asarray(model.base.before[weight], dtype=np.float64)
    moved = model.base.after[weight] - before
    vector = moved / (float(np.abs(moved).max()) or 1.0)
    (slope,) = differentiate_along(model, fit, weight, [vector])
    loss = fit.function([value for *_place, value in model.base.events])
    return bool(2 * slope > SAME * abs(loss))


def _find_uncomputed(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that a step, which moves as with momentum or Adam, lacks the gradients of some."""
    best = max(fits, key=lambda fit: len(fit.factors), default=None)
    wrong = list_uncomputed(model, best) if best else []
    return Decision(model, False, best, wrong) if wrong else None


def _find_inconsistent(model: Model, fits: list[Fit]) -> Decision | None:
    """Return that the step follows no loss of the outputs at all, known or not. Gradients that a
    call gives, of a file without loss and update, may follow another law, and what a step keeps of
    earlier ones may be the reason where it computes the right ones.
    """
    found = list_inconsistent(model) or list_inconsistent(take_fewest(model))
    if not (found and all(found)):
        return None
    best = max(fits, key=lambda fit: len(fit.list_agreeing()), default=None)
    agreeing = best.list_agreeing() if best else []
    if not (agreeing or model.losses) and model.base.gives_gradients:
        return None
    others = [weight for weight in model.weights if weight not in agreeing]
    is_sure = len(agreeing) > 1  # by chance no two go down a loss at one rate
    wrong = others if is_sure else min(others, *found, key=len)
    is_apart = best is not None and has_own_pass(model, best, wrong)
    is_computed = any(all(map(fit.factors.get, wrong)) for fit in fits) and not is_complete(model)
    return Decision(model, None if is_apart or is_computed else False, best, wrong)


def _follows_targets(model: Model) -> bool:
    """Return whether a step changes with targets that differ a little, or these are labels: else it
    may follow no derivative, as one that chooses the best of some weights.
    """
    values = {path: model.get_value(path) for path in model.targets}
    kinds = {value.dtype.kind for value in values.values()}
    return kinds != {"f"} or bool(model.list_moved({p: move(v) for p, v in values.items()}))


def _find_growing(model: Model, _fits: list[Fit]) -> Decision | None:
    """Return that the step goes down a loss of no usual form, which grows with each error, or takes
    a wrong derivative of the last activation.
    """
    fit = find_growing_loss(model)
    if fit and (sloped := find_sloped(model)):
        fit = replace(fit, events=sloped)
        return Decision(model, False, fit, model.weights, Fault.SLOPE, [fit])
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


def is_beside_gradients(model: Model, fit: Fit) -> bool:
    """Return whether the loss of a fit is returned together with arrays: its gradients."""
    site, path, _ = model.base.events[fit.events[0]]
    together = (e for e in model.base.events if e[0] == site and e[1] != path)
    return fit.is_own and bool(path) and any(value.ndim for *_place, value in together)
