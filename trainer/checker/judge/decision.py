"""What can be decided about a step, and what is wrong in it."""

from dataclasses import dataclass, field
from enum import Enum, auto

from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model


class Fault(Enum):
    """What is known of a wrong step as a whole."""

    UPHILL = auto()
    LACKS_PENALTY = auto()
    PENALTY_SIGN = auto()
    LEFT = auto()
    FACTOR = auto()
    UNUSED = auto()
    SOFTMAX_AXIS = auto()
    IDLE = auto()
    GROWN = auto()
    OTHER_LOSS = auto()
    WRONG_LOSS = auto()
    TURNED_LOSS = auto()
    DOUBLE_SOFTMAX = auto()
    ACCUMULATES = auto()
    IGNORES = auto()
    SLOPE = auto()
    SPREAD = auto()
    FORGOTTEN = auto()
    OVERWRITES = auto()
    REPLACES = auto()
    POWERS = auto()
    INFINITE = auto()
    INVERTED = auto()
    CLIMBS = auto()
    EQUAL_TARGETS = auto()
    MIXED = auto()
    AGAINST = auto()
    OTHER_OUTPUTS = auto()
    DIAGONAL = auto()


# A value is wrong by itself: what else its line could compute is tried.
OF_ONE_VALUE = (
    Fault.SOFTMAX_AXIS, Fault.DOUBLE_SOFTMAX, Fault.GROWN, Fault.WRONG_LOSS, Fault.TURNED_LOSS,
    Fault.SPREAD, Fault.OTHER_OUTPUTS,
)  # fmt: skip
# Of a loss that the file computes, and no step goes down.
OF_SHOWN_LOSS = Fault.OTHER_LOSS, Fault.WRONG_LOSS, Fault.TURNED_LOSS
# The derivative of the last activation is another one, in whatever the step goes down.
OF_SLOPE = Fault.SLOPE, Fault.DIAGONAL
# Of how a step uses gradients that are right: what is tried has to follow a known rule.
OF_RULES = Fault.INVERTED, Fault.MIXED, Fault.AGAINST
# How the numbers move by their gradients: sure also where a step keeps a state, as momentum does.
OF_DIRECTION = Fault.UPHILL, Fault.CLIMBS, *OF_RULES
# What is not wrong in a value on the way back: no line is sought by derivatives.
OF_OUTPUTS = (
    *OF_ONE_VALUE, Fault.ACCUMULATES, Fault.IGNORES, Fault.FORGOTTEN, Fault.OVERWRITES,
    Fault.INFINITE, Fault.EQUAL_TARGETS, *OF_RULES,
)  # fmt: skip


@dataclass
class Decision:
    """What was found out about a step; is_right is None where that is open.

    wrong are the weights that do not move down the derivative of any loss of the outputs, or those
    that lack the penalty of the net's own loss.
    """

    model: Model
    is_right: bool | None
    fit: Fit | None = None
    wrong: list[str] = field(default_factory=list)
    fault: Fault | None = None
    fits: list[Fit] = field(default_factory=list)  # of all losses that explain the whole step
    event: int | None = None  # whose value is wrong by itself
    rule: str = ""  # the name of the algorithm that uses the gradients, where it keeps a state
    option: str = ""  # the number that is another than the file's, and its value
