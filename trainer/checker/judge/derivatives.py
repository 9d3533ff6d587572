"""Computes what the values on a net's way back should be: derivatives of its own loss."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model

MOST_ELEMENTS = 400  # of a value by which the loss is differentiated
MOST_SEEN = 700_000  # values that are seen while the loss is differentiated
H = 1e-5  # of the largest element
CLOSE = 1e-5  # relative, of values that are the same


@dataclass
class Derivative:
    """The derivative of the loss by a value of the step; path is that of a leaf or of an event."""

    path: str
    value: Array


class Derivatives:
    """The derivatives of a loss by all weights and by the values on the way to it.

    Each is computed when it is first asked for, and those by values as long as these are not too
    many numbers: what the weights need is always known.
    """

    def __init__(self, model: Model, fit: Fit):
        self._model, self._fit = model, fit
        self._paths = [*model.weights, *(f"{EVENT}{i}" for i in list_forward(model))]
        self._known: dict[str, Derivative] = {}
        self._left = MOST_SEEN // (2 * len(model.base.events))  # elements
        self.is_partial = False  # whether some were too many numbers

    def list_of_size(self, size: int) -> list[Derivative]:
        """Return those by values of so many elements, each value once."""
        paths = (path for path in self._paths if np.size(self._model.get_value(path)) == size)
        distinct: list[Derivative] = []
        for each in filter(None, map(self.find, paths)):
            is_new = not any(is_close(other.value, each.value) for other in distinct)
            distinct += [each] if is_new and each.value.any() else []
        return distinct

    def list_like(self, value: Array) -> Iterator[tuple[str, Array]]:
        """Yield those by values of a value's size, in its shape, and their paths."""
        for each in self.list_of_size(value.size):
            for expected in arrange(each.value, value.shape):
                yield each.path, expected

    def list_rows(self) -> list[Derivative]:
        """Return those by values that have one number for each column or row."""
        shapes = {np.shape(self._model.get_value(path)) for path in self._paths}
        sizes = {max(shape) for shape in shapes if shape and max(shape) == np.prod(shape) > 1}
        found = [each for size in sorted(sizes) for each in self.list_of_size(size)]
        return [each for each in found if each.value.size == max(each.value.shape)]

    def find(self, path: str) -> Derivative | None:
        """Return the derivative by one value, None where it is not computed or not finite."""
        size = np.size(self._model.get_value(path))
        most = self._left if path[0] == EVENT else MOST_ELEMENTS
        if path not in self._known and size > most:
            self.is_partial |= path[0] == EVENT
            return None
        if path not in self._known:
            self._left -= size * (path[0] == EVENT)
            self._known[path] = Derivative(path, differentiate(self._model, self._fit, path))
        found = self._known[path]
        return found if np.isfinite(found.value).all() else None


def is_close(a: Array, b: Array) -> bool:
    """Return whether two values are the same within what differences of a loss allow."""
    if a.shape != b.shape:
        return False
    return float(np.abs(a - b).max()) <= CLOSE * float(np.abs(b).max())


def find_factor(value: Array, expected: Array) -> float:
    """Return how many times an expected value a value is, 0 where it is no multiple."""
    factor = float((value * expected).sum()) / (float((expected * expected).sum()) or 1.0)
    return factor if factor and is_close(factor * expected, value) else 0.0


def list_forward(model: Model, is_whole: bool = False, most: float = MOST_ELEMENTS) -> list[int]:
    """Return the events of so many real numbers that depend on weights or inputs, and on no
    targets, before the first that depends on targets and weights, or all: those of each sample of
    a loop.
    """
    weighted = model.weighted
    end = min(model.after_targets & weighted, default=len(model.base.events))
    events = model.base.events
    return [
        i for i in sorted(weighted - model.after_targets)
        if (i < end or is_whole) and events[i][0] >= 0 and events[i][2].dtype.kind == "f"
        and events[i][2].size <= most
    ]  # fmt: skip


