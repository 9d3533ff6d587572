"""Tells whether a changed step moves every weight down the derivative of the net's loss."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.changes import is_velocity
from trainer.checker.find.trace import Trace, digest
from trainer.checker.find.tracing import Site
from trainer.checker.judge.calming import calm
from trainer.checker.judge.decision import OF_SLOPE, Decision, Fault
from trainer.checker.judge.derivatives import arrange, differentiate, find_factor
from trainer.checker.judge.descent import (
    find_shown,
    fit_losses,
    list_directions,
    list_fits,
    refit,
)
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.influence import Model, find_dependents, leave_start
from trainer.checker.judge.layering import name_event
from trainer.checker.judge.losses import OF_SOFTMAX, SLOPED, SQUARES
from trainer.checker.judge.moving import move
from trainer.checker.judge.multiples import list_usual
from trainer.checker.judge.slopes import Direction

FAR = 0.5  # how far from its weights a step is looked at, relative to the largest
MOST_LOSSES = 6  # that the step may have been meant to go down


@dataclass
class Wanted:
    """What a wrong step should do.

    fits are those of the losses that it may be meant to go down, directions those along which the
    weights should move, and sites the places of the source. pulled are the weights on which the
    step has a penalty, though a wrong one. rate is the factor that gradients must have, 0 for
    any. has_fault tells that the step is wrong as a whole, and not in some weights alone. size is
    that of the rate of a step of which only the sign is turned, 0 for any.
    """

    model: Model
    fits: list[Fit]
    directions: list[Direction]
    sites: list[Site]
    pulled: frozenset[str] = frozenset()
    rate: float = 0.0
    has_fault: bool = False
    size: float = 0.0

    @cached_property
    def paths(self) -> frozenset[str]:
        """The weights that should move."""
        return frozenset(direction.weight for direction in self.directions)

    def list_left(self, trace: Trace) -> frozenset[str] | None:
        """Return the weights that do not go down the derivative of a loss in a step that left
        this, for the loss that leaves fewest, of those whose outputs it computes as the wrong step
        does; None where that cannot be told.
        """
        known = set() if trace.error else {int(digest(value)) for _, _, value in trace.events}
        kept = [fit for fit, events in zip(self.fits, self._kept, strict=True) if events <= known]
        found = [] if trace.error else [self.fit(fit, trace.after) for fit in kept]
        left = [self._list_left(fit) for fit in found if fit]
        return min(left, key=len, default=None)

    def _list_left(self, fit: Fit) -> frozenset[str]:
        if self.is_whole(fit):
            return frozenset()
        return self.paths - self.list_agreeing(fit) or self.paths

    def list_agreeing(self, fit: Fit) -> frozenset[str]:
        """Return the weights that go down at one rate, with the factor that they need."""
        if not self.rate:
            return frozenset(fit.list_agreeing())
        return frozenset(w for w, rate in fit.rates.items() if are_same(self.rate, rate))

    def is_whole(self, fit: Fit) -> bool:
        """Return whether a step is that of a loss and of its penalty, with the factor it needs."""
        is_right = fit.is_right and not fit.lacks_penalty
        has_factor = not self.rate or are_same(fit.rate, self.rate)
        has_factor &= not self.size or are_same(abs(fit.rate), self.size)
        is_pulled = fit.penalty > 0 and self.pulled <= {*fit.pulled}
        return is_right and has_factor and (is_pulled or not self.pulled)

    def fit(self, fit: Fit, after: Mapping[str, Any]) -> Fit | None:
        """Return how a step after which the weights are so goes down the loss of a fit."""
        return refit(self.model, fit, self.move(after))

    def move(self, after: Mapping[str, Any]) -> list[Direction]:
        """Return the directions with how far weights that became these moved along them."""
        return [self._move(each, after) for each in self.directions]

    def _move(self, direction: Direction, after: Mapping[str, Any]) -> Direction:
        """Return a direction with how far the weight moves along it."""
        before = np.asarray(self.model.base.before[direction.weight], dtype=np.float64)
        new = after.get(direction.weight)
        moved = before * np.nan if new is None or new.shape != before.shape else new - before
        return replace(direction, moved=float((moved * direction.vector).sum()))

    @cached_property
    def _kept(self) -> list[set[int]]:
        """The digests of what no change may alter, for each fit: the outputs, or the net's own
        loss, from which no weight follows.
        """
        free = [fit.is_own and self._moves_weights(fit) for fit in self.fits]
        events = [() if is_free else f.events for f, is_free in zip(self.fits, free, strict=True)]
        return [{int(digest(self.model.base.events[i][2])) for i in each} for each in events]

    def _moves_weights(self, fit: Fit) -> bool:
        """Return whether what a step makes of its weights depends on what seems its loss."""
        paths = map(name_event, fit.events)
        return bool(self.model.list_moved({p: move(self.model.get_value(p)) for p in paths}))


def list_velocities(model: Model) -> frozenset[str]:
    """Return what a step carries on besides its weights and adds to them."""
    others = model.list_others()
    return frozenset(path for path in others if is_velocity(model.run, model.base, path))


def name_losses(model: Model, fits: list[Fit]) -> frozenset[str]:
    """Return the names of the losses of fits, and of usual ones like the net's own among them.

    Of one sample a hinge loss is like any other.
    """
    shown = find_shown(model, list_fits(model))
    own = (fit.events[0] for fit in fits if fit.is_own)
    like = {name for event in own for name in shown.get(event, ())}
    plain = {name for name in like if "hinge" not in name}
    return frozenset(fit.loss for fit in fits) | frozenset(plain or like)


def find_wanted(decision: Decision, sites: list[Site]) -> Wanted | None:
    """Return what a wrong step should do, None where no loss is known that it may go down."""
    if decision.fault in (Fault.OTHER_LOSS, Fault.DIAGONAL):  # near 0 both losses are much alike
        decision = replace(decision, model=leave_start(decision.model, FAR))
    if decision.fault is None:
        decision = replace(decision, model=calm(decision.model))
    model = decision.model
    found = _list_meant(decision)
    fits = choose_fits(model, found, set() if decision.fault else set(decision.wrong))
    left = decision.wrong if decision.fault is Fault.LEFT else []
    paths = [*model.weights, *left]
    directions = list_directions(model, paths)
    fits = [again for fit in fits if (again := refit(model, fit, directions))]
    is_of_loss = decision.fit and decision.fit.is_own and decision.fit.wrong
    is_pulled = decision.fault is Fault.PENALTY_SIGN and not is_of_loss
    pulled = frozenset(decision.wrong if is_pulled else ())
    rate = float(decision.fault is Fault.FACTOR)
    if decision.fit and decision.fit.loss == SLOPED:
        rate = decision.fit.common_rate
    if decision.fault is Fault.POWERS:
        rate = next(r or 0.0 for w, r in fits[0].rates.items() if w not in decision.wrong)
    has_fault = decision.fault is not None
    size = -decision.fit.rate if decision.fault is Fault.UPHILL and decision.fit else 0.0
    return Wanted(model, fits, directions, sites, pulled, rate, has_fault, size) if fits else None


def _list_meant(decision: Decision) -> list[Fit]:
    """Return how a step fits the losses that it may have been meant to go down."""
    if decision.fault is Fault.OTHER_LOSS:
        return list_usual(list_fits(decision.model))
    if decision.fault in OF_SLOPE and decision.fit:
        fits, is_diagonal = list_fits(decision.model), decision.fault is Fault.DIAGONAL
        usual = OF_SOFTMAX if is_diagonal else SQUARES
        own = [f for f in fits if f.is_own and is_diagonal]
        return own or [f for f in fits if f.loss == usual and f.events == decision.fit.events]
    is_turned = decision.fault is Fault.UPHILL
    if decision.fit and (is_turned or lacks_part(decision)):
        return [decision.fit]
    if decision.fault is Fault.REPLACES:
        return decision.fits
    return fit_losses(decision.model)


def lacks_part(decision: Decision) -> bool:
    """Return whether the penalty of a loss is lacking in some weights, and others have it: these go
    down the whole loss, and not the part without the penalty.
    """
    if decision.fault is not Fault.LACKS_PENALTY or decision.fit is None:
        return False
    whole, parts = decision.fit.rates, [fit.rates for fit in fit_losses(decision.model)]
    kept = [weight for weight, rate in whole.items() if rate and weight not in decision.wrong]
    return any(parts and all(part.get(weight) is None for part in parts) for weight in kept)


def begins(model: Model, fit: Fit) -> bool:
    """Return whether the first value that depends on weights and targets is a multiple of the
    derivative of a loss by the outputs: the way back may begin with it.
    """
    first = min(model.weighted & model.after_targets, default=None)
    if first is None or len(fit.events) != 1 or fit.is_own:
        return False
    slopes = differentiate(model, fit, name_event(fit.events[0]))
    values = arrange(model.base.events[first][2], slopes.shape)
    return any(find_factor(each, slopes) for each in values)


def choose_fits(model: Model, fits: list[Fit], wrong: set[str]) -> list[Fit]:
    """Return the fits of the losses that most weights go down, and that the wrong ones do not, the
    net's own first, and where none goes down any, those that most of their directions go down, and
    with which the way back begins: where one of the own is a usual loss, other numbers are none.
    """
    usual = list_usual(fits)
    fits = [fit for fit in fits if fit in usual or not fit.is_own] if usual else fits
    fits = [fit for fit in fits if not wrong & set(fit.list_agreeing())] or fits
    most = max((len(fit.list_agreeing()) for fit in fits), default=0)
    best = [fit for fit in fits if len(fit.list_agreeing()) == most]
    if most:
        best.sort(key=lambda fit: not fit.is_own)
    else:
        moved = np.array([each.moved for each in list_directions(model, model.weights)])
        last = [fit for fit in best if not _is_inner(model, fit)]
        best = last or best
        best.sort(
            key=lambda f: (-find_most_common(moved, f)[1], not f.is_own, not begins(model, f))
        )
    distinct: list[Fit] = []
    for fit in best:
        if not any(_are_parallel(fit.slopes, other.slopes) for other in distinct):
            distinct.append(fit)
    return distinct[:MOST_LOSSES]


def _is_inner(model: Model, fit: Fit) -> bool:
    """Return whether a loss is the squared error of what goes into the last activation: an output
    of one array, on which another output of its shape depends, with other values.
    """
    value = model.base.events[fit.events[0]][2]
    if fit.is_own or fit.loss != SQUARES or len(fit.events) > 1 or not value.ndim:
        return False
    later = find_dependents(model, model.move_events(fit.events)) or frozenset()
    found = (model.base.events[e[0]][2] for e in model.outputs if len(e) == 1 and e[0] in later)
    return any(v.shape == value.shape and (v != value).any() for v in found)


def find_most_common(moved: Array, fit: Fit) -> tuple[float, int]:
    """Return the positive rate at which weights that moved so go down the loss of a fit along most
    directions, and along how many.
    """
    is_sure = np.abs(fit.slopes) > 1e3 * fit.errors
    rates = [-m / s for m, s in zip(moved[is_sure], fit.slopes[is_sure], strict=True) if m * s < 0]
    counts = [sum(abs(other - rate) <= 1e-4 * rate for other in rates) for rate in rates]
    most = max(counts, default=0)
    return (float(rates[counts.index(most)]) if most else 0.0), most


def _are_parallel(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    sizes = float(np.linalg.norm(a) * np.linalg.norm(b))
    return bool(sizes) and float(a @ b) > (1 - 1e-9) * sizes
