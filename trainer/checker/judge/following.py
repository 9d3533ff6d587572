"""Names the weights that do not follow a loss which the step should follow, as others do."""

from collections.abc import Container

import numpy as np

from trainer.checker.judge.descent import (
    find_factors,
    has_penalised,
    list_directions,
    measure_rest,
)
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.influence import Model, find_dependents
from trainer.checker.judge.multiples import list_usual

SAME = 1e-6  # relative, of two steps that rounding alone parts
FAR = 1e-3  # relative, of what no rounding leaves
NEAR, EXACT = 1e-5, 1e-8  # the same where the weights that agree do so to that
MANY = 2  # elements: a rate and a penalty fit two along any direction
MOST_OUTPUTS = 40  # events of which some weights alone may make use


def find_others(model: Model, fits: list[Fit]) -> tuple[list[Fit], list[str]]:
    """Return the losses that a step should follow, and the weights that do not; [] for none."""
    for fit in (sure := _list_sure(model, fits)):
        others = _list_others(model, fit, fits)
        if others and not has_own_pass(model, fit, others):
            same = [each for each in sure if each.list_agreeing() == fit.list_agreeing()]
            return same, others
    return [], []


def list_uncomputed(model: Model, fit: Fit) -> list[str]:
    """Return the arrays by which a step, which moves otherwise, computes no derivative of a loss,
    though it computes that by others at one factor: of the last layers. A penalty may be added.
    """
    sizes = {weight: model.base.before[weight].size for weight in model.weights}
    computed = [factor for weight, factor in fit.factors.items() if sizes[weight] > MANY]
    outputs = sum(model.base.events[i][2].size for i in fit.events)
    if not computed or outputs == 1 or not are_same(min(computed), max(computed)):
        return []
    others = [w for w in model.weights if w not in fit.factors and sizes[w] > 1]
    if any(has_penalised(model, fit, weight) for weight in others):
        return []
    return [] if others and has_own_pass(model, fit, others) else others


def has_own_pass(model: Model, fit: Fit, weights: list[str]) -> bool:
    """Return whether the steps of these weights use outputs that those of all others do not: of a
    pass of their own, as those of one of two nets that play against each other.
    """
    rest = set(model.weights) - set(weights)
    events = model.base.events
    values = {events[i][2].tobytes() for i in fit.events} if rest and not fit.is_own else ()
    sites = {site for site, _, value in events if value.tobytes() in values}
    whole = frozenset(range(len(events))).intersection(*(model.depends[w] for w in model.weights))
    outputs = [i for i in sorted(whole) if events[i][0] in sites and i not in model.after_targets]
    moved = [model.list_moved(model.move_events([i])) for i in _leave_copies(model, outputs)]
    return any(each & set(weights) and not each & rest for each in moved)


def _leave_copies(model: Model, outputs: list[int]) -> list[int]:
    """Return the first events of outputs without those that pass on the first of their value, as
    the arguments of a function do.
    """
    found: dict[bytes, int] = {}
    for i in outputs[:MOST_OUTPUTS]:
        found.setdefault(model.base.events[i][2].tobytes(), i)
    after = [find_dependents(model, model.move_events([i])) or frozenset() for i in found.values()]
    passed = frozenset().union(*after) - set(found.values())
    return [i for i in outputs[:MOST_OUTPUTS] if i not in passed]


def _list_sure(model: Model, fits: list[Fit]) -> list[Fit]:
    """Return the fits of the loss that a step should follow: a usual one that the net computes, if
    it moves a weight so or keeps nothing but weights, and one that weights follow on purpose: it
    may have a penalty besides.
    """
    is_plain = is_complete(model)
    usual = list_usual(fits, list_directions(model, model.weights))
    own = [fit for fit in usual if is_plain or has_agreeing(model, fit)]
    most = max(fits, key=lambda fit: (_count_agreeing(model, fit), len(fit.events)), default=None)
    is_other = most and not any(fit.list_agreeing() for fit in own)  # than the loss that it shows
    if most and (most.is_own or is_other) and is_followed(model, most, is_plain):
        own.append(most)
    own.sort(key=lambda fit: fit.count_elements(fit.list_agreeing()), reverse=True)
    return own


