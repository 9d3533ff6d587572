"""Chapter 2: a perceptron, the gates it can be, and XOR, which takes two layers of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Perceptron:
    """Fires (1) where w·x + b > 0, else 0 (chapter 2.3)."""

    w: tuple[float, ...]
    b: float

    @classmethod
    def with_threshold(cls, w: tuple[float, ...], theta: float) -> "Perceptron":
        """The first form of chapter 2.1, which fires where w·x > θ: the bias is −θ."""
        return cls(w, -theta)

    def __call__(self, x: ArrayLike) -> Any:
        """Inputs of shape (D,) or (N, D) → 0 or 1 of shape () or (N,)."""
        return np.where(np.asarray(x) @ np.array(self.w) + self.b > 0, 1, 0)[()]


# The gates differ only in their numbers (chapter 2.3.3).
AND = Perceptron((0.5, 0.5), -0.7)
NAND = Perceptron((-0.5, -0.5), 0.7)
OR = Perceptron((0.5, 0.5), -0.2)

# Every input of a gate, in the order of a truth table.
INPUTS: NDArray[np.int64] = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def XOR(x: ArrayLike) -> Any:  # noqa: N802 (a gate's name)
    """NAND and OR stacked under AND (chapter 2.5): no single perceptron can do it.

    No line separates its classes: firing at (0, 1) and (1, 0) needs w2 + b > 0 and
    w1 + b > 0, so w1 + w2 + 2b > 0; silence at (0, 0) and (1, 1) needs the contrary.
    """
    return AND(np.stack([NAND(x), OR(x)], axis=-1))
