"""The records of each image that prove that its class has not changed; see accuracy.py."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation
from trainer.training.lazy import blocks, movement
from trainer.training.lazy.blocks import Block, Sets, take_rows
from trainer.training.lazy.movement import SLACK, UNIT, SplitWeights, gamma

BASIS = 64  # K
ANCHORS = 8
EVALUATION_COST = 8  # in projections
MOST_GATHERED = 0.7  # of the images: above, projecting all in a row is faster than gathering some
MOST_EVALUATED = 0.4  # of the images: above, evaluating all is faster
MOST_TIES = 0.02  # of the images near a tie: above, evaluating all is faster

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class _Evaluation:
    """The weights of an evaluation, the place of its anchor, and bounds of rounding errors."""

    weights: SplitWeights
    place: int
    a1: float  # of two evaluations of the same a1, divided by the image's own _rounding
    sigma: float  # of two evaluations of σ, in addition
    projected: float  # of a projected a1, divided by ‖x̂‖, in addition
    output: float  # of a lead, in addition


class Records:
    """The records of all images; update_classes proves or evaluates their classes in place.

    classes (N of all,) is read and written. map: Python's, or one that uses several threads.
    """

    def __init__(
        self, sets: Sets, classes: Array, params: dict[str, Array], activation: Activation, map: Map
    ):
        self._sets, self.classes, self._activation, self._map = sets, classes, activation, map
        x, (inputs, hidden) = sets[0][0], params["W1"].shape
        self._outputs = len(params["b2"])
        self._unit = float(np.finfo(x.dtype).eps / 2)
        self._basis = blocks.find_principal_directions(x, min(BASIS, inputs))
        n, self._k = len(classes), self._basis.shape[1] + 1
        self._record = np.ones((n, self._k + hidden), np.float32)  # c, 1, R W1
        self._x_norm = np.empty(n, np.float32)  # ‖x̂‖
        self._rest_norm = np.empty(n, np.float32)  # ‖R‖
        self._rounding = np.empty(n, np.float32)  # γ ‖x̂‖ of two evaluations
        list(self._map(self._measure, blocks.split_images(sets, np.arange(n))))  # map is lazy
        self._largest = float(self._x_norm.max())
        self._worst = (self._rounding / self._x_norm).max()  # γ of the image with most pixels on
        self._proved_lead = np.empty(n, np.float32)
        self._proved_at = np.zeros(n, np.intp)  # place of the anchor · C + class
        self._recorded_at = np.zeros(n, np.intp)  # place of the anchor from which R W1 has moved …
        self._moved_before = np.empty(n, np.float32)  # … in addition to this movement
        self._anchors = movement.Anchors(ANCHORS, SplitWeights(params, self._basis, activation))
        self._size = self._output_terms = 0.0  # the largest bounds since there are records
        self.is_empty = True

    def _measure(self, block: Block) -> None:
        """Record what depends on the images alone."""
        x, rows, j = block
        x = take_rows(x, rows).astype(np.float64)
        self._record[j, : self._k - 1] = x @ self._basis
        along = self._record[j, : self._k - 1].astype(np.float64)  # c, rounded to float32
        square = np.einsum("nd,nd->n", x, x)
        self._x_norm[j] = np.sqrt(square + 1)
        rest = square * (1 + 4 * UNIT) - np.einsum("nk,nk->n", along, along)
        self._rest_norm[j] = np.sqrt(np.maximum(rest, 0))
        self._rounding[j] = 2 * gamma(np.count_nonzero(x, axis=1) + 3, self._unit) * self._x_norm[j]

    def update_classes(self, params: dict[str, Array]) -> tuple[Array, Array] | None:
        """Bring the classes up to date, except those of images too near a tie.

        Returns the images that were evaluated, and those too near a tie; or None if evaluating
        all is faster. Then the records are empty, and the next call evaluates every image.
        """
        now = self._begin(SplitWeights(params, self._basis, self._activation))
        left = np.arange(len(self.classes)) if self.is_empty else self._find_unproved(now)
        near = None if left is None else self._evaluate(left, now)
        self.is_empty = near is None
        return None if near is None or left is None else (left, self._settle_ties(near, now))

    def _begin(self, weights: SplitWeights) -> _Evaluation:
        """Return the evaluation of these weights."""
        if self.is_empty:
            self._anchors.used[:] = False
            self._size = self._output_terms = 0.0
        self._size = max(self._size, weights.size)
        self._output_terms = max(self._output_terms, weights.bound_output_terms(self._largest))
        width = len(weights.b1)
        root = 32 * np.sqrt(width) if weights.is_sigmoid else 0.0  # 8 u of each z1, before λ = ¼
        output = 4 * gamma(width + 8, self._unit) + 2 * gamma(width + 8, UNIT)
        return _Evaluation(
            weights,
            self._choose_place(),
            a1=SLACK * self._size,
            sigma=SLACK * 2 * root * self._unit,
            projected=SLACK * (4 * gamma(self._k + 8, UNIT) * self._size + root * UNIT),
            output=SLACK * output * self._output_terms,
        )

    def _choose_place(self) -> int:
        """Return an unused anchor's place, or that of the anchor that the fewest records use."""
        if not self._anchors.used.all():
            return int(self._anchors.used.argmin())
        cost = np.bincount(self._recorded_at, minlength=ANCHORS) * EVALUATION_COST
        proved = np.bincount(self._proved_at, minlength=ANCHORS * self._outputs)
        return int((cost + proved.reshape(ANCHORS, -1).sum(axis=1)).argmin())

    def _find_unproved(self, now: _Evaluation) -> Array | None:
        """Return the images whose class is not proved; None if they are too many."""
        rest, full = self._anchors.bound_hidden(now.weights, self._size)
        lost = self._bound_lost_lead(full, now)
        if self._anchors.used[now.place]:  # the images of the old anchor get the new one
            # where= is several times faster than indexing by a mask.
            theirs = np.repeat(np.arange(ANCHORS) == now.place, self._outputs).take(self._proved_at)
            np.subtract(self._proved_lead, lost, out=self._proved_lead, where=theirs)
            theirs, moved = self._recorded_at == now.place, np.float32(rest[now.place])
            np.add(self._moved_before, moved, out=self._moved_before, where=theirs)
        rest[now.place] = 0
        self._anchors.store(now.place, now.weights)
        return self._project(np.flatnonzero(~(self._proved_lead > lost)), rest, now)

    def _bound_lost_lead(self, full: Array, now: _Evaluation) -> Array:
        """Return how much of its lead each image (N,) can have lost since it was proved."""
        p, q = self._anchors.bound_output(now.weights, self._size)  # (ANCHORS, C)
        rounding = now.a1 * self._worst + now.sigma + now.projected
        p += (full[:, None] + rounding) * now.weights.rate
        q += now.output
        lost = p.astype(np.float32).ravel().take(self._proved_at)
        lost *= self._x_norm
        lost += q.astype(np.float32).ravel().take(self._proved_at)
        return lost

    def _project(self, images: Array, rest: Array, now: _Evaluation) -> Array | None:
        """Return the images whose class the projection cannot prove; None if they are too many."""
        n = len(self.classes)
        if len(images) > MOST_GATHERED * n:
            images = np.arange(n)
        weights = now.weights
        W2 = np.ascontiguousarray(weights.W2.T, np.float32)  # (C, H)
        b2 = weights.b2.astype(np.float32)[:, None]

        def find_unproved(j: Array) -> Array:
            record = take_rows(self._record, j)
            a1 = record[:, : self._k] @ weights.along
            a1 += record[:, self._k :]
            a2 = W2 @ movement.activate(a1, weights.is_sigmoid).T  # (C, n)
            a2 += b2
            moved = rest.take(take_rows(self._recorded_at, j)) + take_rows(self._moved_before, j)
            moved *= take_rows(self._rest_norm, j)
            moved += now.projected * take_rows(self._x_norm, j)
            return self._prove(j, a2, take_rows(self.classes, j), moved, now)

        found = self._map(find_unproved, blocks.split_numbers(images))
        left = np.concatenate([images[:0], *found])
        return left if len(left) <= MOST_EVALUATED * n else None

    def _prove(self, j: Array, a2: Array, y: Array, off: Array | float, now: _Evaluation) -> Array:
        """Record the least lead of class y in a2 (C, n) of images j whose a1 may be off by off.

        Returns those whose least lead is not positive.
        """
        doubt = now.a1 * take_rows(self._rounding, j) + (off + now.sigma)
        doubt *= now.weights.rate.take(y)
        doubt += now.output
        least = movement.compute_lead(a2, y) - doubt
        self._proved_lead[j] = least
        self._proved_at[j] = now.place * self._outputs + y
        return j[~(least > 0)]

    def _evaluate(self, images: Array, now: _Evaluation) -> Array | None:
        """Evaluate these images; return those near a tie, or None if they are too many."""
        weights = now.weights
        self._anchors.store(now.place, weights)

        def find_ties(block: Block) -> Array:
            x, rows, j = block
            a1 = take_rows(x, rows) @ weights.W1
            a1 += weights.b1
            self._record[j, self._k :] = (
                a1 - take_rows(self._record, j)[:, : self._k] @ weights.along
            )
            a2 = weights.W2.T @ movement.activate(a1, weights.is_sigmoid).T  # (C, n)
            a2 += weights.b2[:, None]
            self.classes[j] = y = a2.argmax(axis=0)
            self._recorded_at[j], self._moved_before[j] = now.place, 0
            return self._prove(j, a2, y, 0.0, now)

        found = self._map(find_ties, blocks.split_images(self._sets, images))
        ties = np.concatenate([images[:0], *found])
        return ties if len(ties) <= MOST_TIES * len(self.classes) else None

    def _settle_ties(self, near: Array, now: _Evaluation) -> Array:
        """Classify the images near a tie; return those that their own terms do not decide."""
        unsure = [near[:0]]
        for x, rows, j in blocks.split_images(self._sets, near):
            self.classes[j], least = movement.bound_lead(x[rows], now.weights, self._unit)
            unsure.append(j[~(least > 0)])
        return np.concatenate(unsure)
