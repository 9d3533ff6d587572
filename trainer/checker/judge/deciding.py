"""Decides about a step: right, wrong in some weights, or open."""

from dataclasses import dataclass, field, replace
from enum import Enum, auto

from trainer.checker.find.steps import Trace
from trainer.checker.judge.consistency import list_inconsistent
from trainer.checker.judge.descent import Fit, depends_on, fit_losses
from trainer.checker.judge.idle import is_idle
from trainer.checker.judge.influence import Model, Run, build_model, leave_start
from trainer.checker.judge.properties import (
    find_wrong_softmax,
    is_named_as_weight,
    list_unused,
)
from trainer.checker.judge.shrinking import shrink

# How far from the first weights a step is judged, relative to the largest: first near, then as far
# as it can be judged, since near 0 every net is nearly linear, and far away a softmax is 0 or 1.
NEAR, FAR = 0.05, (0.5, 0.2, 0.1)
SAME = 1e-4  # rates that differ by more are not those of one loss


class Fault(Enum):
    """What is known of a wrong step as a whole."""

    UPHILL = auto()
    LACKS_PENALTY = auto()
    PENALTY_SIGN = auto()
    LEFT = auto()
    FACTOR = auto()
    UNUSED = auto()
    SOFTMAX_AXIS = auto()
    IDLE = auto()


@dataclass
class Decision:
    """What was found out about a step; is_right is None where that is open.

    wrong are the weights that do not move down the derivative of any loss of the outputs, or those
    that lack the penalty of the net's own loss.
    """

    model: Model
    is_right: bool | None
    fit: Fit | None = None
    wrong: list[str] = field(default_factory=list)
    fault: Fault | None = None
    fits: list[Fit] = field(default_factory=list)  # of all losses that explain the whole step
    event: int | None = None  # whose value is wrong by itself


def decide(run: Run, name: str = "") -> Decision | None:
    """Return the decision on a step, None where it has no weights, targets and outputs.

    name is that of the function that is called, if the step is a call.
    """
    first = build_model(run)
    if first is None:
        is_wrong = is_idle(run, name)
        return Decision(Model(run, Trace()), False, fault=Fault.IDLE) if is_wrong else None
    near = _decide_at(first, NEAR)
    is_part = near.fault is Fault.LEFT and bool(name)  # a method may train a part of a net
    # What a method gives may be meant to be added.
    is_turned = near.fault is Fault.UPHILL and near.model.base.subtracts
    if near.is_right is None or is_part or is_turned:
        return _leave_open(near)
    far = next((d for start in FAR if (d := _decide_at(first, start)).is_right is not None), near)
    is_sure = far is not near and far.is_right == near.is_right
    return _agree(near, far) if is_sure else _leave_open(near)


def _agree(near: Decision, far: Decision) -> Decision:
    """Return what one loss shows at one rate, whatever the weights are, if any explains the step.

    An error of one output has the derivative of its square, at a rate that depends on it.
    """
    for fit in near.fits:
        if any(_are_same(fit, other) for other in far.fits):
            return replace(near, fit=fit)
    return near if not near.fits else _leave_open(near)


def _are_same(a: Fit, b: Fit) -> bool:
    is_close = abs(a.rate - b.rate) <= SAME * max(abs(a.rate), abs(b.rate))
    return is_close and (a.loss, a.target) == (b.loss, b.target)


def _leave_open(decision: Decision) -> Decision:
    return Decision(decision.model, None, decision.fit)


def _decide_at(first: Model, start: float) -> Decision:
    """Return the decision at a distance from the first weights, with few samples if that works."""
    model = leave_start(first, start)
    smaller = shrink(model, first.run)
    if smaller is not first.run and (few := build_model(smaller)):
        model = leave_start(few, start)
    decision = _decide_about(model)
    rates = decision.fit.rates.values() if decision.fit else [None]
    is_explained = all(rate is not None for rate in rates)  # each weight by the same derivative
    is_sure = decision.is_right is not False or is_explained or _is_complete(model)
    return decision if is_sure else _leave_open(decision)


def _decide_about(model: Model) -> Decision:
    fits = fit_losses(model)
    matrices = [w for w in model.weights if model.base.before[w].ndim > 1]
    best = fits[0] if fits else None
    event = find_wrong_softmax(model)
    if event is not None:
        return Decision(model, False, best, fault=Fault.SOFTMAX_AXIS, event=event)
    if unused := list_unused(model):
        return Decision(model, False, best, unused, Fault.UNUSED)
    if left := _list_left(model, fits[:1]):
        return Decision(model, False, fits[0], left, Fault.LEFT)
    for fit in fits:
        if fit.lacks_penalty:
            return Decision(model, False, fit, matrices, Fault.LACKS_PENALTY)
        if fit.is_right:
            if _is_multiple(model, fits):
                return Decision(model, False, fit, fault=Fault.FACTOR, fits=fits)
            return Decision(model, True, fit, fits=fits)
    if best and not best.wrong:
        fault = Fault.PENALTY_SIGN if best.rate > 0 else Fault.UPHILL
        whole = [fit for fit in fits if not fit.wrong]
        return Decision(model, False, best, matrices or model.weights, fault, whole)
    if turned := next((fit for fit in fits if fit.list_uphill()), None):
        return Decision(model, False, turned, turned.list_uphill())
    if other := next((fit for fit in fits if fit.has_gradients), None):
        return Decision(model, None if _follows_partly(model, fits) else True, other)
    wrong = list_inconsistent(model)
    if not (wrong and all(wrong)):
        return Decision(model, None, best)
    least = min(wrong, key=len)
    best = max(fits, key=lambda fit: len(fit.list_agreeing()), default=None)
    agreeing = best.list_agreeing() if best else []
    others = [weight for weight in model.weights if weight not in agreeing]
    is_sure = len(agreeing) > 1  # by chance no two go down a loss at one rate
    return Decision(model, False, best, others if is_sure else min(others, least, key=len))


def _is_multiple(model: Model, fits: list[Fit]) -> bool:
    """Return whether gradients of a call are a multiple of the derivative of the loss that the same
    call computes: each of them, since it may compute parts of the loss too.
    """
    own = [abs(fit.rate - 1) for fit in fits if fit.is_own]
    return model.base.subtracts and bool(own) and min(own) > SAME


def _follows_partly(model: Model, fits: list[Fit]) -> bool:
    """Return whether some arrays move down a derivative exactly and others do not, as no momentum
    and no Adam does.
    """
    agreeing = {weight for fit in fits for weight in fit.list_agreeing()}
    return any(model.base.before[weight].size > 1 for weight in agreeing)


def _is_complete(model: Model) -> bool:
    """Return whether the outputs depend on every array that the step changes.

    Otherwise it keeps a state, as momentum does, or is not understood.
    """
    changed = [path for path in model.base.list_changed() if path in model.depends]
    return all(path in model.weights for path in changed if model.base.before[path].ndim)


def _list_left(model: Model, fits: list[Fit]) -> list[str]:
    """Return the weights that a step leaves as they are, beside others of their names, though the
    loss depends on them: equally many samples of each class may leave it as it is.
    """
    left = [path for path in model.inputs if is_named_as_weight(model, path)]
    return [path for path in left for fit in fits if depends_on(model, fit, path)]
