"""Tells whether the weights of one step go down two losses: a layer is then given a wrong error.

An error of one output is the derivative of any loss of it, at a rate that depends on the output. So
what counts is which rates are the same near the first weights and far from them.
"""

from dataclasses import replace
from itertools import permutations

from trainer.checker.judge.fit import Fit, are_same

Loss = tuple[str, int]  # its name, and the number of the target


def may_divide(fits: list[Fit]) -> bool:
    """Return whether each weight goes down one usual loss at a rate of its own, but not at one."""
    return any(not fit.is_own and _has_own_rates(fit) for fit in fits)


def _has_own_rates(fit: Fit) -> bool:
    rates = [rate or 0.0 for rate in fit.rates.values()]
    return fit.goes_down and not are_same(min(rates), max(rates))


def find_divided(near: list[Fit], far: list[Fit], last: str) -> tuple[Fit, list[str]] | None:
    """Return the loss that a weight of the last layer and others go down at one rate wherever they
    are, and the rest, which so go down another one; None where there are no two such losses.
    """
    here, there = _index(near), _index(far)
    kept = {key: _list_kept(here[key], there[key]) for key in here if key in there}
    every = {weight for fit in near for weight in fit.rates}
    for (one, a), (_, b) in permutations(kept.items(), 2):
        if last in a and b and not a & b and a | b == every:
            return replace(here[one], rates=here[one].rates | dict.fromkeys(b)), sorted(b)
    return None


def _index(fits: list[Fit]) -> dict[Loss, Fit]:
    """Return the fits of usual losses, the best of each."""
    return {(fit.loss, fit.target): fit for fit in reversed(fits) if not fit.is_own}


def _list_kept(near: Fit, far: Fit) -> set[str]:
    """Return the weights that go down a loss at the same rate in both places, the most at one."""
    rates = {w: r for w, r in near.rates.items() if r and r > 0 and are_same(r, far.rates.get(w))}
    groups = [{w for w, r in rates.items() if are_same(r, rate)} for rate in rates.values()]
    return max(groups, key=len, default=set())
