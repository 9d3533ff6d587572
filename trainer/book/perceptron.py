"""The book's chapter 2: a perceptron, the gates AND, NAND and OR, and XOR in two layers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Perceptron:
    """A neuron with the output 1 where w·x + b > 0 and 0 elsewhere (chapter 2.3)."""

    w: tuple[float, ...]
    b: float

    @classmethod
    def from_threshold(cls, w: tuple[float, ...], theta: float) -> "Perceptron":
        """Return the perceptron of chapter 2.1: 1 where w·x > θ, so that its bias is −θ."""
        return cls(w, -theta)

    def __call__(self, x: ArrayLike) -> Any:
        """Return 0 or 1 for D inputs (D,), or an array (N,) of these for N rows (N, D)."""
        return np.where(np.asarray(x) @ np.array(self.w) + self.b > 0, 1, 0)[()]


# The gates differ only in their weights and biases (chapter 2.3.3).
AND = Perceptron((0.5, 0.5), -0.7)
NAND = Perceptron((-0.5, -0.5), 0.7)
OR = Perceptron((0.5, 0.5), -0.2)

# Every input of a gate, in the order of a truth table.
INPUTS: NDArray[np.int64] = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def XOR(x: ArrayLike) -> Any:  # noqa: N802 (a gate's name)
    """Return AND(NAND(x), OR(x)) for x (2,) or (N, 2): XOR needs two layers (chapter 2.5).

    A single perceptron cannot compute it. To fire at (0, 1) and (1, 0), it needs w2 + b > 0 and
    w1 + b > 0, so w1 + w2 + 2b > 0. To stay silent at (0, 0) and (1, 1), it needs the opposite.
    """
    return AND(np.stack([NAND(x), OR(x)], axis=-1))
