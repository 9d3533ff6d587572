"""Finds the gradient of a weight among the values of a step, where the step itself is another.

Adam, momentum or clipping make other steps of right gradients.
"""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.fit import are_same
from trainer.checker.judge.influence import Model
from trainer.checker.judge.slopes import CLOSE, Direction


def find_factor(
    model: Model,
    found: list[Direction],
    slopes: Array,
    errors: Array,
    known: float | None = None,
) -> float | None:
    """Return the factor between the slopes along directions of one weight and some value of the
    step; None where no value of its size is a multiple of them.

    A number is a multiple of any other: known is the factor that it must have, None for any.
    """
    shape = found[0].vector.shape
    size = float(slopes @ slopes)
    if not size:
        return None
    for i in sorted(model.after_targets):
        for values in _arrange(model.base.events[i][2], shape):
            along = np.array([float((values * d.vector).sum()) for d in found])
            factor = float(along @ slopes) / size
            rest = np.abs(along - factor * slopes) - 2 * abs(factor) * errors
            is_known = known is None or are_same(factor, known)
            if factor and is_known and rest.max() <= CLOSE * np.abs(along).max():
                return factor
    return None


def _arrange(values: Array, shape: tuple[int, ...]) -> list[Array]:
    """Return a value in the shape of a weight, turned too; [] where it has another size."""
    if values.dtype.kind != "f" or values.size != int(np.prod(shape)):
        return []
    turned = [values.T] if values.T.shape == shape and values.shape != shape else []
    return [*turned, values.reshape(shape)]
