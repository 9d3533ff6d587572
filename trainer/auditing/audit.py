"""Which quantity of a step is wrong: each of a trace against trainer/bounds.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trainer.auditing.bounds import Bounds
from trainer.book.functions import Array

# The order of computation; W1 … b2 are those of after the update.
ORDER = (
    "a1", "z1", "a2", "y", "loss", "da2", "dW2", "db2", "dz1", "da1", "dW1", "db1",
    "W1", "b1", "W2", "b2",
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A quantity's element with the largest error over its bound; above 1, it is wrong."""

    quantity: str
    ratio: float
    index: tuple[int, ...]
    got: float
    expected: float
    why: str | None = None  # where it is not a number that differs
    values: Array | None = field(default=None, compare=False, repr=False)  # the whole quantity

    @property
    def wrong(self) -> bool:
        """Whether rounding cannot explain the error."""
        return not self.ratio <= 1


def audit(trace: Mapping[str, Array], activation: str, loss: str) -> dict[str, Verdict]:
    """A verdict for each quantity of the trace of a net's step, in the order of computation."""
    bounds = Bounds(trace, activation, loss)
    return {name: _audited(name, trace, bounds) for name in ORDER}


def _audited(name: str, trace: Mapping[str, Array], bounds: Bounds) -> Verdict:
    try:
        expected, bound = bounds.of(name)
    except ValueError:  # of NumPy, where an earlier quantity has a wrong shape
        why = "what it is made from has shapes that do not fit"
        return Verdict(name, np.inf, (), np.nan, np.nan, why)
    return judge(name, trace[name], expected, bound)


def first_wrong(verdicts: Mapping[str, Verdict]) -> Verdict | None:
    """The first quantity, in the order of computation, that is wrong."""
    return next((verdict for verdict in verdicts.values() if verdict.wrong), None)


def judge(name: str, got: Array, expected: Array, bound: Array) -> Verdict:
    """The worst element of got; infinite where the shape, or a value, cannot be right."""
    if got.shape != expected.shape:
        why = f"its shape is {got.shape} where {expected.shape} is right"
        return Verdict(name, np.inf, (), np.nan, np.nan, why, got)
    with np.errstate(all="ignore"):
        error = np.abs(got - expected)
        ratio = np.where(error > 0, error / bound, 0)  # exact is right where the bound is 0
        ratio = np.where(np.isfinite(got), ratio, np.inf)
        # What the dtype cannot hold, or what came in as NaN, is not this operation's fault.
        ratio = np.where(np.abs(expected) <= np.finfo(got.dtype).max, ratio, 0)
    index = tuple(int(i) for i in np.unravel_index(np.argmax(ratio), ratio.shape))
    worst = float(ratio[index]), index, float(got[index]), float(expected[index])
    return Verdict(name, *worst, values=got)
