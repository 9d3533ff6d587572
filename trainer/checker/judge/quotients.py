"""Compares the gradients of a step with difference quotients, entry by entry, with their limits.

The quotient (f(w + h) − f(w − h)) / 2h differs from the derivative by h² f‴ / 6, the truncation,
and by the rounding of f over h (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd
ed., 2002, 1.14). Both are measured: a quotient with 2h has four times the truncation, and the
rounding of a loss of float64 is some units of its last place.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from trainer.book.functions import Array
from trainer.checker.findings.quotient_table import find_worst
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model
from trainer.checker.judge.judging import Judged
from trainer.checker.judge.slopes import H

ENTRIES = 8  # of a weight: half of them with the largest gradients, the others at random
EPSILON = 1e-4  # relative: log(y + 1e-7), as books have it, has another derivative than log y
SAFETY = 8  # units in the last place of a loss, and how much larger a truncation may be nearby
FAR = (100, 1000)  # times h: there the truncation is much larger than the rounding
CURVE = tuple(10.0**-n for n in range(1, 13))  # steps h of a picture
NUMERICAL = "num.*grad|grad.*(num|check)|check.*grad|finite|diff"  # in names of functions
STEP = "h|eps|epsilon|delta|step|dx"
ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24}


@dataclass(frozen=True)
class Quotient:
    """The entry of a weight whose gradient is farthest from its difference quotient.

    gradient is that of the net. truncation and rounding are the absolute errors of the quotient,
    loss is the size of f, and third h² f‴ / 6 for h = 1. rate is the relative error of the rate by
    which the step was divided, unit what f is multiplied by. far are the truncations that were
    measured for other h: a kink between w − h and w + h makes them larger.
    """

    weight: str
    shape: tuple[int, ...]
    index: tuple[int, ...]
    gradient: float
    quotient: float
    h: float
    truncation: float
    rounding: float
    loss: float
    third: float
    rate: float
    unit: float
    far: Mapping[float, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """The larger of gradient and quotient."""
        return max(abs(self.gradient), abs(self.quotient))

    @property
    def error(self) -> float:
        """The relative error, 0 where both are 0."""
        return abs(self.gradient - self.quotient) / (self.size or 1.0)

    @property
    def limit(self) -> float:
        """The largest relative error that truncation and rounding explain."""
        error = self.truncation + self.rounding
        return SAFETY * (error / (self.size or 1.0) + self.rate)

    @property
    def is_right(self) -> bool:
        """Whether the error is within the limit, or what a constant inside of a logarithm makes."""
        return self.error <= max(self.limit, EPSILON)

    def limit_for(self, h: float, dtype: str) -> float:
        """Return the limit of a quotient with another h, of a loss in float32 or float64."""
        truncation = max(self.third * h * h, self.far.get(h, 0.0))
        error = truncation + ROUNDOFF[dtype] * self.loss / h
        return SAFETY * (error / (self.size or 1.0) + self.rate)


def compare_quotients(judged: Judged, may_pull: bool = True) -> list[Quotient]:
    """Return for each weight of a step its worst entry.

    Where the step subtracts the gradients that a function returns, the numbers are those of these
    gradients, and otherwise those of the loss that is named. [] where the step has no common loss,
    or moves otherwise than down the gradient, as with momentum. may_pull tells whether a penalty on
    the weights, which the loss has not, may be in the step.
    """
    decision = judged.decision
    fit = decision.fit or next(iter(decision.fits), None)
    if fit is None or not fit.common_rate or (decision.is_right and fit.wrong):
        return []
    is_returned = decision.model.base.gives_gradients
    unit = fit.common_rate if is_returned else 1.0
    return [
        find_worst(list(_compare_entries(decision.model, fit, weight, unit, may_pull)))
        for weight in decision.model.weights
    ]


def find_own_step(tree: ast.AST) -> float | None:
    """Return the step h of a numerical gradient that code has, None where it has none."""
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    named = (
        pair for f in functions if re.search(NUMERICAL, f.name.lower()) for pair in _list_set(f)
    )
    values = (node.value for name, node in named
              if re.fullmatch(STEP, name.lower()) and isinstance(node, ast.Constant))  # fmt: skip
    return next((h for h in values if isinstance(h, float) and 0 < h < 1), None)


def _list_set(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a function sets and its arguments with a default, with what they get."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
    given, values = function.args.args, function.args.defaults
    pairs = zip(given[len(given) - len(values) :], values, strict=True)
    yield from ((argument.arg, value) for argument, value in pairs)


def measure_curve(
    judged: Judged, entry: Quotient, dtype: str = "float64", own: float | None = None
) -> dict[float, float]:
    """Return the relative error of the quotient of an entry for each h of CURVE, and for one's own.

    A loss in float32 is the loss in float64, rounded.
    """
    found = _list_quotients(judged, entry, dtype, own)
    return {h: abs(each - entry.gradient) / (entry.size or 1.0) for h, each in found.items()}


def measure_far(judged: Judged, entry: Quotient, own: float | None = None) -> dict[float, float]:
    """Return how far the quotient of an entry is from that of the smallest error, for each h."""
    found = _list_quotients(judged, entry, "float64", own)
    return {h: abs(each - entry.quotient) for h, each in found.items() if h > entry.h}


def _list_quotients(
    judged: Judged, entry: Quotient, dtype: str, own: float | None
) -> dict[float, float]:
    """Return the difference quotient of one entry for each step size, the file's own too, in a
    dtype.
    """
    decision = judged.decision
    fit = decision.fit or decision.fits[0]
    values = np.asarray(decision.model.base.before[entry.weight], dtype=np.float64)
    quotients = {}
    for h in sorted({*CURVE, *filter(None, [own])}, reverse=True):
        up, down = (
            float(np.dtype(dtype).type(
                _compute_loss(decision.model, fit, entry.weight, values, entry.index, move)
            ))
            for move in (h, -h)
        )  # fmt: skip
        quotients[h] = entry.unit * (up - down) / (2 * h)
    return quotients


def _compare_entries(
    model: Model, fit: Fit, weight: str, unit: float, may_pull: bool
) -> Iterator[Quotient]:
    """Yield the gradient of some entries of a weight beside quotients of two step sizes, with their
    errors of truncation and of rounding.
    """
    values = np.asarray(model.base.before[weight], dtype=np.float64)
    is_pulled = may_pull and weight in fit.pulled and not fit.wrong
    pull = fit.pull(values) if is_pulled else 0.0
    gradients = -(model.base.after[weight] - values + pull) / fit.common_rate * unit
    h = H * (float(np.abs(values).max()) or 0.1)
    for index in _choose_entries(gradients):
        losses = {
            n: unit * _compute_loss(model, fit, weight, values, index, n * h)
            for m in (1, 2, *FAR)
            for n in (-m, m)
        }
        near, double, *far = ((losses[n] - losses[-n]) / (2 * n * h) for n in (1, 2, *FAR))
        loss = max(abs(losses[1]), abs(losses[-1]))
        third = abs(far[1] - far[0]) / ((FAR[1] ** 2 - FAR[0] ** 2) * h * h)
        errors = abs(double - near) / 3, ROUNDOFF["float64"] * loss / h
        about = weight, values.shape, index, float(gradients[index]), near, h
        yield Quotient(*about, *errors, loss, third, _spread_rates(fit), unit)


def _spread_rates(fit: Fit) -> float:
    """Return by how much the rates differ of the weights that move at one rate, relative to it."""
    rates = [rate for weight in fit.list_agreeing() if (rate := fit.rates[weight])]
    return (max(rates) - min(rates)) / max(rates) if rates else 0.0


def _choose_entries(gradients: Array) -> list[tuple[int, ...]]:
    order = np.argsort(-np.abs(gradients), axis=None, kind="stable")
    rest = np.random.default_rng(0).permutation(order[ENTRIES // 2 :])
    chosen = [*order[: ENTRIES // 2], *rest[: ENTRIES // 2]]
    return [tuple(map(int, np.unravel_index(i, gradients.shape))) for i in chosen]


def _compute_loss(
    model: Model, fit: Fit, weight: str, values: Array, index: tuple[int, ...], move: float
) -> float:
    moved = values.copy()
    moved[index] += move
    return fit.function(model.read({weight: moved}, fit.events))
