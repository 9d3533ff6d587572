"""Question 1: does a step go down the derivative of a loss?

That is the net's own loss, or else one of the usual losses of its outputs, with one factor for all
weights. A penalty on the weights may be part of it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT
from trainer.checker.judge.events import Events, Values, read_events
from trainer.checker.judge.fit import OWN, Fit, Function
from trainer.checker.judge.gradients import find_factor, find_gradient, find_penalised
from trainer.checker.judge.influence import Model
from trainer.checker.judge.losses import STRAIGHT, SURE, Loss, list_losses, list_mistaken
from trainer.checker.judge.multiples import find_multiples, list_usual
from trainer.checker.judge.slopes import CLOSE, PULLS, UNSETTLED, Direction, list_pulls, probe

EACH = 4  # directions of a weight
MOST = 600  # losses of outputs and targets that a step is compared with
FEWEST = 2  # settled directions: one more than a rate is fitted to; a penalty takes one more
DIGITS = 6  # by which two directions are the same


def fit_losses(model: Model) -> list[Fit]:
    """Return the fits that are right, the net's own first, or one that lacks a penalty alone.

    Where none is, all are returned, the best first, and the gradients among the step's values are
    sought too.
    """
    fits: list[Fit] = []
    every = list_fits(model)
    for fit in (each for each in every if not each.is_absolute):
        if fit.lacks_penalty and not any(each.is_right for each in fits):
            return [fit]
        fits.append(fit)
    errors = _list_errors(model, [fit for fit in fits if fit.is_own and fit.is_right])
    fits = [fit for fit in fits if fit not in errors]
    if right := [fit for fit in fits if fit.is_right]:
        if all(fit.is_own for fit in right):
            return [*right, *(fit for fit in every if fit.is_turned and fit.loss in SURE)]
        shown = {i: names for i, names in find_shown(model, every).items() if names}
        return [fit if fit.is_own else replace(fit, shown_as=shown) for fit in right]
    negative = list_usual([replace(fit, slopes=-fit.slopes) if fit.is_own else fit for fit in fits])
    turned = {fit.events for fit in negative}  # what is a usual loss but for its sign is none
    fits = [fit for fit in fits if not (fit.is_own and fit.events in turned)]
    fits.sort(key=lambda fit: (len(fit.wrong), fit.rate <= 0, not fit.is_own))
    distinct = list({fit.slopes.tobytes(): fit for fit in reversed(fits)}.values())[::-1]
    is_sure = bool(fits) and fits[0].wrong and len(fits[0].slopes) > FEWEST  # not by chance
    for fit in distinct if is_sure else []:
        found = dict(find_factors(model, fit, model.weights))
        fit.factors = {weight: factor for weight, factor in found.items() if factor}
        fit.blur = max(_measure_blur(model, fit, weight) for weight in model.weights)
        if fit.has_gradients:
            break
    return fits


def _list_errors(model: Model, fits: list[Fit]) -> list[Fit]:
    """Return the fits whose loss lies on a line over one output: it is an error, and no loss."""
    sizes = {events: model.base.events[events[0]][2].size for events in model.outputs}
    single = (e[0] for e, n in sizes.items() if len(e) == n == 1 and e not in model.losses)
    events = tuple(sorted({fit.events[0] for fit in fits}))
    lines: set[int] = set()
    for output in single if fits else ():
        value = model.base.events[output][2]
        runs = [model.run({f"{EVENT}{output}": value + k}, events) for k in range(3)]
        kept = [[event[2].sum() for event in run.events] for run in runs if not run.error]
        for event, *numbers in zip(events, *kept, strict=False):
            steps = np.diff(np.array(numbers, dtype=np.float64))
            if len(steps) == 2 and steps[0] and abs(steps[1] - steps[0]) <= CLOSE * abs(steps[0]):
                lines.add(event)
    return [fit for fit in fits if fit.events[0] in lines]


def list_fits(model: Model) -> list[Fit]:
    """Return how the step fits each loss for which that can be settled."""
    if model.fits is None:
        own = (("", events, OWN, partial(sum_events, events=events)) for events in model.losses)
        model.fits = list(_list_fits(model, chain(own, _list_functions(model, list_losses))))
    return model.fits


def list_mistaken_fits(model: Model) -> Iterator[Fit]:
    """Yield how the step fits what known mistakes make of a loss."""
    yield from _list_fits(model, _list_functions(model, list_mistaken))


def _list_fits(
    model: Model, functions: Iterable[tuple[str, Events, int, Function]]
) -> Iterator[Fit]:
    directions = list_directions(model, model.weights)
    for name, events, target, function in islice(functions, MOST):
        if fit := _fit(model, name, events, target, function, directions):
            yield fit


def list_directions(model: Model, paths: list[str]) -> list[Direction]:
    """Return the directions of weights along which a step is compared with a loss."""
    return [each for path in paths for each in probe(model, path, EACH)]


def _list_functions(
    model: Model, list_of: Callable[[Array, Array], Iterator[tuple[str, Loss]]]
) -> Iterator[tuple[str, Events, int, Function]]:
    """Yield the functions that are listed of outputs and targets, with the number of a target."""
    values: Values = [event[2] for event in model.base.events]
    tried = set()
    for events in reversed(model.outputs):
        outputs = read_events(values, events)
        if outputs is None or outputs.tobytes() in tried:
            continue
        tried.add(outputs.tobytes())
        pairs = (pair for t in model.list_targets() for pair in list_of(outputs, t))
        for target, (name, loss) in enumerate(pairs):
            yield name, events, target, partial(_apply, loss=loss, events=events)


def sum_events(values: Values, events: Events) -> float:
    """Return the sum of what some events gave in a run, NaN where one is absent."""
    found = read_events(values, events)
    return float("nan") if found is None else float(found.sum())


def _apply(values: Values, loss: Callable[[Array], float], events: Events) -> float:
    found = read_events(values, events)
    return float("nan") if found is None else loss(found)


def _fit(
    model: Model,
    name: str,
    events: Events,
    target: int,
    function: Function,
    found: list[Direction],
) -> Fit | None:
    """Return how the step fits the derivative of a loss, None where that cannot be settled."""
    with np.errstate(all="ignore"):
        pairs = [each.differentiate(function) for each in found]
    slopes = np.array([slope for slope, _ in pairs])
    moved = np.array([direction.moved for direction in found])
    if not (np.isfinite(slopes).all() and np.isfinite(moved).all() and float(slopes @ slopes)):
        return None
    errors = np.array([error for _, error in pairs])
    settled = errors <= UNSETTLED * np.abs(slopes).max()
    owners = np.array([d.weight for d in found])
    if settled.sum() < FEWEST + (name in STRAIGHT):  # of which two agree by chance
        return None
    rates = _find_rates(found, slopes, moved, errors, settled)
    pulls = list_pulls(found, np.array([rates[each.weight] is not None for each in found]))
    sure = errors <= np.quantile(errors, 0.7)
    if not float(slopes[sure] @ slopes[sure]):
        return None
    is_spare = _count_distinct(slopes[settled], moved[settled]) > FEWEST
    few = [p[sure] for p in pulls if is_spare]
    rate, penalty, chosen = _solve(slopes[sure], few, moved[sure])
    rest = np.abs(moved + rate * slopes + penalty * pulls[chosen]) - 2 * abs(rate) * errors
    limit = np.array([CLOSE * np.abs(moved[owners == w]).max() for w in owners])
    limit = limit + 1e-4 * CLOSE * np.abs(moved).max()
    wrong = [w for w in rates if ((rest > limit) & settled)[owners == w].any()]
    if np.abs(rate * slopes).max() <= CLOSE * np.abs(moved).max():
        wrong = list(rates)  # what a penalty does alone
    pulled = [w for w in rates if pulls[chosen][owners == w].any()]
    sizes = {w: model.count_moved(w) for w in rates}
    return Fit(name, events, target, rate, penalty, wrong, rates, slopes, errors, {}, function,
               sizes, pulled, has_signs=chosen > 1)  # fmt: skip


def _count_distinct(slopes: Array, moved: Array) -> int:
    """Return how many directions show another thing than others: two equal weights show one."""
    pairs = np.array([array / (np.abs(array).max() or 1.0) for array in (slopes, moved)])
    return int(np.unique(pairs.round(DIGITS), axis=1).shape[1])


def find_shown(model: Model, fits: list[Fit]) -> dict[int, list[str]]:
    """Return the numbers that the net computes from outputs and targets, as events, and the usual
    losses that each of them may be.
    """
    usual = {(f.loss, f.slopes.tobytes()): f for f in fits if not f.is_own}.values()
    found = list_directions(model, model.weights)
    own = (fit for fit in fits if fit.is_own)
    return {i: _list_like(fit, list(usual), found) for fit in own for i in fit.events[:1]}


def _list_like(own: Fit, usual: list[Fit], found: list[Direction]) -> list[str]:
    """Return the usual losses that have the derivatives of a loss, but for a factor and for what a
    penalty on the weights adds.
    """
    factors = find_multiples(own, usual, found)
    return [each.loss for each, factor in zip(usual, factors, strict=True) if factor]


def _find_rates(
    found: list[Direction], slopes: Array, moved: Array, errors: Array, settled: Array
) -> dict[str, float | None]:
    """Return the rate of each weight alone, None where no rate fits."""
    owners = np.array([direction.weight for direction in found])
    return {w: _find_rate(slopes, moved, errors, settled & (owners == w))
            for w in dict.fromkeys(owners.tolist())}  # fmt: skip


def refit(model: Model, fit: Fit, found: list[Direction]) -> Fit | None:
    """Return how a step that moves so along the directions fits the derivative of a fit's loss."""
    return _fit(model, fit.loss, fit.events, fit.target, fit.function, found)