def differentiate_along(
    model: Model, fit: Fit, path: str, vectors: Iterable[Array], beside: Mapping[str, Array] = {}
) -> Array:
    """Return the derivatives of the loss of a fit by one value along some directions, by central
    differences, beside other values in the places of the step's own.
    """
    values = np.asarray(model.get_value(path), dtype=np.float64)
    h = _choose_width(values)
    found = []
    for vector in vectors:
        edits = ({**beside, path: values + sign * h * vector} for sign in (1, -1))
        runs = [model.read(each, fit.events) for each in edits]
        with np.errstate(all="ignore"):  # moved outputs may be no probabilities any more
            above, below = (fit.function(run) for run in runs)
        found.append((above - below) / (2 * h))
    return np.array(found)


def differentiate(model: Model, fit: Fit, path: str, beside: Mapping[str, Array] = {}) -> Array:
    """Return the derivative by each element, as differentiate_along does."""
    shape = np.shape(model.get_value(path))
    size = int(np.prod(shape))
    elements = (row.reshape(shape) for row in np.eye(size))
    return differentiate_along(model, fit, path, elements, beside).reshape(shape)


def _choose_width(values: Array) -> float:
    return H * (float(np.abs(values).max()) or 0.1)


def list_slopes(model: Model, size: int) -> list[Derivative]:
    """Return the derivatives of values of so many elements by earlier ones and by weights of their
    shape, element by element.
    """
    forward = [i for i in list_forward(model) if model.base.events[i][2].size == size]
    weights = [weight for weight in model.weights if np.size(model.base.before[weight]) == size]
    paths = [(-1, weight) for weight in weights] + [(i, f"{EVENT}{i}") for i in forward]
    return [
        each for i, path in paths
        for each in _list_slopes_by(model, path, [j for j in forward if j > i])
    ]  # fmt: skip


def find_slope(
    model: Model, path: str, later: int, value: Array | None = None
) -> Derivative | None:
    """Return the derivative of a later value by one, or where that is another; None where it is
    not one by elements.
    """
    return next(_list_slopes_by(model, path, [later], value), None)


def _list_slopes_by(
    model: Model, path: str, later: list[int], value: Array | None = None
) -> Iterator[Derivative]:
    """Yield the derivative by one value of those later ones that depend on it by elements."""
    value = np.asarray(model.get_value(path) if value is None else value, dtype=np.float64)
    later = [j for j in later if model.base.events[j][2].shape == value.shape]
    if not later or value.size > MOST_ELEMENTS:
        return
    h = _choose_width(value)
    signs = [np.ones(value.shape), np.random.default_rng(0).choice([-1.0, 1.0], value.shape)]
    runs = [[_read(model, path, value + s * h * sign, later) for s in (1, -1)] for sign in signs]
    for j in later:
        if not all(j in run and run[j].shape == value.shape for pair in runs for run in pair):
            continue
        by_all, by_signs = (
            (up[j] - down[j]) / (2 * h * sign) for (up, down), sign in zip(runs, signs, strict=True)
        )
        if np.allclose(by_all, by_signs, rtol=1e-4, atol=1e-7) and not np.allclose(by_all, 1):
            yield Derivative(f"{EVENT}{j}", by_all)


def _read(model: Model, path: str, value: Array, events: list[int]) -> dict[int, Array]:
    """Return the values of some events, in their order, in a run in which a value is replaced."""
    base = model.base.events
    other = model.run({path: value}, tuple(events)).events
    pairs = zip(events, other, strict=False)
    return {k: event[2] for k, event in pairs if event[:2] == base[k][:2]}


def arrange(values: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield values in a shape of their size, turned too."""
    if values.shape == shape:
        yield values
    elif values.size == int(np.prod(shape)):
        yield values.reshape(shape)
    if values.ndim == 2 and values.T.shape == shape and 1 not in shape:
        yield values.T
