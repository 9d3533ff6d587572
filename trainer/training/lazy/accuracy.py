"""The accuracy over all images, evaluating only those whose class may have changed.

Between two evaluations the weights hardly move. An image keeps its class if its largest output
leads by more than the movement can have reduced this lead. The other images are evaluated and
recorded again. Nothing is estimated: each class is the one that the full evaluation computes,
ties and rounding included.

Notation: x̂ = (x, 1) and Ŵ1 = [W1; b1], W1 with b1 as a last row, so that a1 = x̂ Ŵ1. The columns
of P (D, K) are orthonormal directions along which the images vary most. c = x P are the
coordinates of an image, R = x − c Pᵀ is its residual. Δ is a change since an earlier evaluation,
the anchor. ‖·‖ of a matrix is its spectral norm. w_k is column k of W2, and b is b2. The lead of
class y over class k is z1·(w_y − w_k) + b_y − b_k.

**Screen.** z1 is λ-Lipschitz in a1, with λ = ¼ for sigmoid and 1 for ReLU. Let h be the z1 of the
anchor. Since then the lead has changed by
    (z1 − h)·(w_y − w_k) + h·Δ(w_y − w_k) + Δ(b_y − b_k),
where |(z1 − h)·(w_y − w_k)| ≤ λ ‖w_y − w_k‖ ‖ΔŴ1‖ ‖x̂‖. For ReLU ‖h‖ ≤ ‖Ŵ1‖ ‖x̂‖. For sigmoid
‖h − ½‖ ≤ ½√H, and the contribution of the ½ is known exactly. The bound on this change is compared
with one number per image, the lower bound on its lead that was proved at the anchor. No product
with the image is computed.

**Project.** The images left have a1 = c PᵀW1 + b1 + R W1. The first term takes K products per image
instead of D. R W1 was recorded when the image was evaluated. Since then it has moved by at most
‖R‖ ‖(1 − PPᵀ) ΔW1‖, which is small, since the gradients too lie along the directions in which the
images vary. A lead is proved if it exceeds λ ‖w_y − w_k‖ times this movement.

**Evaluate** the images left. **Settle** those of them whose lead is so near a tie that rounding
could change its sign: their leads are computed in float64, with the bound of their own terms
(movement.bound_lead). For images that are undecided even then, the full evaluation itself is
computed, of the same rows together, since BLAS may round a row in another place differently.

Rounding: a sum of n products, in any order, fused or not, errs by at most γ_n Σ|terms|, where
γ_n = n u / (1 − n u), u is the unit roundoff, and products with 0 do not count. So a1 errs by at
most γ_n ‖x̂‖ ‖column of Ŵ1‖, and a sigmoid by less than 8 u. records._Evaluation has the errors that
the full evaluation, the recorded one and the projection can have together. Every lead must exceed
them as well.

Up to ANCHORS earlier evaluations are anchors. When a new one replaces an old one,
‖Δ₁ + Δ₂‖ ≤ ‖Δ₁‖ + ‖Δ₂‖: the images of the old anchor get the new one, and their movement between
both is added to their records.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Activation
from trainer.training.lazy.records import Map, Records

FEWEST_IMAGES = 10_000  # with fewer, evaluating all is as fast
MOST_HIDDEN = 0.4  # hidden neurons per input; with more, records would be as large as the images
# The full evaluations before the first lazy one, and the most of them between two lazy ones.
FIRST_WAIT, LONGEST_PAUSE = 4, 64


class LazyAccuracy:
    """The accuracies over sets of images, equal to those of the full evaluation.

    sets: x (N, D) and labels (N,) of each, x in the net's dtype. classify(x) returns the classes
    that the full evaluation gives; split_chunks(N) returns the slices of a set on which it is
    called. After a call, classes holds the class of each image, set after set, and fraction is
    the fraction of the images that was evaluated.
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
        self._sets = [(x, numbers) for (x, _), numbers in zip(sets, ranges, strict=True)]
        self._activation, self._classify, self._map = activation, classify, map
        self._chunks = [
            (x[chunk], slice(numbers.start + chunk.start, numbers.start + chunk.stop))
            for x, numbers in self._sets
            for chunk in split_chunks(len(x))
        ]
        self._chunk_starts = [numbers.start for _, numbers in self._chunks]
        self.classes = np.zeros(len(self._t), np.intp)
        self.fraction = 1.0
        self._records: Records | None = None
        # The full evaluations until the next lazy attempt, and after it if it does not pay.
        self._wait, self._pause = FIRST_WAIT, 1

    def __call__(self, params: dict[str, Array]) -> list[float]:
        """Return the accuracy over each set; params: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        with np.errstate(over="ignore", invalid="ignore"):  # NaN fails every proof
            if not self._evaluate_lazily(params):
                self._evaluate_fully(self._chunks)
                self.fraction = 1.0
        is_right = self.classes == self._t
        return [np.count_nonzero(is_right[n]) / len(is_right[n]) for _, n in self._sets]

    def _evaluate_lazily(self, params: dict[str, Array]) -> bool:
        """Prove or evaluate the class of each image; return False if a full one is faster now."""
        inputs, hidden = params["W1"].shape
        is_suitable = len(self._t) >= FEWEST_IMAGES and hidden <= MOST_HIDDEN * inputs
        if self._wait > 0 or not is_suitable:
            self._wait -= 1
            return False
        if self._records is None:
            self._records = Records(self._sets, self.classes, params, self._activation, self._map)
        was_empty = self._records.is_empty
        result = self._records.update_classes(params)
        if result is None:
            self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
            return False
        if not was_empty:
            self._pause = max(1, self._pause // 2)
        evaluated, undecided = result
        full = np.unique(self._find_chunks(undecided))
        chunks = [self._chunks[i] for i in full]
        self._evaluate_fully(chunks)
        others = np.count_nonzero(np.isin(self._find_chunks(evaluated), full, invert=True))
        self.fraction = (sum(len(x) for x, _ in chunks) + others) / len(self._t)
        return True

    def _evaluate_fully(self, chunks: Sequence[tuple[Array, slice]]) -> None:
        """Set the classes in these chunks to those of the full evaluation."""
        classes = self._map(self._classify, [x for x, _ in chunks])
        for (_, numbers), found in zip(chunks, classes, strict=True):
            self.classes[numbers] = found

    def _find_chunks(self, images: Array) -> Array:
        """Return the index of the chunk that holds each of the images."""
        return np.searchsorted(self._chunk_starts, images, side="right") - 1