def depends_on(model: Model, fit: Fit, path: str) -> bool:
    """Return whether the loss of a fit changes with some leaf, by more than rounding."""
    pairs = [each.differentiate(fit.function) for each in probe(model, path, EACH)]
    return any(abs(slope) > error + CLOSE * np.abs(fit.slopes).max() for slope, error in pairs)


def computes_gradient(model: Model, fit: Fit, path: str) -> bool:
    """Return whether a step computes the derivative of the loss of a fit by some leaf."""
    found = probe(model, path, EACH)
    pairs = [each.differentiate(fit.function) for each in found]
    slopes, errors = (np.array(each) for each in zip(*pairs, strict=True))
    return find_factor(model, found, slopes, errors) is not None


def find_factors(model: Model, fit: Fit, weights: list[str]) -> Iterator[tuple[str, float | None]]:
    """Yield each weight with the factor of its gradient among the step's values, None for none;
    numbers come last, and have that of the first array.
    """
    known = None
    for weight in sorted(weights, key=lambda w: model.base.before[w].size == 1):
        found, own = _list_own(model, weight)
        wanted = known if len(own) == 1 else None
        errors = np.full(len(own), fit.errors[own].max())  # one may be 0 by chance
        factor = find_factor(model, found, fit.slopes[own], errors, wanted)
        known = known or factor
        yield weight, factor


