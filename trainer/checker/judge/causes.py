"""Names the known mistake that a wrong step shows by its values, at any depth."""

from dataclasses import replace

from trainer.book.functions import Array
from trainer.checker.judge.backward import name_mistakes, name_outputs
from trainer.checker.judge.calming import calm
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.descent import computes_gradient, find_factors, fit_losses
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.influence import Model
from trainer.checker.load.recording import is_flat

CAUSES = {
    Fault.SOFTMAX_AXIS: "softmax-axis", Fault.DOUBLE_SOFTMAX: "double-softmax",
    Fault.ACCUMULATES: "stale-gradient", Fault.IGNORES: "target-not-subtracted",
}  # fmt: skip

BY_OUTPUTS = Fault.SOFTMAX_AXIS, Fault.FACTOR, Fault.OTHER_OUTPUTS  # their values may show why


def find_cause(decision: Decision) -> str | None:
    """Return the mistake that a step shows as a whole, None where none is known."""
    model, fit, fault = decision.model, decision.fit, decision.fault
    if fault in BY_OUTPUTS and (cause := name_outputs(decision)):
        return cause
    if fault is Fault.FACTOR and fit:
        return _name_whole_factor(decision, fit)
    if fault is Fault.DIAGONAL:
        return _name_extra_slope(decision)
    if fault is Fault.UPHILL and fit:
        factors = dict(find_factors(model, fit, decision.wrong))
        is_turned = any((factor or 0) < 0 for factor in factors.values())
        return "gradient-sign" if model.base.gives_gradients or is_turned else "update-sign"
    if fault is Fault.UNUSED and all(map(is_flat, _read(decision))):
        sizes = {
            n for events in model.outputs for i in events for n in model.base.events[i][2].shape
        }
        is_last = {value.size for value in _read(decision)} <= {*sizes, 1}
        return "bias-missing-output" if is_last else "bias-missing-forward"
    if fault is Fault.LEFT and fit and all(map(is_flat, _read(decision))):
        is_made = all(computes_gradient(model, fit, path) for path in decision.wrong)
        return "bias-not-updated" if is_made else "bias-grad-missing"
    return CAUSES.get(fault) if fault else None


def _name_extra_slope(decision: Decision) -> str | None:
    """Return the mistake that a step shows beside the loss that it computes itself, whose
    derivative may have the slope of the softmax in it.
    """
    own = (fit for fit in fit_losses(decision.model) if fit.is_own)
    found = (name_mistakes(replace(decision, fit=fit, fits=[])) for fit in own)
    return next((name for names in found for name in names.values()), None)


def _name_whole_factor(decision: Decision, fit: Fit) -> str | None:
    """Return the mistake that gives all gradients a factor beside the loss of the same net: where
    they are those of a mean, the loss is a sum.
    """
    cause = _name_factor(decision.model, fit.rate)
    usual = [each for each in decision.fits if not each.is_own and each.is_right]
    is_mean = any(are_same(each.rate, fit.rate) for each in usual)
    return "loss-sum" if cause == "batch-mean-twice" and is_mean else cause


def find_weight_causes(decision: Decision) -> dict[str, str | None]:
    """Return the mistake that the step of each wrong weight shows, None where none is known."""
    found = name_mistakes(decision) or name_mistakes(_calm(decision))
    return {w: found.get(w) or _find_weight_cause(decision, w) for w in decision.wrong}


def _calm(decision: Decision) -> Decision:
    """Return the decision on a step that moves its weights by a multiple of their gradients, which
    shows no mistake where it does so already.
    """
    model = calm(decision.model)
    fits = fit_losses(model) if model is not decision.model else []
    return replace(decision, model=model, fit=fits[0] if fits else None, fits=fits)


def _find_weight_cause(decision: Decision, weight: str) -> str | None:
    """Return the mistake that the step of one weight shows beside those of others."""
    factor = find_ratio(decision, weight)
    cause = factor and _name_factor(decision.model, factor)
    is_bias = is_flat(decision.model.get_value(weight))
    return "bias-grad-mean" if cause == "batch-mean-twice" and is_bias else cause or None


def find_ratio(decision: Decision, weight: str) -> float | None:
    """Return how many times as far a weight goes down the loss as the others, None where it goes
    another way.
    """
    fit = decision.fit
    agreeing = fit.list_agreeing() if fit else []
    rate = fit.rates.get(weight) if fit else None
    if fit is None or rate is None or not agreeing or set(agreeing) & set(decision.wrong):
        return None
    return rate / (fit.rates[agreeing[0]] or 1)


def _name_factor(model: Model, factor: float) -> str | None:
    """Return the mistake that gives a gradient so many times as large."""
    for number in _list_samples(model):
        if are_same(factor, number):
            return "batch-mean-missing"
        if are_same(factor * number, 1):
            return "batch-mean-twice"
    return None


def _list_samples(model: Model) -> list[int]:
    """Return the numbers of samples that targets and inputs have in common."""
    inputs = {n for path in model.inputs for n in model.get_value(path).shape}
    return sorted({n for t in model.list_targets() for n in t.shape} & inputs - {1})


def _read(decision: Decision) -> list[Array]:
    return [decision.model.get_value(weight) for weight in decision.wrong]
