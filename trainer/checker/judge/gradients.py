"""Finds the gradient of a weight among the values of a step, where the step itself is another.

Adam, momentum or clipping make other steps of right gradients.
"""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.fit import are_same
from trainer.checker.judge.influence import Model
from trainer.checker.judge.slopes import CLOSE, UNSETTLED, Direction


def find_factor(
    model: Model,
    found: list[Direction],
    slopes: Array,
    errors: Array,
    known: float | None = None,
) -> float | None:
    """Return the factor between the slopes along directions of one weight and some value of the
    step; None where no value of its size is a multiple of them, or they are mere rounding.

    A number is a multiple of any other: known is the factor that it must have, None for any.
    """
    possible = (factor for _, factor in _list_multiples(model, found, slopes, errors))
    return next((f for f in possible if known is None or are_same(f, known)), None)


def find_gradient(
    model: Model, found: list[Direction], slopes: Array, errors: Array
) -> Array | None:
    """Return the gradient of a weight whose slopes are these, which some value of the step is but
    for a factor, None where none is.
    """
    for number, factor in _list_multiples(model, found, slopes, errors):
        return _list_values(model, found[0].vector.shape)[number] / factor
    return None


def _list_multiples(
    model: Model, found: list[Direction], slopes: Array, errors: Array
) -> list[tuple[int, float]]:
    """Return which values of the step are multiples of slopes, and their factors."""
    size = float(slopes @ slopes)
    along = _measure_along(model, found)
    is_settled = errors.max() <= UNSETTLED * np.abs(slopes).max()
    if not size or not is_settled or not len(along):
        return []
    factors = along @ slopes / size
    rest = np.abs(along - factors[:, None] * slopes) - 2 * np.abs(factors)[:, None] * errors
    is_multiple = rest.max(axis=1) <= CLOSE * np.abs(along).max(axis=1)
    return [(int(i), float(factors[i])) for i in np.flatnonzero(is_multiple & (factors != 0))]


def find_penalised(model: Model, found: list[Direction], slopes: Array, decay: Array) -> bool:
    """Return whether some value is a multiple of the slopes along directions of a weight, and of
    how far the weight itself lies along them.
    """
    along = _measure_along(model, found)
    if len(found) < 3 or not len(along):
        return False
    columns = np.stack([slopes, decay], axis=1)
    solution, *_ = np.linalg.lstsq(columns, along.T, rcond=None)
    rest = np.abs(columns @ solution - along.T).max(axis=0)
    return bool((rest <= 1e-3 * np.abs(along).max(axis=1)).any())


def _measure_along(model: Model, found: list[Direction]) -> Array:
    """Return how far each value that may be the gradient of a weight lies along its directions."""
    key = found[0].weight, len(found)
    if key not in model.along:
        vectors = np.array([each.vector.reshape(-1) for each in found])
        values = _list_values(model, found[0].vector.shape)
        rows = [vectors @ each.reshape(-1) for each in values]
        model.along[key] = np.array(rows).reshape(-1, len(found))
    return model.along[key]


def _list_values(model: Model, shape: tuple[int, ...]) -> list[Array]:
    """Return what depends on the targets, as far as it has the size of a weight, in its shape."""
    events = (model.base.events[i][2] for i in sorted(model.after_targets))
    return [each for event in events for each in _arrange(event, shape)]


def _arrange(values: Array, shape: tuple[int, ...]) -> list[Array]:
    """Return a value in the shape of a weight, turned too; [] where it has another size."""
    if values.dtype.kind != "f" or values.size != int(np.prod(shape)):
        return []
    turned = [values.T] if values.T.shape == shape and values.shape != shape else []
    return [*turned, values.reshape(shape)]
