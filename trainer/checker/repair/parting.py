"""Finds where the values of a wrong step part from the right ones, also where more is wrong later.

On the way back to a weight every value is a derivative of the loss by some value, or is recovered
by a later one. The first that is neither, after one that is, is wrong.
"""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.counting import Count
from trainer.checker.repair.derivatives import MOST_ELEMENTS, Derivatives, arrange, is_close
from trainer.checker.repair.locating import list_sites
from trainer.checker.repair.scoring import Scorer
from trainer.checker.repair.wanted import Wanted

MOST = 150  # values on the way back


def find_parting(wanted: Wanted, count: Count) -> int | None:
    """Return the event of the first value that parts from the right ones, None where none is known.

    What weights that go down the loss depend on is right. The loss is the net's own or one that
    some weights go down.
    """
    fit = wanted.fits[0]
    if wanted.has_fault or not (fit.is_own or wanted.list_agreeing(fit)):
        return None
    scorer = Scorer(wanted, fit, count)
    _, good = scorer.score({})
    events = sorted(i for found in list_sites(wanted).values() for i in found)[:MOST]
    reached = {i: scorer.move(i, {}).reached for i in events if i in wanted.model.after_targets}
    derivatives = Derivatives(wanted.model, fit)
    right = {i for i in reached if reached[i] & good or _is_derivative(wanted, derivatives, i)}
    parted = (_part(reached, right, weight) for weight in sorted(wanted.paths - good))
    first = min((each for each in parted if each is not None), default=None)
    sizes = [wanted.model.base.events[i][2].size for i in reached]
    is_known = max(sizes, default=0) <= MOST_ELEMENTS and not derivatives.is_partial
    is_array = first is not None and wanted.model.base.events[first][2].size > 1
    return first if is_known and is_array else None


def _part(reached: dict[int, frozenset[str]], right: set[int], weight: str) -> int | None:
    """Return the first event on the way to a weight after the last that is right."""
    way = [i for i, weights in reached.items() if weight in weights]
    last = max((i for i in way if i in right), default=None)
    return next((i for i in way if last is not None and i > last), None)


def _is_derivative(wanted: Wanted, derivatives: Derivatives, event: int) -> bool:
    """Return whether an array is a multiple of a derivative of the loss."""
    value = np.asarray(wanted.model.base.events[event][2], dtype=np.float64)
    expected = _list_right(wanted, derivatives, value) if value.size > 1 else ()
    return any(_is_multiple(value, each) for each in expected)


def _list_right(wanted: Wanted, derivatives: Derivatives, value: Array) -> Iterator[Array]:
    """Yield the derivatives in the shape of a value, and these by what a row of weights scales."""
    weights = (wanted.model.base.before[path] for path in wanted.model.weights)
    rows = [w for w in weights if w.ndim and w.shape[-1:] == value.shape[-1:] == (w.size,)]
    for each in derivatives.list_of_size(value.size):
        for expected in arrange(each.value, value.shape):
            yield from (expected, *(expected * row for row in rows))


def _is_multiple(value: Array, expected: Array) -> bool:
    factor = float((value * expected).sum()) / (float((expected * expected).sum()) or 1.0)
    return bool(factor) and is_close(value, factor * expected)
