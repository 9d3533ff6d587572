"""How good a net is on a test set: accuracy, loss, and which class it takes for which."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.functions import Array


@dataclass(frozen=True)
class Score:
    """confusion (C, C) counts the images of each class (row) by the class they got (column)."""

    accuracy: float
    loss: float
    confusion: Array


def score(net: Any, x: Array, t: Array, classes: int) -> Score:
    """The score of either backend's net on x (N, D), labels t (N,)."""
    xs, ts = net.native(x), net.native(t)
    guesses = np.asarray(net.predict(xs).argmax(1).tolist())  # (N,) from NumPy or any device
    confusion = np.bincount(t * classes + guesses, minlength=classes**2).reshape(classes, classes)
    return Score(net.accuracy(xs, ts), net.loss(xs, ts), confusion)
