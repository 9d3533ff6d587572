"""The accuracy over all images, evaluating only those whose class can have changed.

Between two evaluations the weights barely move. An image whose largest output leads by more than
the movement can have closed keeps its class; the others are evaluated, and their records renewed.
No estimate: each class is the one that the plain evaluation computes, ties and rounding included.

Notation: x̂ = (x, 1) and Ŵ1 = [W1; b1], so that a1 = x̂ Ŵ1; P (D, K) has orthonormal columns, along
which the images vary most; c = x P, and R = x − c Pᵀ; Δ is a change since an earlier evaluation;
‖·‖ of a matrix is its spectral norm; w_k is a column of W2; the lead of class y over k is
z1·(w_y − w_k) + b_y − b_k.

**Screen.** z1 is λ-Lipschitz in a1, with λ = ¼ for sigmoid and 1 for ReLU. With h the z1 of the
earlier evaluation, the lead has since changed by
    (z1 − h)·(w_y − w_k) + h·Δ(w_y − w_k) + Δ(b_y − b_k),
where |(z1 − h)·(w_y − w_k)| ≤ λ ‖w_y − w_k‖ ‖ΔŴ1‖ ‖x̂‖. For ReLU ‖h‖ ≤ ‖Ŵ1‖ ‖x̂‖; for sigmoid
‖h − ½‖ ≤ ½√H, and what the ½ contributes is known exactly. One number per image, the lead it was
then proved to have, is held against this; no product with the image is made.

**Project.** For those left a1 = c PᵀW1 + R W1 + b1. The first term takes K products an image in
place of D. R W1 is recorded from when the image was last evaluated, and has since moved by at most
‖R‖ ‖(1 − PPᵀ) ΔW1‖: little, since gradients, too, lie where the images vary. A lead of more than
λ ‖w_y − w_k‖ times this is proved.

**Evaluate** those left, gathered. A lead too near to a tie for rounding is **settled** apart.

Rounding: a sum of n products, in any order, fused or not, errs by at most γ_n Σ|terms|, products
with 0 not counted: by γ_n ‖x̂‖ ‖column of Ŵ1‖ in a1; a sigmoid by less than 8 u. records._Today
has what the plain evaluation, the recorded one and the projection can err together, and every
lead must exceed that as well. Near ties are done in float64, with the bound that their own terms
give (movement.sure_lead). For what is left even then, the plain evaluation itself is made of
the same rows together, since how BLAS rounds may depend on the place of a row.

Movement is measured from ANCHORS earlier evaluations. When a new one takes the place of another,
‖Δ₁ + Δ₂‖ ≤ ‖Δ₁‖ + ‖Δ₂‖: its images are charged the movement up to today, and go on from today.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from trainer.book.functions import Array
from trainer.training.lazy.records import Map, Records

SMALL = 10_000  # images: with fewer, evaluating all is as fast
WIDEST = 0.4  # hidden neurons, in inputs: with more, records would be as large as the images
FIRST, LONGEST = 4, 64  # plain evaluations before the first attempt, and most between two


class LazyAccuracy:
    """The accuracies over sets of images, equal to the plain ones, from one evaluation to the next.

    sets: x (N, D) and labels (N,) of each, x in the net's dtype. activation: "sigmoid" or "relu".
    classify: the plain evaluation, the classes of the rows given; chunks: which rows of a set
    of that many it is made of at once. map calls a function on several threads, if not Python's.
    After a call, classes holds the class of each image, set after set, and fraction how many
    of them were evaluated.
    """

    def __init__(
        self,
        sets: Sequence[tuple[Array, Array]],
        activation: str,
        classify: Callable[[Array], Array],
        chunks: Callable[[int], Sequence[slice]],
        map: Map = map,
    ):
        self._x = [x for x, _ in sets]
        self._t = np.concatenate([t for _, t in sets])
        starts = np.cumsum([0, *(len(x) for x in self._x)])
        self._ranges = [slice(i, j) for i, j in pairwise(starts)]
        self._activation, self._classify, self._map = activation, classify, map
        self._parts = [
            (x[part], slice(rows.start + part.start, rows.start + part.stop))
            for x, rows in zip(self._x, self._ranges, strict=True)
            for part in chunks(len(x))
        ]
        self._firsts = [rows.start for _, rows in self._parts]
        self.classes = np.zeros(len(self._t), np.intp)
        self.fraction = 1.0
        self._records: Records | None = None
        self._wait, self._pause = FIRST, 1  # evaluations until the next attempt, and after it

    def __call__(self, params: dict[str, Array]) -> list[float]:
        """The accuracy over each set, of a net with W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        with np.errstate(over="ignore", invalid="ignore"):  # NaN fails every test, as it should
            if not self._attempt(params):
                self._evaluate_plainly(self._parts)
                self.fraction = 1.0
        right = self.classes == self._t
        return [np.count_nonzero(right[rows]) / len(right[rows]) for rows in self._ranges]

    def _attempt(self, params: dict[str, Array]) -> bool:
        """Prove or evaluate each image; or False, where that does not pay."""
        if self._wait > 0 or not self._suits(*params["W1"].shape):
            self._wait -= 1
            return False
        if self._records is None:
            self._records = Records(
                self._x, self._ranges, self.classes, params, self._activation, self._map
            )
        fresh = self._records.fresh
        evaluated = self._records.renew(params)
        if evaluated is None:
            self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST)
            return False
        if not fresh:
            self._pause = max(1, self._pause // 2)
        left, unsure = evaluated
        numbers = np.unique(self._part_of(unsure))
        parts = [self._parts[number] for number in numbers]
        self._evaluate_plainly(parts)
        others = np.count_nonzero(np.isin(self._part_of(left), numbers, invert=True))
        self.fraction = (sum(len(x) for x, _ in parts) + others) / len(self._t)
        return True

    def _suits(self, inputs: int, hidden: int) -> bool:
        """Whether there are images enough, and records of them are small beside themselves."""
        return len(self._t) >= SMALL and hidden <= WIDEST * inputs

    def _evaluate_plainly(self, parts: Sequence[tuple[Array, slice]]) -> None:
        classes = self._map(self._classify, [x for x, _ in parts])
        for (_, rows), found in zip(parts, classes, strict=True):
            self.classes[rows] = found

    def _part_of(self, images: Array) -> Array:
        """The number of the part that each of the images is in."""
        return np.searchsorted(self._firsts, images, side="right") - 1