def is_followed(model: Model, fit: Fit, is_plain: bool) -> bool:
    """Return whether a step follows a loss on purpose: two weights do, or one of many elements in a
    step that keeps nothing but weights, of a loss of several outputs.
    """
    count = _count_agreeing(model, fit)
    sizes = [model.count_moved(weight) for weight in fit.list_agreeing()]
    outputs = sum(model.base.events[i][2].size for i in fit.events)
    return count > 1 or (count == 1 and is_plain and max(sizes) > MANY and outputs > 1)


def _list_others(model: Model, fit: Fit, fits: list[Fit]) -> list[str]:
    """Return the weights that do not follow a loss, [] where some follow another, as the two nets
    of a pair do, or where the step computes their gradients and uses them otherwise.
    """
    agreeing = fit.list_agreeing()
    others = [weight for weight in model.weights if weight not in agreeing]
    if _is_of_numbers(model):
        return others if len(agreeing) >= 2 * len(others) else []
    arrays = [weight for weight in others if model.base.before[weight].size > 1]
    mixed = [weight for weight in others if _moves_as_another(model, weight, agreeing)]
    if mixed == others:
        return mixed
    if arrays == others and all((fit.rates[weight] or 0) > 0 for weight in others):
        return others  # down the same loss, at another rate
    exact = max((measure_rest(model, fit, w) for w in agreeing), default=1.0) < EXACT
    if not arrays:
        return others if exact and len(agreeing) > len(others) else []
    if any(measure_rest(model, fit, w) < (NEAR if exact else FAR) for w in arrays):
        return []  # nearly right: differences on one side, or few digits, would show in all
    followed = (e for e in fits if any(e.rates[weight] is not None for weight in arrays))
    if not all(_is_part(model, each, fit) for each in followed):
        return []
    if mixed := [weight for weight in arrays if _moves_as_another(model, weight, agreeing)]:
        return mixed
    factors = (factor for _, factor in find_factors(model, fit, arrays))
    return others if all(factor is None for factor in factors) else []


def _moves_as_another(model: Model, weight: str, agreeing: list[str]) -> bool:
    """Return whether a weight moves by the gradient of another one, which moves by it too."""
    before, after = model.base.before, model.base.after
    moved = {path: after[path] - before[path] for path in (weight, *agreeing)}
    same = [path for path in agreeing if moved[path].shape == moved[weight].shape]
    return any(np.allclose(moved[path], moved[weight], rtol=SAME, atol=0) for path in same)


def _is_part(model: Model, part: Fit, whole: Fit) -> bool:
    """Return whether a loss is that of some of the samples of another one, which may be computed
    from the outputs of all.
    """
    events = model.base.events
    values = [{events[i][2].tobytes() for i in fit.events} for fit in (part, whole)]
    if values[0] < values[1] or not whole.is_own:
        return values[0] < values[1]
    sites = {events[i][0] for i in part.events}
    same = {i for i in model.depends[model.weights[0]] if events[i][0] in sites}
    rest = same - {*part.events, *whole.events}
    groups = (find_dependents(model, model.move_events(each)) for each in (part.events, rest))
    return all((group or frozenset()) & {*whole.events} for group in groups)


def has_agreeing(model: Model, fit: Fit) -> bool:
    """Return whether a weight moves down the derivative, which a single number always does."""
    return _count_agreeing(model, fit) > 0


def _count_agreeing(model: Model, fit: Fit) -> int:
    """Return how many weights move down the derivative at one rate: arrays, or numbers of a net
    that has no others, of which two may agree by chance.
    """
    agreeing = fit.list_agreeing()
    if _is_of_numbers(model):
        return max(len(agreeing) - 2, 0)
    return sum(model.count_moved(weight) > 1 for weight in agreeing)


def _is_of_numbers(model: Model) -> bool:
    return all(model.base.before[weight].size == 1 for weight in model.weights)


def is_complete(model: Model, unused: Container[str] = ()) -> bool:
    """Return whether the outputs depend on every array that the step changes, but for some.

    Otherwise it keeps a state, as momentum does, or is not understood.
    """
    others = (path for path in model.list_others() if path not in unused)
    return not any(model.base.before[path].ndim for path in others)
