"""Measures a gradient that exists only inside an update: what a step subtracts from the weights."""

from collections.abc import Callable, Iterable

from trainer.book.functions import Array
from trainer.checker.findings.comparing import CLOSE, compute_error
from trainer.common.language import N_
from trainer.common.language import translate as _

RATE = 0.5
SEVERAL = N_("it makes more than one update, or draws its samples: give it one batch and one step")


def measure_gradient(
    step: Callable[[float], dict[str, Array]], last: Iterable[str]
) -> dict[str, Array]:
    """Return what a step subtracts from each parameter, over the learning rate.

    step takes the rate and begins with the same weights. last are the parameters of the last
    layer. Raises ValueError where these do not move in proportion to the rate, or move otherwise a
    second time: then there is more than one step, or another rule than plain descent.
    """
    first = _divide(step, RATE)
    again = [_divide(step, rate) for rate in (RATE, RATE / 1000)]
    if any(compute_error(moved[k], first[k]) > CLOSE for moved in again for k in last):
        raise ValueError(_(SEVERAL))
    return first


def _divide(step: Callable[[float], dict[str, Array]], rate: float) -> dict[str, Array]:
    return {key: moved / rate for key, moved in step(rate).items()}
