"""Record for each image what proves that its class has not changed; accuracy.py has the proofs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation
from trainer.training.lazy import blocks, movement
from trainer.training.lazy.blocks import Block, Sets, take_rows
from trainer.training.lazy.movement import FLOAT32_U, SAFETY, SplitWeights, gamma

DIRECTIONS = 64  # K, the columns of P
ANCHORS = 8
EVALUATION_COST = 8  # the time to evaluate an image over the time to project it
MOST_GATHERED = 0.7  # of the images: above, projecting all in a row is faster than gathering some
MOST_EVALUATED = 0.4  # of the images: above, evaluating all is faster
MOST_TIES = 0.02  # of the images: with more near ties, evaluating all is faster

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class _Evaluation:
    """The new weights, the slot for them, and bounds on rounding errors, which add up."""

    weights: SplitWeights
    slot: int
    a1_error: float  # of two evaluations of the same a1, divided by the image's _a1_rounding
    sigma_error: float  # of two evaluations of σ, as a change of a1
    projection_error: float  # of a projected a1, divided by the image's ‖(x, 1)‖
    lead_error: float  # of a lead, from the second layer


class Records:
    """The records of all images, by which update_classes proves that classes have not changed.

    lead: the output of an image's class minus the largest other output
    near a tie: with a lead so small that rounding could change its sign
    anchor: the weights of an earlier evaluation, kept in a slot, 0 … ANCHORS − 1
    projected: computed from c, the coordinates of an image along the K directions of P
    residual: what these directions leave, R of an image and (1 − PPᵀ) W1 of weights

    classes (all images,) is read and written in place. map is Python's, or one with threads.
    """

    def __init__(
        self, sets: Sets, classes: Array, params: dict[str, Array], activation: Activation, map: Map
    ):
        self._sets, self.classes, self._activation, self._map = sets, classes, activation, map
        x, (inputs, hidden) = sets[0][0], params["W1"].shape
        self._outputs = len(params["b2"])
        self._u = float(np.finfo(x.dtype).eps / 2)
        self._basis = blocks.find_principal_directions(x, min(DIRECTIONS, inputs))  # P
        n, self._split = len(classes), self._basis.shape[1] + 1
        self._record = np.ones((n, self._split + hidden), np.float32)  # c, 1 and R W1
        self._x_norm = np.empty(n, np.float32)  # ‖(x, 1)‖
        self._residual_norm = np.empty(n, np.float32)  # ‖R‖
        self._a1_rounding = np.empty(n, np.float32)  # 2 γ ‖(x, 1)‖, for two evaluations
        list(self._map(self._record_inputs, blocks.split_images(sets, np.arange(n))))  # map is lazy
        self._largest_x_norm = float(self._x_norm.max())
        self._worst_rounding = (self._a1_rounding / self._x_norm).max()
        # Each image's class had at least the lead _proved_lead at the anchor of its _proved_index,
        # slot · C + class. R W1 was recorded at the anchor in _recorded_slot, or before it, with
        # weights whose residual was at most _earlier_movement away from that anchor.
        self._proved_lead = np.empty(n, np.float32)
        self._proved_index = np.zeros(n, np.intp)
        self._recorded_slot = np.zeros(n, np.intp)
        self._earlier_movement = np.empty(n, np.float32)
        self._anchors = movement.Anchors(ANCHORS, SplitWeights(params, self._basis, activation))
        self._largest_norm = self._largest_terms = 0.0  # of all weights since records were empty
        self.is_empty = True

    def _record_inputs(self, block: Block) -> None:
        """Record what depends on the images of a block alone, not on the weights."""
        x, rows, images = block
        x = take_rows(x, rows).astype(np.float64)
        self._record[images, : self._split - 1] = x @ self._basis
        c = self._record[images, : self._split - 1].astype(np.float64)  # as rounded to float32
        square = np.einsum("nd,nd->n", x, x)
        self._x_norm[images] = np.sqrt(square + 1)
        residual = square * (1 + 4 * FLOAT32_U) - np.einsum("nk,nk->n", c, c)
        self._residual_norm[images] = np.sqrt(np.maximum(residual, 0))
        terms = np.count_nonzero(x, axis=1) + 3
        self._a1_rounding[images] = 2 * gamma(terms, self._u) * self._x_norm[images]

    def update_classes(self, params: dict[str, Array]) -> tuple[Array, Array] | None:
        """Set each class to that of the full evaluation, except of images too near a tie.

        Returns the images that were evaluated, and those of them too near a tie, which the caller
        has to evaluate fully. Returns None where it is faster to evaluate all images fully; the
        records are then empty, and the next call evaluates every image.
        """
        new = self._begin_evaluation(SplitWeights(params, self._basis, self._activation))
        images = np.arange(len(self.classes)) if self.is_empty else self._find_unproved(new)
        ties = None if images is None else self._evaluate(images, new)
        self.is_empty = ties is None
        return None if images is None or ties is None else (images, self._settle_ties(ties, new))

    def _begin_evaluation(self, weights: SplitWeights) -> _Evaluation:
        """Return the evaluation of these weights, with a slot and its rounding errors."""
        if self.is_empty:
            self._anchors.used[:] = False
            self._largest_norm = self._largest_terms = 0.0
        self._largest_norm = max(self._largest_norm, weights.norm)
        terms = weights.bound_output_terms(self._largest_x_norm)
        self._largest_terms = max(self._largest_terms, terms)
        hidden = len(weights.b1)
        # √H · 8 u is the error of σ in z1. Divided by λ = ¼, it is as large as one in a1.
        sigma = 32 * np.sqrt(hidden) if weights.is_sigmoid else 0.0
        lead = 4 * gamma(hidden + 8, self._u) + 2 * gamma(hidden + 8, FLOAT32_U)
        projection = 4 * gamma(self._split + 8, FLOAT32_U) * self._largest_norm
        return _Evaluation(
            weights,
            self._choose_slot(),
            a1_error=SAFETY * self._largest_norm,
            sigma_error=SAFETY * 2 * sigma * self._u,
            projection_error=SAFETY * (projection + sigma * FLOAT32_U),
            lead_error=SAFETY * lead * self._largest_terms,
        )

    def _choose_slot(self) -> int:
        """Return a slot without an anchor, or that of the anchor that costs least to replace."""
        if not self._anchors.used.all():
            return int(self._anchors.used.argmin())
        cost = np.bincount(self._recorded_slot, minlength=ANCHORS) * EVALUATION_COST
        proved = np.bincount(self._proved_index, minlength=ANCHORS * self._outputs)
        return int((cost + proved.reshape(ANCHORS, -1).sum(axis=1)).argmin())

    def _find_unproved(self, new: _Evaluation) -> Array | None:
        """Screen all images and project those left, and store the weights as an anchor.

        Returns the images whose class is still not proved, or None if evaluating all is faster.
        """
        changes = self._anchors.bound_layer1_change(new.weights, self._largest_norm)
        residual_change, full_change = changes
        lost = self._bound_lost_lead(full_change, new)
        if self._anchors.used[new.slot]:  # move the old anchor's images to the new anchor
            # where= is several times faster than indexing by a mask.
            is_moved = np.repeat(np.arange(ANCHORS) == new.slot, self._outputs)
            is_moved = is_moved.take(self._proved_index)
            np.subtract(self._proved_lead, lost, out=self._proved_lead, where=is_moved)
            is_moved, added = self._recorded_slot == new.slot, np.float32(residual_change[new.slot])
            np.add(self._earlier_movement, added, out=self._earlier_movement, where=is_moved)
        residual_change[new.slot] = 0
        self._anchors.store(new.slot, new.weights)
        return self._project(np.flatnonzero(~(self._proved_lead > lost)), residual_change, new)

    def _bound_lost_lead(self, full_change: Array, new: _Evaluation) -> Array:
        """Return how much of its lead each image (N,) can have lost since its class was proved.

        full_change (ANCHORS,) bounds ‖[ΔW1; Δb1]‖ since each anchor.
        """
        # Lost is at most p ‖x‖ + q.
        p, q = self._anchors.bound_layer2_change(new.weights, self._largest_norm)  # (ANCHORS, C)
        rounding = new.a1_error * self._worst_rounding + new.sigma_error + new.projection_error
        p += (full_change[:, None] + rounding) * new.weights.sensitivity
        q += new.lead_error
        lost = p.astype(np.float32).ravel().take(self._proved_index)
        lost *= self._x_norm
        lost += q.astype(np.float32).ravel().take(self._proved_index)
        return lost

    def _project(self, images: Array, residual_change: Array, new: _Evaluation) -> Array | None:
        """Return the images that their projection does not prove, None if evaluating all is faster.

        residual_change (ANCHORS,) bounds ‖(1 − PPᵀ) ΔW1‖ since each anchor.
        """
        n = len(self.classes)
        if len(images) > MOST_GATHERED * n:
            images = np.arange(n)
        weights = new.weights
        W2 = np.ascontiguousarray(weights.W2.T, np.float32)  # (C, H)
        b2 = weights.b2.astype(np.float32)[:, None]

        def project_block(images: Array) -> Array:
            record = take_rows(self._record, images)
            a1 = record[:, : self._split] @ weights.projected
            a1 += record[:, self._split :]
            a2 = W2 @ movement.activate(a1, weights.is_sigmoid).T  # (C, n)
            a2 += b2
            moved = residual_change.take(take_rows(self._recorded_slot, images))
            moved += take_rows(self._earlier_movement, images)
            moved *= take_rows(self._residual_norm, images)
            moved += new.projection_error * take_rows(self._x_norm, images)
            return self._record_leads(images, a2, take_rows(self.classes, images), moved, new)

        found = self._map(project_block, blocks.split_numbers(images))
        unproved = np.concatenate([images[:0], *found])
        return unproved if len(unproved) <= MOST_EVALUATED * n else None

    def _record_leads(
        self, images: Array, a2: Array, y: Array, moved: Array | float, new: _Evaluation
    ) -> Array:
        """Record a lower bound on the lead of class y (n,) in the outputs a2 (C, n) of n images.

        moved (n,) bounds how far a1 is from an evaluated one. Returns the images whose bound is not
        positive, so that their class is not proved.
        """
        doubt = new.a1_error * take_rows(self._a1_rounding, images) + (moved + new.sigma_error)
        doubt *= new.weights.sensitivity.take(y)
        doubt += new.lead_error
        least = movement.compute_lead(a2, y) - doubt
        self._proved_lead[images] = least
        self._proved_index[images] = new.slot * self._outputs + y
        return images[~(least > 0)]

    def _evaluate(self, images: Array, new: _Evaluation) -> Array | None:
        """Evaluate and record these images, and store the weights as an anchor.

        Returns the images near a tie, or None if evaluating all is faster.
        """
        weights = new.weights
        self._anchors.store(new.slot, weights)

        def evaluate_block(block: Block) -> Array:
            x, rows, images = block
            a1 = take_rows(x, rows) @ weights.W1
            a1 += weights.b1
            projected = take_rows(self._record, images)[:, : self._split] @ weights.projected
            self._record[images, self._split :] = a1 - projected
            a2 = weights.W2.T @ movement.activate(a1, weights.is_sigmoid).T  # (C, n)
            a2 += weights.b2[:, None]
            self.classes[images] = y = a2.argmax(axis=0)
            self._recorded_slot[images], self._earlier_movement[images] = new.slot, 0
            return self._record_leads(images, a2, y, 0.0, new)

        found = self._map(evaluate_block, blocks.split_images(self._sets, images))
        ties = np.concatenate([images[:0], *found])
        return ties if len(ties) <= MOST_TIES * len(self.classes) else None

    def _settle_ties(self, ties: Array, new: _Evaluation) -> Array:
        """Classify images near a tie by bounds of their own terms; return those still undecided."""
        unsure = [ties[:0]]
        for x, rows, images in blocks.split_images(self._sets, ties):
            self.classes[images], least = movement.bound_lead(x[rows], new.weights, self._u)
            unsure.append(images[~(least > 0)])
        return np.concatenate(unsure)
