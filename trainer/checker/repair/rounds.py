"""Lists what a line of a loop may have been meant to compute, in all its rounds together."""

from collections.abc import Iterator
from itertools import combinations, product

from trainer.book.functions import Array
from trainer.checker.find.trace import EVENT
from trainer.checker.judge.derivatives import (
    Derivative,
    Derivatives,
    arrange,
    find_slope,
    list_forward,
)
from trainer.checker.judge.influence import Model
from trainer.checker.repair.scoring import Edits

Shape = tuple[int, ...]


class Rounds:
    """The values that the events of one place may have been meant to have."""

    def __init__(self, model: Model, derivatives: Derivatives):
        self._model, self._derivatives = model, derivatives
        self._slopes: dict[tuple[int, int], Derivative | None] = {}  # of one event by another

    def list_values(self, events: list[int]) -> Iterator[Edits]:
        """Yield what the events of a place may have been meant to be, all together: derivatives by
        the values of one place on the way forward, or of one such place by another, each by that of
        its own round.
        """
        wanted = self._group(events)
        if len(events) < 2 or () in wanted:
            return
        is_slope = events[0] not in self._model.after_targets
        chosen = combinations(self._list_places(wanted), 1 + is_slope)
        for places, order in product(chosen, (1, -1)):  # a loop back meets layers the other way
            made = [
                (event, self._find_value(event, *there))
                for shape, own in wanted.items()
                for event, *there in zip(own[::order], *(g[shape] for g in places), strict=True)
            ]
            if all(value is not None for _, value in made):
                yield {f"{EVENT}{event}": value for event, value in made}

    def _list_places(self, wanted: dict[Shape, list[int]]) -> list[dict[Shape, list[int]]]:
        """Return the events of each place on the way forward that has as many of each shape."""
        sites: dict[int, list[int]] = {}
        for i in list_forward(self._model, is_whole=True):
            sites.setdefault(self._model.base.events[i][0], []).append(i)
        counts = {shape: len(found) for shape, found in wanted.items()}
        every = map(self._group, sites.values())
        return [g for g in every if all(len(g.get(s, ())) == n for s, n in counts.items())]

    def _group(self, events: list[int]) -> dict[Shape, list[int]]:
        """Return events by the shapes of their values."""
        groups: dict[Shape, list[int]] = {}
        for i in events:
            groups.setdefault(self._model.base.events[i][2].shape, []).append(i)
        return groups

    def _find_value(self, event: int, by: int, of: int | None = None) -> Array | None:
        """Return the derivative of the loss, or of a value, by another, None for none."""
        path, shape = f"{EVENT}{by}", self._model.base.events[event][2].shape
        if of is None:
            found = self._derivatives.find(path)
        else:
            if (by, of) not in self._slopes:
                self._slopes[by, of] = find_slope(self._model, path, of) if by < of else None
            found = self._slopes[by, of]
        return next(arrange(found.value, shape), None) if found else None
