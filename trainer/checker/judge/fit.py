"""How well a step is one down a loss."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.events import Events, Values
from trainer.checker.judge.losses import ABSOLUTE, SQUARES
from trainer.checker.judge.slopes import CLOSE

OWN = -1
SAME = 1e-4  # relative: rates that differ by more are not those of one loss
Function = Callable[[Values], float]


@dataclass(eq=False)
class Fit:
    """How well a step is that of a loss: the rate, and the weights that move otherwise.

    target is the number of the loss among those of the outputs, OWN for the net's own.
    """

    loss: str
    events: Events
    target: int
    rate: float
    penalty: float
    wrong: list[str]
    rates: dict[str, float | None] = field(default_factory=dict)
    slopes: Array = field(default_factory=lambda: np.zeros(0))  # along the directions
    errors: Array = field(default_factory=lambda: np.zeros(0))
    factors: dict[str, float] = field(default_factory=dict)  # of gradients that are no steps
    function: Function = field(default=lambda _values: float("nan"), repr=False)
    sizes: dict[str, int] = field(default_factory=dict)  # how many elements of each weight move
    pulled: list[str] = field(default_factory=list)  # weights with the penalty
    # The numbers that the net computes of its outputs and that may be usual losses, as events, with
    # the names of these.
    shown_as: dict[int, list[str]] = field(default_factory=dict)
    has_signs: bool = False  # whether the penalty is one on sizes
    blur: float = 0.0  # how far errors of the derivatives may move the factors, relative to these

    @property
    def is_own(self) -> bool:
        """Whether the loss is one that the net computes."""
        return self.target == OWN

    @property
    def is_absolute(self) -> bool:
        """Whether the loss is the sum of the sizes of the errors."""
        return self.loss == ABSOLUTE

    def pull(self, values: Array) -> Array:
        """Return how far the penalty moves a weight with these values."""
        return self.penalty * (np.sign(values) if self.has_signs else values)

    @property
    def goes_down(self) -> bool:
        """Whether each weight goes down the derivative, at whatever rate."""
        return all(rate is not None and rate > 0 for rate in self.rates.values())

    @property
    def is_turned(self) -> bool:
        """Whether the step goes up the derivative of the loss with all weights, at one rate."""
        return self.rate < 0 and not self.wrong and sum(self.sizes.values()) > 1

    @property
    def shown(self) -> str:
        """The usual loss that the net computes while the step goes down this one, "" for none."""
        names = [name for each in self.shown_as.values() for name in each]
        return SQUARES if SQUARES in names else next(iter(names), "")

    @property
    def shown_by(self) -> list[int]:
        """The events that may be the usual loss that the net computes."""
        return [event for event, names in self.shown_as.items() if self.shown in names]

    @property
    def lacks_penalty(self) -> bool:
        """Whether the step is that of the net's own loss but for a penalty on the weights."""
        is_near = self.is_own and not self.wrong and self.rate > 0
        return is_near and self.penalty < -CLOSE * self.rate

    def list_agreeing(self) -> list[str]:
        """Return the most weights that move down the derivative at one rate, of equally many those
        with most elements; [] where that is one number, which moves so at some rate by any loss.
        """
        rates = {w: rate for w, rate in self.rates.items() if rate is not None and rate > 0}
        groups = [[w for w, r in rates.items() if are_same(r, rate)]
                  for rate in rates.values()]  # fmt: skip
        most = max(groups, key=lambda group: (len(group), self.count_elements(group)), default=[])
        return [] if self.count_elements(most) == 1 else most

    def count_elements(self, weights: list[str]) -> int:
        """Return how many numbers some weights are."""
        return sum(self.sizes[weight] for weight in weights)

    @property
    def common_rate(self) -> float:
        """The rate of most weights, or the one that fits all best where no rate fits any."""
        agreeing = self.list_agreeing() if self.wrong else []
        return (self.rates[agreeing[0]] if agreeing else None) or self.rate

    def list_uphill(self) -> list[str]:
        """Return the weights that move up the derivative, at the rate at which the others go down,
        [] where some move otherwise.
        """
        rates = [abs(rate) for rate in self.rates.values() if rate is not None]
        if len(rates) < len(self.rates) or not are_same(min(rates), max(rates)):
            return []
        return [w for w, rate in self.rates.items() if rate and rate < 0]

    @property
    def has_gradients(self) -> bool:
        """Whether the step computes the derivative by every weight, and then moves otherwise."""
        values = list(self.factors.values())
        is_whole = bool(values) and len(values) == len(self.rates)
        return is_whole and max(values) - min(values) <= (CLOSE + self.blur) * abs(max(values))

    @property
    def is_right(self) -> bool:
        """Whether every weight moves down the derivative, with a penalty or without one."""
        is_down = not (self.wrong or self.replaces) and self.rate > 0
        return is_down and self.penalty > -CLOSE * self.rate

    @property
    def replaces(self) -> bool:
        """Whether what seems a penalty takes all of a weight away: the gradient takes its place."""
        return abs(self.penalty - 1) <= SAME


def are_same(a: float, b: float | None) -> bool:
    """Return whether two rates are one, up to rounding."""
    return b is not None and abs(a - b) <= SAME * max(abs(a), abs(b))


def is_multiple(a: Array, b: Array) -> bool:
    """Return whether an array, which is not 0, is a multiple of another one, up to rounding."""
    rate = float((a * b).sum() / ((b * b).sum() or 1.0))
    return float(np.abs(a - rate * b).max()) <= SAME * float(np.abs(a).max())
