"""Measures a gradient that exists only inside an update: what a step subtracts from the weights."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import OPTIONS, find_call_roles, find_role
from trainer.checker.adapt.weights import is_number
from trainer.checker.findings.comparing import CLOSE, compute_error, show_safely
from trainer.checker.load.attributes import read_attributes
from trainer.common.language import N_
from trainer.common.language import translate as _

if TYPE_CHECKING:
    from trainer.checker.adapt.subject import Subject

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


def takes_rate(net: object, function: Callable[..., Any]) -> bool:
    """Return whether a method takes a learning rate, or the net keeps one."""
    return "lr" in find_call_roles(function) or bool(_list_options(net, "lr"))


def _list_options(net: object, role: str) -> list[str]:
    """Return the attributes of a net that are numbers with the name of an option."""
    own = read_attributes(net)
    return [n for n, value in own.items() if is_number(value) and find_role(n, OPTIONS) == role]


def derive_gradient(
    subject: "Subject",
    function: Callable[..., Any],
    x: Array,
    t: Array,
    before: dict[str, Array],
) -> dict[str, Array] | None:
    """Return the gradient that a method subtracts from the weights before, None without a rate.

    The weights are not set back. Raises ValueError where the method makes no plain step.
    """
    if not takes_rate(subject.net, function):
        return None

    def step(rate: float) -> dict[str, Array]:
        subject.weights.set(before)
        for role, value in (("lr", rate), ("epochs", 1), ("batch", len(x))):
            vars(subject.net).update(dict.fromkeys(_list_options(subject.net, role), value))
        attempt(subject.predict, x)  # what the step needs of the forward pass
        subject.call(function, x, t, lr=rate, epochs=1)
        return {key: before[key] - after for key, after in subject.weights.get().items()}

    return measure_gradient(step, ("W2", "b2"))


def derive_from_training(
    subject: "Subject", train: Callable[..., Any], x: Array, t: Array
) -> dict[str, Array] | None:
    """Return the gradient that one step of a training method subtracts, and set the weights back.

    Raises ValueError where that makes no plain step, or could not be called.
    """
    before = subject.weights.get()
    outcome = attempt(lambda x, t: derive_gradient(subject, train, x, t, before), x, t)
    subject.weights.set(before)
    if outcome.error:
        raise ValueError(show_safely(outcome.error))
    found: dict[str, Array] | None = outcome.value
    return found