def find_slopes(model: Model, fit: Fit, weight: str) -> Array | None:
    """Return the derivative of the loss of a fit by a weight as the step computes it, None where it
    does not.
    """
    found, own = _list_own(model, weight)
    errors = np.full(len(own), fit.errors[own].max())
    return find_gradient(model, found, fit.slopes[own], errors)


def _measure_blur(model: Model, fit: Fit, weight: str) -> float:
    """Return how far the error of the derivatives by a weight may move a factor, relative to it."""
    _, own = _list_own(model, weight)
    return float(2 * fit.errors[own].max() / (np.abs(fit.slopes[own]).max() or 1.0))


def measure_rest(model: Model, fit: Fit, weight: str) -> float:
    """Return how much of the step of a weight no rate and no penalty explain, relative to it; of
    two elements both would explain all.
    """
    found, own = _list_own(model, weight)
    moved, *pulls = (np.array([getattr(each, k) for each in found]) for k in ("moved", *PULLS))
    rests = []
    for pull in pulls:
        columns = np.stack([fit.slopes[own], pull], axis=1)[:, : 1 + (len(own) > 2)]
        solution, *_ = np.linalg.lstsq(columns, moved, rcond=None)
        rests.append(np.abs(moved - columns @ solution).max() / (np.abs(moved).max() or 1.0))
    return float(min(rests))


