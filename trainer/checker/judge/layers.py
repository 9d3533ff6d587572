"""Judges a layer: its backward function must be the vector-Jacobian product of its forward one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.inventing import INPUTS, PROBABLE, is_named_as_array
from trainer.checker.find.layers import GOAL, GUESSED, OWN
from trainer.checker.find.programs import TRAINING
from trainer.checker.find.trace import SUBTRACTED, Trace
from trainer.checker.judge.budget import Budget, Step
from trainer.checker.judge.decision import Decision, Fault
from trainer.checker.judge.descent import fit_losses, list_directions, measure_rest
from trainer.checker.judge.fit import SAME, Fit, is_multiple
from trainer.checker.judge.influence import Model, Run, begin_at, find_dependents
from trainer.checker.judge.judging import Judged
from trainer.checker.judge.losses import arrange_targets
from trainer.checker.judge.moving import leave, move, turn
from trainer.checker.judge.slopes import CLOSE

WEIGHT = r"w\d*|b\d*|weights?|bias|gamma|beta"  # names of a layer's weights
LESS = 0.8  # of a layer's numbers that are not whole
AWAY = 0.2  # from the first weights: a factor of 1 and a bias of 0 hide what is missing


def judge_layers(
    layers: Iterable[tuple[str, Iterable[Sequence[Step]]]],
) -> dict[str, Judged | None]:
    """Return what is decided about each layer by its name, None where nothing is.

    A layer has its steps with inputs of each layout. Of those with the same inputs a right one
    decides; of the inputs the first with which anything does, since a right layer is right with
    all, but for a loss, which may sum over rows or columns. Several may have one name.
    """
    budget = Budget()
    found: dict[str, Judged | None] = {}
    for name, programs in layers:
        found[name] = _judge_layer(programs, budget, found.get(name))
    losses = [each for each in found.values() if each and is_loss(each.decision.model)]
    if any(each.decision.is_right for each in losses):
        for each in losses:
            each.decision = doubt(each.decision)
    return found


def doubt(decision: Decision) -> Decision:
    """Return the decision on a layer: a loss that gives what goes up it is wrong."""
    is_wrong = decision.is_right is None and is_opposite(decision)
    return replace(decision, is_right=False, fault=Fault.UPHILL) if is_wrong else decision


def is_opposite(decision: Decision) -> bool:
    """Return whether a loss gives its derivative times a number below 0."""
    fit = decision.fit if is_loss(decision.model) else None
    rates = [fit.rates[weight] for weight in decision.wrong] if fit else []
    return bool(rates) and all(rate is not None and rate < 0 for rate in rates)


def _judge_layer(
    programs: Iterable[Sequence[Step]], budget: Budget, best: Judged | None
) -> Judged | None:
    if best and _is_final(best):
        return best
    for steps in programs:
        if best and _has_one_sample(steps):
            continue
        found = max(_judge_steps(steps, budget), key=_rank, default=None)
        best = max(filter(None, (best, found)), key=_rank, default=None)
        if best and _is_final(best):
            return best
    return best


def _is_final(judged: Judged) -> bool:
    """Return whether other inputs cannot show otherwise."""
    decision = judged.decision
    return decision.is_right or (decision.is_right is False and not is_loss(decision.model))


def gives_loss(model: Model) -> bool:
    """Return whether a layer gives one number, with its gradients or for a backward function."""
    return GOAL not in model.base.before or is_loss(model)


def is_loss(model: Model) -> bool:
    """Return whether a layer gives one number, and has a backward function."""
    return GOAL in model.base.before and model.base.before[GOAL].size == 1


def _has_one_sample(steps: Sequence[Step]) -> bool:
    """Return whether a layer is given one sample, which shows less than several do."""
    return bool(steps) and (steps[0].place[0] - TRAINING) % len(INPUTS) > PROBABLE


def _rank(judged: Judged) -> tuple[bool, bool, bool]:
    """Return whether a layer is right, a loss whose gradient is a multiple of the derivative, which
    other inputs may hide, and right or wrong.
    """
    decision, fit = judged.decision, judged.decision.fit
    is_multiple = bool(fit and is_loss(decision.model) and any(fit.rates.values()))
    return bool(decision.is_right), is_multiple, decision.is_right is not None


def _judge_steps(steps: Sequence[Step], budget: Budget) -> Iterator[Judged]:
    for step in steps:
        if decision := decide_layer(partial(budget.run, step)):
            yield Judged(step, decision)


def decide_layer(first: Run) -> Decision | None:
    """Return the decision on the step of a layer, None where it has no gradients.

    A factor of 1 / N is right: some layers give the gradients of a mean. Wrong is a layer of whose
    gradients others are right, so that what it is given is understood, or one that has no other
    gradient and is linear in what it is given.
    """
    model = _build_model(first)
    fit = next((fit for fit in fit_losses(model) if fit.is_own), None) if model else None
    if model is None or fit is None:
        return None
    rates = {w: fit.rates[w] for w in model.weights if not _is_still(model, fit, w)}
    right = _list_right(model, fit, rates)
    wrong = [w for w in rates if w not in right and not _has_penalty(model, fit, w)
             and not _has_state(model, w)]  # fmt: skip
    is_understood = any(model.base.before[w].size > 1 for w in right)
    if is_understood and not wrong and (unused := _list_unused(model)):
        return Decision(model, False, fit, unused, Fault.UNUSED)
    if len(right) == len(rates) and not wrong:
        return Decision(model, None if _list_left(model) else True, fit)
    is_named = GOAL not in model.base.before  # names tell what the gradients are
    is_alone = len(rates) == 1 and GUESSED not in model.base.before
    is_other = _is_other if is_loss(model) else _is_linear
    is_sure = is_understood or is_named or (is_alone and is_other(model, fit))
    return Decision(model, False if wrong and is_sure else None, fit, wrong)


def _is_still(model: Model, fit: Fit, weight: str) -> bool:
    """Return whether the loss depends on a weight by no more than rounding, and it moves no more:
    a bias before a normalisation.
    """
    found = list_directions(model, model.weights)
    moved = np.array([abs(each.moved) for each in found])
    own = [i for i, each in enumerate(found) if each.weight == weight]
    sizes = (moved, np.abs(fit.slopes))
    return all(each[own].max() <= CLOSE * each.max() for each in sizes)


def _has_penalty(model: Model, fit: Fit, weight: str) -> bool:
    """Return whether a gradient is the derivative and a part of the weight itself."""
    is_own = weight.startswith(OWN) and fit.rates[weight] is None
    return is_own and measure_rest(model, fit, weight) <= SAME


def _has_state(model: Model, weight: str) -> bool:
    """Return whether a layer that trains itself may move a weight as with momentum or Adam."""
    is_own = weight.startswith(OWN) and model.base.gave != SUBTRACTED
    return is_own and bool(_list_state(model))


def _list_state(model: Model) -> list[str]:
    """Return the arrays that a layer changes, and on which no output depends."""
    changed = (path for path in model.depends if path not in model.weights)
    return [p for p in changed if p.startswith(OWN) and model.base.before[p].ndim]


def _find_unit(model: Model, fit: Fit, weight: str) -> float:
    """Return the rate at which a weight is to go: a layer that trains itself has a rate of its
    own.
    """
    own = [rate or 0.0 for path, rate in fit.rates.items() if path.startswith(OWN)]
    is_given = model.base.gave == SUBTRACTED or not weight.startswith(OWN)
    return 1.0 if is_given else max(own) or 1.0


def _build_model(first: Run) -> Model | None:
    """Return the step of a layer at some distance from its first weights, None where it fails."""
    base = first({}, "full")
    changed = [path for path in base.list_changed() if path in base.before]
    start = {path: leave(base.before[path], AWAY) for path in _list_arrays(base)}
    # Where a slope is 1, or a probability one half, it may be left out, or be the wrong one.
    numbers = {path: LESS * v for path, v in _list_own(base) if not v.ndim}
    starts: list[dict[str, Any]] = [start | numbers, start, {}]
    found = (_start_at(first, each, changed) for each in starts)
    model = next((each for each in found if each), None)
    if model is None:
        return None
    # Momentum, or gradients that are added up; biases of 0 may put a sum at the kink of a ReLU.
    zeros = [path for path in model.weights if not base.before[path].any()]
    moved = {path: leave(base.before[path], AWAY) for path in zeros}
    moved |= {path: 0 * base.before[path] for path in _list_state(model)}
    if moved:
        model = _start_at(first, start | moved, changed) or model
    return model if model.weights else None


def _list_own(base: Trace) -> list[tuple[str, Array]]:
    """Return the paths and values of the real numbers and arrays that a layer has itself."""
    own = (pair for pair in base.before.items() if pair[0].startswith(OWN))
    return [(path, value) for path, value in own if value.dtype.kind == "f"]


def _list_arrays(base: Trace) -> list[str]:
    return [path for path, value in _list_own(base) if value.ndim]


def _list_left(model: Model) -> list[str]:
    """Return the arrays, of a layer or with the name of a weight, that the loss depends on, and
    that no gradient was found for.
    """
    loss = model.losses[0][0]
    given = {} if is_loss(model) else model.base.before  # a loss has targets beside outputs
    named = (p for p, v in given.items() if v.ndim and is_named_as_array(p))
    others = [p for p in (*_list_arrays(model.base), *named) if p not in model.weights]
    moved = {path: find_dependents(model, {path: move(model.base.before[path])}) for path in others}
    return [path for path, found in moved.items() if loss in (found or ())]


def _list_unused(model: Model) -> list[str]:
    """Return the arguments, and the weights of the layer by their names, for which it has a
    gradient, and on which no output depends.
    """
    return [p for p in model.list_others() if _is_own_weight(p) or is_named_as_array(p)]


def _is_own_weight(path: str) -> bool:
    return re.fullmatch(rf"{OWN}\W+({WEIGHT})\W*", path.lower()) is not None


def _start_at(first: Run, start: Mapping[str, Any], changed: list[str]) -> Model | None:
    """Return what is known of a layer's run from a start: its loss is the last value, what it
    changes are its weights.
    """
    run = begin_at(first, start)
    model = Model(run, run({}, "full"))
    shown = [i for i, event in enumerate(model.base.events) if event[0] >= 0]
    if model.base.error or not shown:
        return None
    loss = shown[-1]
    model.losses = [(loss,)]
    for path in changed:
        found = find_dependents(model, {path: move(model.base.before[path])})
        model.depends[path] = found or frozenset()
    model.weights = [path for path in changed if loss in model.depends[path]]
    model.targets = [GOAL]
    if GOAL in model.base.before:
        goal = turn(model.base.before[GOAL])
        model.after_targets = find_dependents(model, {GOAL: goal}) or frozenset()
    return model


def _list_right(model: Model, fit: Fit, rates: Mapping[str, float | None]) -> list[str]:
    """Return the weights whose gradients are the derivative; those that are no inputs may all have
    that of a mean over the samples.
    """
    shapes = [value.shape for value in model.base.before.values() if value.shape in INPUTS]
    sizes = {n for shape in shapes for n in (shape[0], shape[-1])}
    units = {w: (rate or 0) / _find_unit(model, fit, w) for w, rate in rates.items()}
    found = []
    for number in (1, *sorted(sizes)):
        factors = {w: 1 if model.base.before[w].shape in INPUTS else number for w in rates}
        found.append([w for w in rates if abs(units[w] * factors[w] - 1) <= SAME])
    return max(found, key=len)


def _is_other(model: Model, fit: Fit) -> bool:
    """Return whether what the backward function of a loss of classes gives is no multiple of the
    derivative, nor of the outputs less the targets: that is one by what a softmax is given.
    """
    path, base = model.weights[0], model.base
    given = [v for p, v in base.before.items() if p not in (path, GOAL) and v.ndim]
    x, moved = base.before[path], base.after[path] - base.before[path]
    targets = [t for value in given for t in arrange_targets(x, value)]
    is_known = bool(targets) and all(map(_is_hot, targets)) and fit.rates[path] is None
    return is_known and not any(is_multiple(moved, x - t) for t in targets)


def _is_hot(t: Array) -> bool:
    """Return whether targets are classes of several samples, one of each."""
    is_one = any((t.sum(axis=axis) == 1).all() for axis in range(t.ndim))
    return is_one and t.ndim == 2 and min(t.shape) > 1 and bool(np.isin(t, (0, 1)).all())


def _is_linear(model: Model, _fit: Fit) -> bool:
    """Return whether what a layer's backward function gives is linear in dout. It may be dout
    itself where the outputs are probabilities, of which a loss takes the derivative by what the
    layer is given.
    """
    goal, path = model.base.before[GOAL], model.weights[0]
    away = move(goal) - goal
    runs = [model.run({GOAL: goal + k * away}, "changes").after.get(path) for k in range(3)]
    found = np.array([np.nan * model.base.before[path] if each is None else each for each in runs])
    one, two = found[1] - found[0], found[2] - found[0]
    is_same = one.shape == away.shape and np.allclose(one, away)
    is_linear = float(np.abs(two - 2 * one).max()) <= SAME * float(np.abs(one).max())
    return bool(one.any()) and is_linear and not (is_same and _has_probabilities(model))


def _has_probabilities(model: Model) -> bool:
    """Return whether the outputs are numbers from 0 to 1, or are not found."""
    goal, events = model.base.before[GOAL], model.base.events
    loss = float(events[model.losses[0][0]][2])
    same = (value for _, _, value in events if value.shape == goal.shape)
    outputs = [y for y in same if abs(0.5 * ((y - goal) ** 2).sum() - loss) <= CLOSE * abs(loss)]
    return all(y.min() >= 0 and y.max() <= 1 for y in outputs)
