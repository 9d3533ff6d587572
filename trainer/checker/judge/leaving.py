"""Names the weights that a step leaves as they are, though it should move them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.derivatives import MOST_ELEMENTS, arrange, differentiate, find_factor
from trainer.checker.judge.descent import computes_gradient, depends_on
from trainer.checker.judge.events import read_events
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model, find_dependents
from trainer.checker.judge.layering import is_added, name_event
from trainer.checker.judge.moving import leave, move
from trainer.checker.judge.properties import is_named_as_bias, is_named_as_weight, is_zero_bias

FAR = 0.5  # how far an array is moved, relative to its largest element
ROUNDING = 1e-9  # of an array that stays as it is
DRAWN = 6  # decimals of a number that somebody may have written down
TRIED = 8  # elements of an array that are moved alone


def list_left(model: Model, fit: Fit) -> list[str]:
    """Return the weights that a step leaves as they are, beside others, though the loss depends on
    them: equally many samples of each class may leave it as it is.
    """
    after = model.base.after
    numbers = [path for path in model.base.before if _is_drawn_bias(model, path)]
    kept = [p for p in dict.fromkeys([*model.inputs, *numbers])
            if p in after and after[p].shape == model.get_value(p).shape]  # fmt: skip
    idle = {_find_index(path) for path in kept if _is_identity(model.get_value(path))}
    back = WayBack(model, fit)
    drawn = [path for path in numbers if back.is_added(path)]
    return [path for path in kept if _find_index(path) not in idle
            and (path in drawn or _should_move(model, fit, path, back))
            and depends_on(model, fit, path) and _stays(model, path)]  # fmt: skip


def _is_drawn_bias(model: Model, path: str) -> bool:
    """Return whether a leaf is one number that was drawn, which nobody writes down, for a bias."""
    value = model.get_value(path)
    is_number = value.dtype.kind == "f" and not value.ndim
    return is_number and value != np.round(value, DRAWN) and is_named_as_bias(path)


def _find_index(path: str) -> str:
    """Return the place of an array in a list or a table, or else its name."""
    return path[path.rfind("[") :] if path.endswith("]") else path


def _is_identity(values: Array) -> bool:
    """Return whether a matrix passes on what it is given: that of an input layer stays so."""
    return values.ndim == 2 and np.array_equal(values, np.eye(*values.shape))


def _stays(model: Model, path: str) -> bool:
    """Return whether a step leaves an array as it is with other values too: a bias of 0 may lie on
    a kink.
    """
    other = leave(model.get_value(path), FAR)
    after = model.run({path: other}, "full").after.get(path, np.nan)
    return np.shape(after) == other.shape and bool(np.abs(after - other).max() <= ROUNDING)


def _should_move(model: Model, fit: Fit, path: str, back: "WayBack") -> bool:
    """Return whether an array is a weight by its name, a bias of zeros, one whose gradient or that
    of whose sums is computed, or a weight to which the step goes back for nothing.
    """
    if is_named_as_weight(model, path) or is_zero_bias(model, path):
        return True
    shape = model.get_value(path).shape
    if is_named_as_bias(path) and (len(shape) < 2 or min(shape) == 1):
        # of one number any derivative is a multiple
        is_computed = shape != () and computes_gradient(model, fit, path)
        return back.goes_back_to_bias(path) or is_computed
    return len(shape) == 2 and min(shape) > 1 and back.goes_back_to(path)


class WayBack:
    """The derivatives of a loss that a step computes, and those that it uses for nothing."""

    def __init__(self, model: Model, fit: Fit):
        self._model, self._fit = model, fit
        self._later: dict[str, frozenset[int]] = {}

    def goes_back_to(self, path: str) -> bool:
        """Return whether one of them is that by a sum of an array, which all samples share, and of
        data: the derivative by data alone, which the first layer returns, has no use.
        """
        inputs = {p: self._model.get_value(p) for p in self._model.inputs}
        others = [p for p, v in inputs.items() if v.ndim and not np.array_equal(v, inputs[path])]
        sums = frozenset().union(*map(self._find_later, others)) & self._find_later(path)
        arrays = self._list_arrays(sums - self._model.after_targets)
        return self._is_shared(path) and any(self._has_derivative(i, self._unused) for i in arrays)

    def goes_back_to_bias(self, path: str) -> bool:
        """Return whether the step computes the derivative by the sums to which different numbers
        are added, the same for each sample: features that were drawn stay as they are.
        """
        values, events = self._model.get_value(path), self._model.base.events
        first = min((i for i in self._find_later(path) if events[i][0] >= 0), default=-1)
        is_shared = first >= 0 and events[first][2].size > values.size
        if not (is_shared and len(np.unique(values)) > 1 and is_added(self._model, path, first)):
            return False
        back = [events[i][2] for i in self._list_arrays(self._model.after_targets)]
        return events[first][2].size <= MOST_ELEMENTS and self._has_derivative(first, back)

    def is_added(self, path: str) -> bool:
        """Return whether a leaf is added to what weights give: features are multiplied by these."""
        first = min(self._find_later(path) & self._model.weighted, default=-1)
        return first >= 0 and is_added(self._model, path, first)

    def _find_later(self, path: str) -> frozenset[int]:
        """Return the events that depend on an array."""
        if path not in self._later:
            moved = {path: move(self._model.get_value(path))}
            self._later[path] = find_dependents(self._model, moved) or frozenset()
        return self._later[path]

    def _is_shared(self, path: str) -> bool:
        """Return whether elements of different rows and columns change the same outputs, as those
        of weights do: those of samples change other ones.
        """
        values, before = self._model.get_value(path), self._read_outputs({})
        if before is None:
            return False
        changed = np.zeros(before.shape)
        for i in range(min(*values.shape, TRIED)):
            moved = np.array(values, dtype=np.float64)
            moved[i, i] += FAR
            after = self._read_outputs({path: moved})
            if after is None or after.shape != before.shape:
                return False
            changed += before != after
        return bool((changed > 1).any())

    def _read_outputs(self, edits: Mapping[str, Any]) -> Array | None:
        last = self._model.outputs[-1]
        return read_events(self._model.read(edits, last), last)

    @cached_property
    def _unused(self) -> list[Array]:
        """The arrays after the targets on which nothing depends that the step leaves."""
        found = self._list_arrays(self._model.after_targets)
        return [self._model.base.events[i][2] for i in found if not self._matters(i)]

    def _list_arrays(self, events: Iterable[int]) -> Iterator[int]:
        """Yield the events that are arrays by which a loss can be differentiated, and which a run
        can replace: an element of a list is none.
        """
        for i in sorted(events):
            site, path, value = self._model.base.events[i]
            is_array = value.dtype.kind == "f" and 1 < value.size <= MOST_ELEMENTS
            if is_array and site >= 0 and not path:
                yield i

    def _matters(self, event: int) -> bool:
        """Return whether what the step leaves depends on an event."""
        events = self._model.base.events
        found = find_dependents(self._model, {name_event(event): move(events[event][2])})
        return found is None or any(events[i][0] < 0 for i in found)

    def _has_derivative(self, event: int, among: list[Array]) -> bool:
        """Return whether the derivative by a value is among some arrays."""
        size = self._model.base.events[event][2].size
        values = [value for value in among if value.size == size]
        if not values:
            return False
        expected = differentiate(self._model, self._fit, name_event(event))
        turned = (each for value in values for each in arrange(value, expected.shape))
        return any(find_factor(each, expected) for each in turned)
