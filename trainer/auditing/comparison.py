"""Both nets in step on one tape: every quantity audited, and how far their weights part."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.auditing.audit import ORDER, Verdict, first_wrong
from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.auditing.probes import Verdicts, audited_step, check_params, inspect
from trainer.book.functions import Array

SOON = 3  # steps audited at the start whatever audit_every is: what accumulates shows there


@dataclass(frozen=True)
class First:
    """The first wrong quantity: at which step, on which side."""

    step: int
    side: str
    verdict: Verdict


@dataclass
class Comparison:
    """What was found: the worst verdict of each side's quantities, and the drift of weights.

    drift: the largest difference over the largest weight, after the last step; passed: at
    which step it first passed each power of ten.
    """

    worst: dict[str, Verdicts] = field(default_factory=dict)
    first: First | None = None
    cause: str | None = None
    drift: dict[str, float] = field(default_factory=dict)
    passed: dict[str, dict[int, int]] = field(default_factory=dict)

    def note(self, step: int, side: str, verdicts: Verdicts) -> None:
        """Keep the worst verdict of each quantity, and the first wrong one of all."""
        kept = self.worst.setdefault(side, {})
        for name, verdict in verdicts.items():
            if name not in kept or verdict.ratio > kept[name].ratio:
                kept[name] = verdict
        wrong = first_wrong(verdicts)
        if wrong and self.first is None:
            self.first = First(step, side, wrong)

    def note_drift(self, step: int, params: list[dict[str, Array]]) -> None:
        """Measure how far the two sides' weights are apart after a step."""
        for key, ours in params[0].items():
            theirs = params[1][key]
            largest = max(np.abs(ours).max(), np.abs(theirs).max())
            apart = np.abs(ours - theirs).max()
            self.drift[key] = float(apart / largest) if apart else 0.0
            powers = self.passed.setdefault(key, {})
            if 0 < self.drift[key] < np.inf:
                power = int(np.floor(np.log10(self.drift[key])))
                if not powers or power > max(powers):
                    powers[power] = step


@dataclass(frozen=True)
class Course:
    """How far to train, at which rate, and how often to audit after the first SOON steps."""

    iterations: int
    lr: float
    audit_every: int

    def audited(self, i: int) -> bool:
        """Whether step i is audited."""
        return i < SOON or i % self.audit_every == 0 or i == self.iterations - 1


def compare(
    nets: dict[str, Any],
    batch: Callable[[int], tuple[Array, Array]],
    params: dict[str, Array],
    course: Course,
    record: Callable[[int, dict[str, Verdicts], dict[str, float]], None],
) -> Comparison:
    """Train the nets, by side, on the same batches, until the end or the first wrong quantity.

    params are the initial weights both should have. record gets each step's verdicts, by
    side, where it is audited, and the drift.
    """
    found = Comparison()
    with np.errstate(all="ignore"):  # what is not finite is for the audit to report
        for side, net in nets.items():
            broken = check_params(net, params)
            if broken and found.first is None:
                found.note(0, side, {broken.quantity: broken})
                found.cause = explain(broken, None, params, *batch(0), course.lr)
        for i in range(course.iterations):
            if found.first:
                break
            x, t = batch(i)
            before = copy.deepcopy(nets) if course.audited(i) else {}
            verdicts = _step(nets, x, t, course, i)
            for side, of_side in verdicts.items():
                found.note(i, side, of_side)
            found.note_drift(i, [net.params for net in nets.values()])
            record(i, verdicts, found.drift)
            if found.first:
                wrong, net = found.first.verdict, before[found.first.side]
                found.cause = explain(wrong, net, params, x, t, course.lr)
    return found


def _step(nets: dict[str, Any], x: Array, t: Array, course: Course, i: int) -> dict[str, Verdicts]:
    if course.audited(i):
        look = inspect if i == 0 else audited_step
        return {side: look(net, x, t, course.lr) for side, net in nets.items()}
    for net in nets.values():
        net.step(net.native(x), net.native(t), course.lr)
    return {}


def explain(
    wrong: Verdict, net: Any, params: dict[str, Array], x: Array, t: Array, lr: float
) -> str | None:
    """The mistake of the catalogue that goes wrong first with the same numbers, if one does.

    net is the wrong side's before the step, None where its parameters are what is wrong;
    params is what they should look like.
    """
    options: dict[str, Any] = {"dtype": params["W1"].dtype.name}
    if net is not None:
        options |= {"activation": net.activation, "loss": net.loss_name}
    sizes = (*params["W1"].shape, len(params["b2"]))
    # Six times slower, inspect is for what a plain step does not show.
    look = audited_step if wrong.why is None and wrong.quantity in ORDER else inspect
    for slug, mistake in MISTAKES.items():
        if mistake.needs.items() <= options.items():
            planted = plant(slug)(*sizes, **options)
            shown = check_params(planted, params)
            if shown is None and net is not None:
                planted.set_params(net.params)
                shown = first_wrong(look(planted, x, t, lr))
            if shown and _same(wrong, shown):
                return slug
    return None


def _same(one: Verdict, other: Verdict) -> bool:
    """Whether both have the same wrong numbers, or fail in the same words."""
    if (one.quantity, one.why) != (other.quantity, other.why):
        return False
    if one.values is None or other.values is None:
        return one.values is other.values
    error = abs(one.got - one.expected)
    near = error / 100 if np.isfinite(error) else 0  # no two mistakes are so close
    return np.allclose(one.values, other.values, rtol=1e-5, atol=near, equal_nan=True)
