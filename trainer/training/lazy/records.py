"""What is kept of each image to prove that its class has not changed: see accuracy.py."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.training.lazy.movement import (
    SLACK,
    UNIT,
    Anchors,
    Weights,
    activate,
    gamma,
    lead,
    sure_lead,
)

BASIS = 64  # K
ANCHORS = 8
BLOCK = 2048  # images at a time, so that what is made of them stays in the cache
WORTH = 8  # an evaluation, in projections
WHOLE = 0.7  # of the images to project: with more, all in a row are faster than those gathered
PAYS = 0.4  # of the images to evaluate: with more, evaluating all is faster
TIES = 0.02  # of the images near a tie: with more, likewise
SAMPLE = 5000  # images that tell the basis

Block = tuple[Array, int, Array]  # x of a set, the number of its first image, some numbers
Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class _Today:
    """An evaluation: its weights, the place of its anchor, and how far rounding goes."""

    weights: Weights
    place: int
    a1: float  # times an image's own figure: how far two evaluations of the same a1 can be apart
    sigma: float  # how much more two evaluations of its σ can be
    projected: float  # times ‖x̂‖: how far a projected a1 is off, besides
    output: float  # how far a lead is, besides


class Records:
    """The records of all images, by which renew proves or evaluates their classes in place.

    images: x (N, D) of each set; ranges: where each is in classes (N of all,); map as Python's
    own, or one that calls on several threads.
    """

    def __init__(
        self,
        images: Sequence[Array],
        ranges: Sequence[slice],
        classes: Array,
        params: dict[str, Array],
        activation: str,
        map: Map,
    ):
        self._sets = list(zip(images, ranges, strict=True))
        self.classes, self._activation, self._map = classes, activation, map
        inputs, hidden = params["W1"].shape
        self._outputs = len(params["b2"])
        self._unit = float(np.finfo(images[0].dtype).eps / 2)
        self._basis = principal_directions(images[0], min(BASIS, inputs))
        n, self._k = len(classes), self._basis.shape[1] + 1
        self._record = np.ones((n, self._k + hidden), np.float32)  # c, 1, R W1
        self._x_norm = np.empty(n, np.float32)  # ‖x̂‖
        self._rest_norm = np.empty(n, np.float32)  # ‖R‖
        self._rounding = np.empty(n, np.float32)  # γ ‖x̂‖ of two evaluations
        self._consume(self._measure, self._blocks(np.arange(n)))
        self._largest = float(self._x_norm.max())
        self._worst = (self._rounding / self._x_norm).max()  # γ of the image with most pixels on
        self._spare = np.empty(n, np.float32)  # the lead that was proved
        self._seen = np.zeros(n, np.intp)  # when: anchor · C + class
        self._anchor = np.zeros(n, np.intp)  # when R W1 was recorded …
        self._base = np.empty(n, np.float32)  # … but for this much movement before
        self._anchors = Anchors(ANCHORS, Weights(params, self._basis, activation))
        self._size = self._reach = 0.0  # the largest since there are records
        self.fresh = True

    def _measure(self, block: Block) -> None:
        """Fill in what depends on the images alone."""
        x, first, j = block
        x = _rows(x, j - first).astype(np.float64)
        self._record[j, : self._k - 1] = x @ self._basis
        along = self._record[j, : self._k - 1].astype(np.float64)  # c, rounded to float32
        square = np.einsum("nd,nd->n", x, x)
        self._x_norm[j] = np.sqrt(square + 1)
        rest = square * (1 + 4 * UNIT) - np.einsum("nk,nk->n", along, along)
        self._rest_norm[j] = np.sqrt(np.maximum(rest, 0))
        self._rounding[j] = 2 * gamma(np.count_nonzero(x, axis=1) + 3, self._unit) * self._x_norm[j]

    def renew(self, params: dict[str, Array]) -> tuple[Array, Array] | None:
        """Bring classes up to date, but for images too near to a tie.

        Returns the images that were evaluated, and those too near; or None where it would be
        faster to evaluate all: then the next call starts afresh.
        """
        today = self._begin(Weights(params, self._basis, self._activation))
        left = np.arange(len(self.classes)) if self.fresh else self._unproved(today)
        near = None if left is None else self._evaluate(left, today)
        self.fresh = near is None
        return None if near is None or left is None else (left, self._unsure(near, today))

    def _begin(self, weights: Weights) -> _Today:
        if self.fresh:
            self._anchors.used[:] = False
            self._size = self._reach = 0.0
        self._size = max(self._size, weights.size)
        self._reach = max(self._reach, weights.reach(self._largest))
        width = len(weights.b1)
        root = 32 * np.sqrt(width) if weights.sigmoid else 0.0  # 8 u of each z1, before λ = ¼
        output = 4 * gamma(width + 8, self._unit) + 2 * gamma(width + 8, UNIT)
        return _Today(
            weights,
            self._place(),
            a1=SLACK * self._size,
            sigma=SLACK * 2 * root * self._unit,
            projected=SLACK * (4 * gamma(self._k + 8, UNIT) * self._size + root * UNIT),
            output=SLACK * output * self._reach,
        )

    def _place(self) -> int:
        """Where today's anchor goes: a free place, or that of the anchor that matters least."""
        if not self._anchors.used.all():
            return int(self._anchors.used.argmin())
        counts = np.bincount(self._anchor, minlength=ANCHORS) * WORTH
        seen = np.bincount(self._seen, minlength=ANCHORS * self._outputs)
        return int((counts + seen.reshape(ANCHORS, -1).sum(axis=1)).argmin())

    def _unproved(self, today: _Today) -> Array | None:
        """The images whose class is not proved; None where they are too many."""
        rest, full = self._anchors.hidden(today.weights, self._size)
        movement = self._movement(full, today)
        if self._anchors.used[today.place]:  # its images go on from today
            # where=, not [mask]: several times faster
            theirs = np.repeat(np.arange(ANCHORS) == today.place, self._outputs).take(self._seen)
            np.subtract(self._spare, movement, out=self._spare, where=theirs)
            theirs = self._anchor == today.place
            np.add(self._base, np.float32(rest[today.place]), out=self._base, where=theirs)
        rest[today.place] = 0
        self._anchors.put(today.place, today.weights)
        return self._project(np.flatnonzero(~(self._spare > movement)), rest, today)

    def _movement(self, full: Array, today: _Today) -> Array:
        """How much of its lead each image (N,) can have lost since it was proved."""
        p, q = self._anchors.second(today.weights, self._size)  # (ANCHORS, C)
        rounding = today.a1 * self._worst + today.sigma + today.projected
        p += (full[:, None] + rounding) * today.weights.rate
        q += today.output
        movement = p.astype(np.float32).ravel().take(self._seen)
        movement *= self._x_norm
        movement += q.astype(np.float32).ravel().take(self._seen)
        return movement

    def _project(self, images: Array, rest: Array, today: _Today) -> Array | None:
        """The images whose class the projection cannot prove; None where they are too many."""
        n = len(self.classes)
        if len(images) > WHOLE * n:
            images = np.arange(n)
        weights = today.weights
        W2 = np.ascontiguousarray(weights.W2.T, np.float32)  # (C, H)
        b2 = weights.b2.astype(np.float32)[:, None]

        def unproved(j: Array) -> Array:
            record = _rows(self._record, j)
            a1 = record[:, : self._k] @ weights.along
            a1 += record[:, self._k :]
            a2 = W2 @ activate(a1, weights.sigmoid).T  # (C, n)
            a2 += b2
            moved = rest.take(_rows(self._anchor, j)) + _rows(self._base, j)
            moved *= _rows(self._rest_norm, j)
            moved += today.projected * _rows(self._x_norm, j)
            return self._prove(j, a2, _rows(self.classes, j), moved, today)

        blocks = [images[i : i + BLOCK] for i in range(0, len(images), BLOCK)]
        left = np.concatenate([images[:0], *self._map(unproved, blocks)])
        return left if len(left) <= PAYS * n else None

    def _prove(self, j: Array, a2: Array, y: Array, moved: Array | float, today: _Today) -> Array:
        """Record how far y leads at least in outputs a2 (C, n) of the images j, a1 moved off.

        Returns those where it may not.
        """
        doubt = today.a1 * _rows(self._rounding, j) + (moved + today.sigma)
        doubt *= today.weights.rate.take(y)
        doubt += today.output
        spare = lead(a2, y) - doubt
        self._spare[j] = spare
        self._seen[j] = today.place * self._outputs + y
        return j[~(spare > 0)]

    def _evaluate(self, images: Array, today: _Today) -> Array | None:
        """Evaluate these images; returns those near a tie, or None where they are too many."""
        weights = today.weights
        self._anchors.put(today.place, weights)

        def near(block: Block) -> Array:
            x, first, j = block
            a1 = _rows(x, j - first) @ weights.W1
            a1 += weights.b1
            self._record[j, self._k :] = a1 - _rows(self._record, j)[:, : self._k] @ weights.along
            a2 = weights.W2.T @ activate(a1, weights.sigmoid).T  # (C, n)
            a2 += weights.b2[:, None]
            self.classes[j] = y = a2.argmax(axis=0)
            self._anchor[j], self._base[j] = today.place, 0
            return self._prove(j, a2, y, 0.0, today)

        ties = np.concatenate([images[:0], *self._map(near, self._blocks(images))])
        return ties if len(ties) <= TIES * len(self.classes) else None

    def _unsure(self, near: Array, today: _Today) -> Array:
        """Those of the images near a tie whose class even their own terms leave open."""
        unsure = [near[:0]]
        for x, first, j in self._blocks(near):
            self.classes[j], least = sure_lead(x[j - first], today.weights, self._unit)
            unsure.append(j[~(least > 0)])
        return np.concatenate(unsure)

    def _blocks(self, images: Array) -> Iterator[Block]:
        """These images, sorted, block by block."""
        for x, rows in self._sets:
            mine = images[slice(*np.searchsorted(images, (rows.start, rows.stop)))]
            for i in range(0, len(mine), BLOCK):
                yield x, rows.start, mine[i : i + BLOCK]

    def _consume(self, function: Callable[[Any], None], items: Iterable[Any]) -> None:
        for _ in self._map(function, items):
            pass


def _rows(a: Array, j: Array) -> Array:
    """The rows j, sorted, of a; no copy where they are consecutive."""
    if j[-1] - j[0] == len(j) - 1:
        return a[j[0] : j[-1] + 1]
    return a.take(j, axis=0)


def principal_directions(x: Array, count: int) -> Array:
    """Orthonormal columns (D, count) along which x (N, D) is largest, by subspace iteration."""
    sample = x[:: max(1, len(x) // SAMPLE)].astype(np.float64)
    basis = np.eye(x.shape[1], count)
    basis[:, : len(sample)] = sample[:count].T
    for _ in range(4):
        basis = np.linalg.qr(sample.T @ (sample @ basis))[0]
    return basis
