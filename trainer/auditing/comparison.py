"""Train both nets on the same batches, audit every quantity and measure how the weights drift.

Drift is how far the weights of the two nets have moved apart. A side is a net's backend.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.auditing.audit import ORDER, Verdict, find_first_wrong
from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.auditing.probes import Verdicts, audit_step, check_params, inspect_step
from trainer.book.functions import Array
from trainer.common.errors import DivergedError
from trainer.common.language import translate as _
from trainer.nets.net import Net

FIRST_STEPS = 3  # always audited, since errors that accumulate over steps show there


@dataclass(frozen=True)
class FirstWrong:
    """The first wrong quantity: its step, its side and the verdict on it."""

    step: int
    side: str
    verdict: Verdict


@dataclass
class Comparison:
    """The result of a comparison: the verdicts by side and quantity, the drift by parameter.

    drift: the largest difference between the sides over the largest weight, after the last step.
    """

    worst: dict[str, Verdicts] = field(default_factory=dict)  # with the largest ratio of all steps
    first: FirstWrong | None = None  # None: the sides agree
    cause: str | None = None  # the slug of the mistake that explains first, if one does
    drift: dict[str, float] = field(default_factory=dict)
    passed: dict[str, dict[int, int]] = field(default_factory=dict)  # power of ten: first step

    def add_verdicts(self, step: int, side: str, verdicts: Verdicts) -> None:
        """Keep the worst verdict on each quantity of a side, and the first wrong one of all."""
        worst = self.worst.setdefault(side, {})
        for name, verdict in verdicts.items():
            if name not in worst or verdict.ratio > worst[name].ratio:
                worst[name] = verdict
        wrong = find_first_wrong(verdicts)
        if wrong and self.first is None:
            self.first = FirstWrong(step, side, wrong)

    def add_drift(self, step: int, params: list[dict[str, Array]]) -> None:
        """Measure the drift after a step; params are those of the two sides."""
        for key, w in params[0].items():
            other = params[1][key]
            difference = np.abs(w - other).max()
            largest = max(np.abs(w).max(), np.abs(other).max())
            drift = self.drift[key] = float(difference / largest) if difference else 0.0
            powers = self.passed.setdefault(key, {})
            if 0 < drift < np.inf:
                power = int(np.floor(np.log10(drift)))
                if not powers or power > max(powers):
                    powers[power] = step


@dataclass(frozen=True)
class Schedule:
    """The steps of a comparison, their learning rate, and the interval between audits."""

    iterations: int
    lr: float
    audit_every: int

    def is_audited(self, i: int) -> bool:
        """Return whether step i is audited."""
        return i < FIRST_STEPS or i % self.audit_every == 0 or i == self.iterations - 1


def compare(
    nets: dict[str, Net[Any]],
    batch: Callable[[int], tuple[Array, Array]],
    params: dict[str, Array],
    schedule: Schedule,
    record: Callable[[int, dict[str, Verdicts], dict[str, float]], None],
) -> Comparison:
    """Train the nets (by side) on the same batches, to the end or to the first wrong quantity.

    params are the initial weights that both should have. record is called after each step with
    its number, the verdicts by side ({} if the step is not audited) and the drift. Raises
    DivergedError if neither loss is finite, since right nets too are then outside their bounds.
    """
    result = Comparison()
    with np.errstate(all="ignore"):  # The audit reports values that are not finite.
        for side, net in nets.items():
            wrong = check_params(net, params)
            if wrong:
                result.add_verdicts(0, side, {wrong.quantity: wrong})
                result.cause = find_cause(wrong, None, params, *batch(0), schedule.lr)
                return result
        for i in range(schedule.iterations):
            x, t = batch(i)
            before = copy.deepcopy(nets) if schedule.is_audited(i) else {}
            verdicts = _train_step(nets, x, t, schedule, i)
            for side, found in verdicts.items():
                result.add_verdicts(i, side, found)
            result.add_drift(i, [net.params for net in nets.values()])
            record(i, verdicts, result.drift)
            if result.first:
                _check_finite(before, x, t, i, schedule.lr)
                net = before[result.first.side]
                result.cause = find_cause(result.first.verdict, net, params, x, t, schedule.lr)
                break
    return result


def _check_finite(nets: dict[str, Net[Any]], x: Array, t: Array, i: int, lr: float) -> None:
    """Raise DivergedError if no net has a finite loss on the batch of step i."""
    try:
        losses = [net.loss(net.native(x), net.native(t)) for net in nets.values()]
    except Exception:  # A net with a mistake may raise anything.
        return
    if not np.isfinite(losses).any():
        raise DivergedError.at(_("the losses of both nets are {loss}", loss=losses[0]), i, lr)


def _train_step(
    nets: dict[str, Net[Any]], x: Array, t: Array, schedule: Schedule, i: int
) -> dict[str, Verdicts]:
    """Train each net on the batch of step i; return the verdicts by side, {} if not audited."""
    if schedule.is_audited(i):
        check = inspect_step if i == 0 else audit_step
        return {side: check(net, x, t, schedule.lr) for side, net in nets.items()}
    for net in nets.values():
        net.step(net.native(x), net.native(t), schedule.lr)
    return {}


def find_cause(
    wrong: Verdict, net: Net[Any] | None, params: dict[str, Array], x: Array, t: Array, lr: float
) -> str | None:
    """Return the slug of the mistake that gives the same wrong numbers, or None if none does.

    net is the net that was judged wrong, as it was before the step; None if its initial params
    are what is wrong. params are right initial params: only their names, shapes and dtype are
    used. x (N, D), t and lr are those of the step.
    """
    options: dict[str, Any] = {"dtype": params["W1"].dtype.name}
    if net is not None:
        options |= {"activation": net.activation, "loss": net.loss_name}
    sizes = (*params["W1"].shape, len(params["b2"]))
    # inspect_step takes six times as long. It also finds mistakes that a plain step does not show.
    check = audit_step if wrong.reason is None and wrong.quantity in ORDER else inspect_step
    for slug, mistake in MISTAKES.items():
        if mistake.needs.items() <= options.items():
            planted = plant(slug)(*sizes, **options)
            shown = check_params(planted, params)
            if shown is None and net is not None:
                planted.set_params(net.params)
                shown = find_first_wrong(check(planted, x, t, lr))
            if shown and _is_same_error(wrong, shown):
                return slug
    return None


def _is_same_error(one: Verdict, other: Verdict) -> bool:
    """Return whether both verdicts have the same quantity, the same reason and the same numbers."""
    if (one.quantity, one.reason) != (other.quantity, other.reason):
        return False
    if one.values is None or other.values is None:
        return one.values is other.values
    error = abs(one.got - one.expected)
    tolerance = error / 100 if np.isfinite(error) else 0  # Two mistakes differ by more than 1 %.
    return np.allclose(one.values, other.values, rtol=1e-5, atol=tolerance, equal_nan=True)
