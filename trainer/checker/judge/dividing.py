"""Tells whether the weights of one step go down two losses, or some at rates that vary: a layer is
then given a wrong error.

An error of one output is the derivative of any loss of it, at a rate that depends on the output. So
what counts is which rates are the same near the first weights and far from them.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

from trainer.checker.judge.descent import fit_losses
from trainer.checker.judge.fit import Fit, are_same
from trainer.checker.judge.influence import Model

FEW = 2  # numbers that may go down a loss at one rate by chance
Loss = tuple[str, int]  # its name, and the number of the target


def may_divide(fits: list[Fit]) -> bool:
    """Return whether each weight moves along one usual loss at a rate of its own, not at one."""
    return any(not fit.is_own and _has_own_rates(fit) for fit in fits)


def _has_own_rates(fit: Fit) -> bool:
    rates = {weight: rate for weight, rate in fit.rates.items() if rate}
    is_down = all(rate > 0 for weight, rate in rates.items() if fit.sizes[weight] > 1)
    is_whole = len(rates) == len(fit.rates)
    return is_whole and is_down and not are_same(min(rates.values()), max(rates.values()))


def find_divided(near: Model, far: Model) -> tuple[Fit, list[str]] | None:
    """Return the loss that a weight of the last layer and others go down at one rate wherever they
    are, and the rest, which so go down another one, or are numbers whose rates vary; None where
    there is no such loss.
    """
    here, there = _index(fit_losses(near)), _index(fit_losses(far))
    kept = {key: _list_kept(here[key], there[key]) for key in here if key in there}
    every, firsts = set(near.weights), {w: min(near.depends[w]) for w in near.weights}
    last = {weight for weight in every if firsts[weight] == max(firsts.values())}
    groups = [(one, b) for (one, a), (_, b) in permutations(kept.items(), 2)
              if last & a and not a & b and a | b == every]  # fmt: skip
    numbers = [(one, every - a) for one, a in kept.items()
               if last & a and a < every and here[one].count_elements(list(a)) > FEW
               and _vary(here[one], there[one], every - a)
               and _move_apart(near, far, every - a)]  # fmt: skip
    for one, rest in [*groups, *numbers]:
        return replace(here[one], rates=here[one].rates | dict.fromkeys(rest)), sorted(rest)
    return None


def _vary(near: Fit, far: Fit, weights: Iterable[str]) -> bool:
    """Return whether weights go along a loss at another rate of their own at each place."""
    pairs = [(near.rates.get(w), far.rates.get(w)) for w in weights]
    return all(a is not None and not are_same(a, b) for a, b in pairs)


def _move_apart(near: Model, far: Model, weights: Iterable[str]) -> bool:
    """Return whether weights are numbers that move otherwise at each place, as none that is clipped
    does.
    """
    moved = [[float((each.base.after[w] - each.base.before[w]).sum()) for w in weights]
             for each in (near, far)]  # fmt: skip
    are_numbers = all(near.base.before[w].size == 1 for w in weights)
    return are_numbers and not any(are_same(*pair) for pair in zip(*moved, strict=True))


def _index(fits: list[Fit]) -> dict[Loss, Fit]:
    """Return the fits of usual losses, the best of each."""
    return {(fit.loss, fit.target): fit for fit in reversed(fits) if not fit.is_own}


def _list_kept(near: Fit, far: Fit) -> set[str]:
    """Return the weights that go down a loss at the same rate in both places, the most at one."""
    rates = {w: r for w, r in near.rates.items() if r and r > 0 and are_same(r, far.rates.get(w))}
    groups = [{w for w, r in rates.items() if are_same(r, rate)} for rate in rates.values()]
    return max(groups, key=len, default=set())
