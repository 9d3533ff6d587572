"""The accuracy over all images, evaluating only those whose class may have changed.

Between two evaluations the weights hardly move. An image keeps its class if its largest output
leads by more than the movement can have reduced the lead. The other images are evaluated, and
their records renewed. Nothing is estimated: each class is the one that the full evaluation
computes, ties and rounding included.

Notation: x̂ = (x, 1) and Ŵ1 = [W1; b1], so that a1 = x̂ Ŵ1. P (D, K) has orthonormal columns, along
which the images vary most. c = x P, and R = x − c Pᵀ. Δ is a change since an earlier evaluation.
‖·‖ of a matrix is its spectral norm. w_k is a column of W2. The lead of class y over k is
z1·(w_y − w_k) + b_y − b_k.

**Screen.** z1 is λ-Lipschitz in a1, with λ = ¼ for sigmoid and 1 for ReLU. Let h be the z1 of the
earlier evaluation. Since then the lead has changed by
    (z1 − h)·(w_y − w_k) + h·Δ(w_y − w_k) + Δ(b_y − b_k),
where |(z1 − h)·(w_y − w_k)| ≤ λ ‖w_y − w_k‖ ‖ΔŴ1‖ ‖x̂‖. For ReLU ‖h‖ ≤ ‖Ŵ1‖ ‖x̂‖. For sigmoid
‖h − ½‖ ≤ ½√H, and the contribution of the ½ is known exactly. This bound is compared with one
number per image, the lower bound of its lead that was then proved. No product with the image is
computed.

**Project.** For the images left a1 = c PᵀW1 + R W1 + b1. The first term takes K products per image
instead of D. R W1 is recorded when the image is evaluated. Since then it has moved by at most
‖R‖ ‖(1 − PPᵀ) ΔW1‖, which is small, since the gradients too lie along the directions in which the
images vary. A lead of more than λ ‖w_y − w_k‖ times this is proved.

**Evaluate** the images left, gathered. A lead too near a tie for rounding is **settled** apart.

Rounding: a sum of n products, in any order, fused or not, errs by at most γ_n Σ|terms|, where
products with 0 do not count. So a1 errs by at most γ_n ‖x̂‖ ‖column of Ŵ1‖, and a sigmoid by less
than 8 u. records._Evaluation has the errors that the full evaluation, the recorded one and the
projection can have together, and every lead must exceed them as well. Near ties are computed in
float64, with the bound of their own terms (movement.bound_lead). For images that are undecided
even then, the full evaluation itself is computed, of the same rows together, since the rounding
of BLAS may depend on the place of a row.

Movement is measured from ANCHORS earlier evaluations. When a new one takes the place of another,
‖Δ₁ + Δ₂‖ ≤ ‖Δ₁‖ + ‖Δ₂‖: the movement up to the new one is charged to the images of the old one,
and their further movement is measured from the new one.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation
from trainer.training.lazy.records import Map, Records

FEWEST_IMAGES = 10_000  # with fewer, evaluating all is as fast
MOST_HIDDEN = 0.4  # hidden neurons per input; with more, records would be as large as the images
FIRST_WAIT, LONGEST_PAUSE = 4, 64  # full evaluations before the first attempt, and between two


class LazyAccuracy:
    """The accuracies over sets of images, equal to those of the full evaluation.

    sets: x (N, D) and labels (N,) of each, x in the net's dtype. classify(x) returns the classes
    that the full evaluation gives. split_chunks(N) returns the rows that it classifies at once.
    After a call, classes holds the class of each image, set after set, and fraction is the
    fraction of them that was evaluated.
    """

    def __init__(
        self,
        sets: Sequence[tuple[Array, Array]],
        activation: Activation,
        classify: Callable[[Array], Array],
        split_chunks: Callable[[int], Sequence[slice]],
        map: Map = map,
    ):
        self._t = np.concatenate([t for _, t in sets])
        starts = np.cumsum([0, *(len(t) for _, t in sets)])
        ranges = [slice(i, j) for i, j in pairwise(starts)]
        self._sets = [(x, rows) for (x, _), rows in zip(sets, ranges, strict=True)]
        self._activation, self._classify, self._map = activation, classify, map
        self._parts = [
            (x[part], slice(rows.start + part.start, rows.start + part.stop))
            for x, rows in self._sets
            for part in split_chunks(len(x))
        ]
        self._firsts = [rows.start for _, rows in self._parts]
        self.classes = np.zeros(len(self._t), np.intp)
        self.fraction = 1.0
        self._records: Records | None = None
        self._wait, self._pause = FIRST_WAIT, 1  # evaluations until the next attempt, and after it

    def __call__(self, params: dict[str, Array]) -> list[float]:
        """Return the accuracy over each set; params: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        with np.errstate(over="ignore", invalid="ignore"):  # NaN fails every proof
            if not self._attempt(params):
                self._evaluate_fully(self._parts)
                self.fraction = 1.0
        right = self.classes == self._t
        return [np.count_nonzero(right[rows]) / len(right[rows]) for _, rows in self._sets]

    def _attempt(self, params: dict[str, Array]) -> bool:
        """Prove or evaluate each image, and return True; return False if that does not pay."""
        inputs, hidden = params["W1"].shape
        is_suitable = len(self._t) >= FEWEST_IMAGES and hidden <= MOST_HIDDEN * inputs
        if self._wait > 0 or not is_suitable:
            self._wait -= 1
            return False
        if self._records is None:
            self._records = Records(self._sets, self.classes, params, self._activation, self._map)
        was_empty = self._records.is_empty
        evaluated = self._records.update_classes(params)
        if evaluated is None:
            self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
            return False
        if not was_empty:
            self._pause = max(1, self._pause // 2)
        left, unsure = evaluated
        numbers = np.unique(self._find_parts(unsure))
        parts = [self._parts[number] for number in numbers]
        self._evaluate_fully(parts)
        others = np.count_nonzero(np.isin(self._find_parts(left), numbers, invert=True))
        self.fraction = (sum(len(x) for x, _ in parts) + others) / len(self._t)
        return True

    def _evaluate_fully(self, parts: Sequence[tuple[Array, slice]]) -> None:
        """Set the classes of these parts to those of the full evaluation."""
        classes = self._map(self._classify, [x for x, _ in parts])
        for (_, rows), found in zip(parts, classes, strict=True):
            self.classes[rows] = found

    def _find_parts(self, images: Array) -> Array:
        """Return the number of the part that holds each of the images."""
        return np.searchsorted(self._firsts, images, side="right") - 1
