"""Find the wrong quantity of a training step, by the bounds on its rounding error in bounds.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trainer.auditing.bounds import Bounds
from trainer.book.functions import Array
from trainer.common.language import translate as _
from trainer.common.settings import Activation, Loss

# The quantities in the order of computation; W1 … b2 are the parameters after the update.
ORDER = (
    "a1", "z1", "a2", "y", "loss", "da2", "dW2", "db2", "dz1", "da1", "dW1", "db1",
    "W1", "b1", "W2", "b2",
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The element of a quantity whose error is the largest in units of its bound."""

    quantity: str
    ratio: float  # error / bound
    index: tuple[int, ...] = ()
    got: float = np.nan
    expected: float = np.nan
    reason: str | None = None  # what is wrong besides or instead of a number that differs
    values: Array | None = field(default=None, compare=False, repr=False)  # the whole quantity

    @property
    def is_wrong(self) -> bool:
        """Whether the error exceeds the bound on rounding; a NaN ratio counts as wrong."""
        return not self.ratio <= 1


def audit(trace: Mapping[str, Array], activation: Activation, loss: Loss) -> dict[str, Verdict]:
    """Return a verdict on each quantity of a trace (of net.trace), in the order of computation."""
    bounds = Bounds(trace, activation, loss)
    return {name: _audit_quantity(name, trace, bounds) for name in ORDER}


def _audit_quantity(name: str, trace: Mapping[str, Array], bounds: Bounds) -> Verdict:
    """Return the verdict on one quantity, wrong if its bound cannot be computed."""
    try:
        expected, bound = bounds.compute(name)
    except ValueError:  # NumPy raises it where an earlier quantity has a wrong shape.
        reason = _("the arrays that it is computed from have shapes that do not fit")
        return Verdict(name, np.inf, reason=reason)
    return judge(name, trace[name], expected, bound)


def find_first_wrong(verdicts: Mapping[str, Verdict]) -> Verdict | None:
    """Return the first wrong verdict in the order of the mapping, or None if none is wrong."""
    return next((verdict for verdict in verdicts.values() if verdict.is_wrong), None)


def judge(name: str, got: Array, expected: Array, bound: Array) -> Verdict:
    """Return the verdict on the element of got with the largest |got − expected| / bound.

    The ratio is infinite where the shape is wrong or an element is not finite.
    """
    if got.shape != expected.shape:
        reason = _(
            "its shape is {got}, expected {expected}", got=got.shape, expected=expected.shape
        )
        return Verdict(name, np.inf, reason=reason, values=got)
    with np.errstate(all="ignore"):
        error = np.abs(got - expected)
        ratio = np.where(error > 0, error / bound, 0)  # With a bound of 0, an error of 0 is right.
        ratio = np.where(np.isfinite(got), ratio, np.inf)
        # An operation is not wrong if its input is NaN or its exact result overflows the dtype.
        ratio = np.where(np.abs(expected) <= np.finfo(got.dtype).max, ratio, 0)
    index = tuple(int(i) for i in np.unravel_index(np.argmax(ratio), ratio.shape))
    worst = float(ratio[index]), index, float(got[index]), float(expected[index])
    return Verdict(name, *worst, values=got)
