"""Check the net's own numerical gradient against differences of its loss."""

from collections.abc import Iterator, Mapping

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt, report_exception
from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import (
    CLOSE,
    Finding,
    compute_error,
    describe_difference,
    report_unchecked,
)
from trainer.checker.findings.descriptions import append_mistake, blame_mistake
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.trial import Trial, are_equal
from trainer.common.language import translate as _

NAME = "numerical_gradient"
MAX_WEIGHTS = 10_000  # Each takes two evaluations of the loss.
DIFFERENCES, WEIGHTS_FLOAT32 = 1e-6, 0.05  # errors of central differences
STEPS = (1e-4, 1e-5, 1e-3, 1e-6, 1e-2, 1e-7)  # the usual values of h


def check_numerical(trial: Trial, judge: Judge) -> Iterator[Finding]:
    """Check that the numerical gradient is the derivative and leaves the weights as they were."""
    if not trial.subject.has("numerical"):
        return
    is_large = sum(array.size for array in trial.case.weights.values()) > MAX_WEIGHTS
    if is_large and trial.subject.has("gradient"):
        reason = _("takes too long in the sizes that the constructor fixes")
        yield report_unchecked(NAME, reason)
        return
    trial.progress(NAME)
    outcome = attempt(trial.subject.numerical_gradient, trial.case.x, trial.t)
    restored = are_equal(trial.subject.weights.get(), trial.case.weights, CLOSE / 100)
    trial.reset_weights()
    if outcome.error:
        yield report_exception(NAME, outcome.error)
    elif outcome.value is None:
        yield Finding(NAME, "differs", _("returns no gradients"), "unfinished")
    elif not restored:
        cause = "numerical-not-restored"
        message = append_mistake(_("leaves the weights changed"), cause)
        yield Finding(NAME, "differs", message, cause)
    else:
        yield _judge_numerical(trial, judge, outcome.value)


def _judge_numerical(trial: Trial, judge: Judge, grads: Mapping[str, object]) -> Finding:
    own = trial.differentiate_loss(list(PARAMS))
    if not own and trial.is_small():
        text = _("the loss is computed in float32: its differences are mostly rounding errors")
        return report_unchecked(NAME, text)
    own = own or {k: judge.get_expected(k) for k in PARAMS}
    if not all(np.isfinite(array).all() for array in own.values()):
        return report_unchecked(NAME, _("the net's own loss is not finite"))
    wrong = [k for k in own if not _is_numerical(trial, k, grads.get(k), own[k])]
    if not wrong:
        return Finding(NAME, "ok")
    key = wrong[0]
    if grads.get(key) is None:
        return Finding(NAME, "differs", _("returns no {name}").format(name=key), "unfinished")
    cause = _find_numerical_mistake(trial, key, grads[key], own[key])
    difference = describe_difference(grads[key], own[key])
    message = _("{quantity} {difference}").format(quantity=key, difference=difference)
    return Finding(NAME, "differs", blame_mistake(message, cause) if cause else message, cause)


def _is_numerical(trial: Trial, key: str, grad: object, own: Array) -> bool:
    """Return whether a gradient is that of central differences, of whatever usual step."""
    # A weight of float32 takes a step of 1e-4 to 1 in 1,000 only.
    limit = WEIGHTS_FLOAT32 if trial.subject.is_float32() else DIFFERENCES
    if compute_error(grad, own) <= limit:
        return True
    wide = trial.differentiate_loss([key], h=max(STEPS)).get(key)
    return wide is not None and compute_error(grad, wide) <= limit


def _find_numerical_mistake(trial: Trial, key: str, grad: object, own: Array) -> str | None:
    if compute_error(grad, 2 * own) <= 1e-3:
        return "numerical-step"
    error = compute_error(grad, own)
    if error > 0.05:
        return None
    for h in STEPS:
        one_sided = trial.differentiate_loss([key], one_sided=True, h=h).get(key)
        if one_sided is not None and compute_error(grad, one_sided) < error / 20:
            return "numerical-one-sided"
    return None
