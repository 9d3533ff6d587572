"""Finds errors of each sample beside the target of every other: (N,) less (N, 1) is (N, N)."""

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.influence import Model

LEAST = 3  # samples
CLOSE = 1e-9  # relative, of what rounding leaves


def find_spread(model: Model) -> int | None:
    """Return the first value that is an output of each sample less the target of every sample, None
    for none.
    """
    data = [np.ravel(model.get_value(path)) for path in [*model.targets, *model.inputs]]
    wanted = [i for i, (site, _, value) in enumerate(model.base.events)
              if site >= 0 and _is_square(value) and _depends_on_all(model, i)]  # fmt: skip
    found = (i for i in wanted if _is_spread(model.base.events[i][2], data))
    return next(found, None)


def _is_square(value: Array) -> bool:
    is_matrix = value.ndim == 2 and value.shape[0] == value.shape[1] >= LEAST
    return is_matrix and value.dtype.kind == "f"


def _depends_on_all(model: Model, event: int) -> bool:
    return all(event in model.depends[weight] for weight in model.weights)


def _is_spread(values: Array, data: list[Array]) -> bool:
    """Return whether values are the sums of one number of each column and one of each row, which
    are some data with the other sign.
    """
    size, mean = np.abs(values).max(), values.mean()
    rows, columns = values.mean(axis=1) - mean, values.mean(axis=0) - mean
    rest = np.abs(values - mean - rows[:, None] - columns).max()
    if not rest <= CLOSE * size or not min(np.ptp(rows), np.ptp(columns)) > CLOSE * size:
        return False
    targets = [each - each.mean() for each in data if each.size == len(rows)]
    pairs = ((part, t) for part in (rows, columns) for t in targets)
    return any(np.abs(part + t).max() <= CLOSE * size for part, t in pairs)
