"""Train a net by its own gradients from its own first weights, and with one change at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.plan import Curve, Plan, Rows, train
from trainer.checker.adapt.subject import Subject, make_subject
from trainer.checker.measure.trial import ONE_HOT, Trial
from trainer.common.language import translate as _
from trainer.nets.numpy_net import TwoLayerNet

HIDDEN, RATE = 50, 0.1  # the book's
STEPS, BATCH, EVERY = 600, 100, 50
LEARNS = 0.5  # of what the reference net gains over guessing: a net that gains less does not learn
LEAST = 0.1


@dataclass(frozen=True)
class Learner:
    """A net that can be built again with its first weights, and the rows on which it is trained."""

    trial: Trial
    rows: Rows

    def build(self) -> Subject:
        """Return a new net with its own first weights, each time the same."""
        kind: Any = self.trial.kind
        kind.seed()
        return make_subject(self.trial.kind, self.rows.x.shape[1], HIDDEN, self.rows.classes)

    def make_targets(self, labels: Array) -> Array:
        """Return labels as the net takes them."""
        return np.eye(self.rows.classes)[labels] if self.takes_rows else labels

    @property
    def takes_rows(self) -> bool:
        """Whether the net takes one-hot rows, not labels."""
        return self.trial.target == ONE_HOT

    def make_plan(self, rate: float) -> Plan:
        """Return the plan of a training at a rate, with nothing changed."""
        ones = np.ones(self.rows.x.shape[1])
        return Plan(rate, BATCH, STEPS, EVERY, self.takes_rows, ones, 0 * ones)

    def train(self, plan: Plan) -> Curve:
        """Return the curve of a training."""
        return self.build().train(self.rows, plan)


def standardise(plan: Plan, rows: Rows) -> Plan:
    """Return a plan in which each input has the mean 0 and the deviation 1."""
    mean, deviation = rows.x.mean(axis=0), rows.x.std(axis=0)
    factor = 1 / np.where(deviation > 0, deviation, 1)
    return replace(plan, factor=factor, shift=-mean * factor)


def train_reference(rows: Rows, plan: Plan) -> Curve:
    """Return the curve of the reference net of the same sizes, trained by a plan."""
    x = rows.x * plan.factor + plan.shift
    net = TwoLayerNet(rows.x.shape[1], HIDDEN, rows.classes, dtype="float64")

    def step(chosen: Array) -> bool:
        net.step(x[chosen], rows.t[chosen], plan.rate)
        return True

    def measure() -> float:
        return net.accuracy(x[: rows.test], rows.t[: rows.test])

    with np.errstate(all="ignore"):
        return train(step, measure, len(rows.x), plan, rows.test)


def list_changes(plan: Plan, learner: Learner) -> Iterator[tuple[str, Plan]]:
    """Yield one change at a time: its name, and the plan with it.

    ("inputs / 255", …), ("inputs standardised", …), ("first weights ~ 1/√n", …), ("rate × 10", …) …
    """
    if learner.rows.x.max() > 2:
        yield _("inputs / 255"), replace(plan, factor=plan.factor / 255)
    yield _("inputs standardised"), standardise(plan, learner.rows)
    drawn = _draw_weights(learner.build())
    yield _("first weights ~ 1/√n"), replace(plan, weights=drawn)
    small = {k: w / 3 if w.ndim == 2 else w for k, w in drawn.items()}
    yield _("first weights ~ 1/(3√n)"), replace(plan, weights=small)
    start = learner.build().weights.get()
    biases = {k: w if w.ndim == 2 else 0 * w for k, w in start.items()}
    if any(start[k].any() for k in biases if start[k].ndim < 2):
        yield _("first biases 0"), replace(plan, weights=biases)
    if plan.rate != RATE:
        yield _("rate {rate}").format(rate=RATE), replace(plan, rate=RATE)
    for name, factor in (("10", 10), ("100", 100), ("1/10", 0.1), ("1/100", 0.01)):
        yield _("rate × {factor}").format(factor=name), replace(plan, rate=plan.rate * factor)
    larger = replace(plan, batch=4 * plan.batch)
    yield _("batches of {number}").format(number=larger.batch), larger


def _draw_weights(subject: Subject) -> dict[str, Array]:
    """Return weight matrices with a standard deviation of 1/√n for n inputs, biases as they are."""
    rng, weights = np.random.default_rng(0), subject.weights.get()
    drawn = {k: rng.standard_normal(w.shape) / np.sqrt(len(w)) for k, w in weights.items()}
    return {k: drawn[k] if w.ndim == 2 else w for k, w in weights.items()}


def does_learn(curve: Curve, reference: Curve, rows: Rows) -> bool:
    """Return whether a net gains half of what the reference does over the most frequent class.

    A reference that gains less than a tenth counts as one that gains that.
    """
    guess = np.bincount(rows.t[: rows.test]).max() / rows.test
    gain = max(reference.last - guess, LEAST)
    return bool(not curve.error and curve.last - guess >= LEARNS * gain)