def find_penalties(model: Model, fit: Fit) -> dict[str, float]:
    """Return the penalty of each weight that goes down a loss at the rate of most with one of its
    own, where such penalties explain the steps of all others; {} where they do not.
    """
    found: dict[str, float] = {}
    for weight in model.weights if fit.list_agreeing() else ():
        each, own = _list_own(model, weight)
        moved, pull = (np.array([getattr(d, k) for d in each]) for k in ("moved", "decay"))
        rest = moved + fit.common_rate * fit.slopes[own]
        penalty = -float(rest @ pull) / (float(pull @ pull) or 1.0)
        limit = CLOSE * np.abs(moved).max() + 2 * fit.common_rate * fit.errors[own]
        is_sure = weight not in fit.wrong or len(own) > FEWEST
        if not is_sure or (np.abs(rest + penalty * pull) > limit).any():
            return {}
        found[weight] = penalty
    return found


def has_penalised(model: Model, fit: Fit, weight: str) -> bool:
    """Return whether a step computes the derivative by a weight with that of a penalty on it."""
    found, own = _list_own(model, weight)
    pulls = (np.array([getattr(each, k) for each in found]) for k in PULLS)
    return any(find_penalised(model, found, fit.slopes[own], pull) for pull in pulls)


def _list_own(model: Model, weight: str) -> tuple[list[Direction], list[int]]:
    """Return the directions of a weight, and which of those of all weights they are."""
    found = list_directions(model, model.weights)
    own = [i for i, each in enumerate(found) if each.weight == weight]
    return [found[i] for i in own], own


def _solve(slopes: Array, pulls: list[Array], moved: Array) -> tuple[float, float, int]:
    """Return the rate and the penalty of −rate · slope − penalty · pull that fit best, and which
    pull it is.

    pulls are how far the weights lie along each direction: all of them, or some.
    """
    rate = -float(slopes @ moved) / float(slopes @ slopes)
    best = rate, 0.0, 0
    least = np.abs(moved + rate * slopes).max()
    for i, pull in enumerate(pulls if least > CLOSE * np.abs(moved).max() else []):
        columns = np.stack([slopes, pull], axis=1)
        (rate, penalty), *_ = np.linalg.lstsq(columns, -moved, rcond=None)
        rest = np.abs(moved + rate * slopes + penalty * pull).max()
        if rest < least:
            least, best = rest, (float(rate), float(penalty), i)
    return best


def _find_rate(slopes: Array, moved: Array, errors: Array, chosen: Array) -> float | None:
    """Return the rate of one weight alone, None where no rate fits."""
    slope, step = slopes[chosen], moved[chosen]
    size = float(slope @ slope)
    if not size:
        return None
    rate = -float(slope @ step) / size
    rest = np.abs(step + rate * slope) - 2 * abs(rate) * errors[chosen]
    return rate if rest.max() <= CLOSE * np.abs(step).max() else None
