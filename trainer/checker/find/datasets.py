"""Small data in the place of files and data sets that a script cannot read."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import simplify_name

N = 7  # samples: no usual size of a layer
LAYOUTS = 4
MNIST = 784, 10  # inputs and classes
USUAL = 4, 2
PARTS = "(s|tr|te|train|test|val|data|batch|orig|norm|scaled|true|onehot|enc|encoded)*"
SETS = "(train|test|training)?"
INPUTS = rf"x{PARTS}|{SETS}(x|inputs?|images?|features?)"
TARGETS = rf"[yt]{PARTS}|{SETS}(y|labels?|targets?|outputs?)"


def draw_samples(labels: Array, D: int, C: int) -> tuple[Array, Array]:
    """Return inputs (N, D) for labels, and these as one-hot rows (N, C), or as one column."""
    x = np.random.default_rng(0).standard_normal((len(labels), D))
    return x, np.eye(C)[labels] if C > 1 else labels.reshape(-1, 1).astype(float)


def make_dataset(D: int, C: int, layout: int) -> Callable[[str], Any]:
    """Return a function that gives data for the name of inputs or targets, None for any other.

    layout is 0 for rows with labels, 1 for rows with one-hot rows or one column, 2 for columns
    with the same as columns, and 3 for columns with labels.
    """
    labels = (max(C, 2) - 1 - np.arange(N)) % max(C, 2)
    x, hot = draw_samples(labels, D, C)
    inputs = x if layout < 2 else x.T
    targets = (labels, hot, hot.T, labels)[layout]

    def give(name: str) -> Any:
        simple = simplify_name(name)
        if re.fullmatch(INPUTS, simple):
            return inputs.copy()
        return targets.copy() if re.fullmatch(TARGETS, simple) else None

    return give


def guess_sizes_of_text(text: str) -> tuple[int, int]:
    """Return how many inputs and classes the text of a script is likely to expect."""
    return MNIST if re.search(r"\b784\b", text) else USUAL


def correct_sizes(D: int, C: int, message: str) -> tuple[int, int] | None:
    """Return the sizes that NumPy's error on two shapes asks for, None where it names neither."""
    found = re.findall(r"\([\d, ]+\)", message)
    shapes = [tuple(map(int, re.findall(r"\d+", text))) for text in found]
    if len(shapes) != 2 or any(len(shape) != 2 for shape in shapes):
        return None
    (a, b), (c, d) = shapes
    is_product = "align" in message or "matmul" in message
    pairs = [(b, c), (c, b)] if is_product else [(b, d), (d, b), (a, c), (c, a)]
    for own, other in pairs:
        if other in (own, N):
            continue
        if own == D:
            return other, C
        if own == C:
            return D, other
    return None
