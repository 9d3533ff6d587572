"""Draws inputs of single functions and layers that hide no mistake."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from trainer.book.functions import Array

M, C = 4, 5  # outputs of a layer, classes
DEEP = (6, 4, 5, 1)  # sizes of a net of three layers


@dataclass(frozen=True)
class Draw:
    """Inputs that hide nothing: all sizes differ, and every row has numbers of both signs.

    x (N, 2, 3), w (6, M), b (M,), dout (N, M), a (N, M), scores (N, C), labels (N,).
    """

    x: Array
    w: Array
    b: Array
    dout: Array
    a: Array
    scores: Array
    labels: Array

    @property
    def second(self) -> Array:
        """Another input of the shape of a (N, M)."""
        return self.a[::-1] * np.abs(self.dout)

    def flatten(self) -> "Draw":
        """Return the same inputs with x as a matrix (N, 6)."""
        return replace(self, x=self.x.reshape(len(self.x), -1))

    def make_generator(self) -> np.random.Generator:
        """Return a generator for more numbers, the same for equal inputs."""
        return np.random.default_rng([len(self.a), int(1e6 * abs(self.a[0, 0]))])


def draw_inputs(seed: int, N: int) -> Draw:
    """Draw inputs; no number of a, dout or the margins of scores is near 0."""
    rng = np.random.default_rng([seed, N])
    labels = rng.permutation(np.resize(np.arange(C), N))
    return Draw(
        rng.normal(size=(N, 2, 3)), rng.normal(size=(6, M)), rng.uniform(0.3, 1, M),
        _draw_signed(rng, N), _draw_signed(rng, N), _draw_scores(rng, labels), labels,
    )  # fmt: skip


def _draw_scores(rng: np.random.Generator, labels: Array) -> Array:
    """Return scores (N, C): 1 to 3 classes of a row are within the margin of the correct one."""
    scores = np.zeros((len(labels), C))
    for row, label in enumerate(labels):
        others = rng.permutation([c for c in range(C) if c != label])
        inside = 1 + row % 3
        scores[row, others[:inside]] = rng.uniform(-0.8, 0.8, inside)
        scores[row, others[inside:]] = rng.uniform(-2, -1.2, C - 1 - inside)
    return scores + rng.uniform(-1, 1, (len(labels), 1))


def _draw_signed(rng: np.random.Generator, N: int) -> Array:
    """Return (N, M) numbers away from 0, of both signs in each row and each column."""
    signs = np.where((np.arange(N)[:, None] + np.arange(M)) % 2, 1.0, -1.0)
    signs[:, 0] = rng.permutation(np.resize([1.0, 1.0, -1.0], N))
    return signs * rng.uniform(0.2, 1.5, (N, M))


def draw_deep(d: Draw) -> tuple[dict[str, Array], Array]:
    """Return parameters W1 … b3 for samples as columns, and targets (1, N)."""
    rng, params = d.make_generator(), {}
    for i, (inputs, outputs) in enumerate(pairwise(DEEP), 1):
        params[f"W{i}"] = rng.normal(size=(outputs, inputs))
        params[f"b{i}"] = rng.normal(size=(outputs, 1))
    return params, (d.labels % 2).astype(float)[None]
