"""Draw inputs that hide no mistake: N, D, H and C differ, and no number is near an edge."""

from functools import lru_cache

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.sizes import C, D, H, N
from trainer.checker.measure.explaining import Case

TRIES = 400


@lru_cache(maxsize=8)
def make_case(seed: int, sizes: tuple[int, int, int] = (D, H, C)) -> Case:
    """Draw weights, x (N, D) and one-hot t (N, C) for which each mistake gives its own numbers.

    No a1 is near ReLU's kink, no probability near 0, no two largest outputs of a row near each
    other. If no draw satisfies that, the one that comes nearest is returned.
    """
    rng = np.random.default_rng(seed)
    best, best_margin = _draw_case(rng, sizes), -np.inf
    for _ in range(TRIES):
        case = _draw_case(rng, sizes)
        margin = _measure_margin(case)
        if margin > best_margin:
            best, best_margin = case, margin
        if best_margin >= 1:
            break
    return best


@lru_cache(maxsize=8)
def make_other_cases(sizes: tuple[int, int, int]) -> list[Case]:
    """Return two cases that no small seed draws, the second of fewer samples."""
    first, second = make_case(1001, sizes), make_case(1002, sizes)
    return [first, Case(second.weights, second.x[:5], second.t[:5])]


def _draw_case(rng: np.random.Generator, sizes: tuple[int, int, int]) -> Case:
    D, H, C = sizes
    weights = {
        "W1": rng.normal(size=(D, H)) / np.sqrt(D),
        "b1": rng.uniform(0.2, 0.8, H) * rng.choice([-1, 1], H),
        "W2": rng.normal(size=(H, C)) * 1.2 / np.sqrt(H),
        "b2": rng.uniform(0.2, 0.6, C) * rng.choice([-1, 1], C),
    }
    # Of many classes the last must occur: some nets count the classes by the largest label.
    classes = np.arange(max(C, 2)) if C <= N else np.arange(C)[::-1]
    labels = rng.permutation(np.resize(classes, N))
    t = np.eye(C)[labels] if C > 1 else labels[:, None].astype(float)
    return Case(weights, rng.normal(size=(N, D)), t)


def _measure_margin(case: Case) -> float:
    """Return the smallest margin of the case over what it should be: 1 or more is enough."""
    small = case.x.shape[1] < 50
    a1 = case.x @ case.weights["W1"] + case.weights["b1"]
    margins = [np.abs(a1).min() / (0.03 if small else 1e-3), float((a1 > 0).any(axis=0).all())]
    for z1 in (1 / (1 + np.exp(-a1)), np.maximum(a1, 0), np.tanh(a1)):
        a2 = z1 @ case.weights["W2"] + case.weights["b2"]
        if a2.shape[1] == 1:  # a sigmoid output is a softmax with a second output of 0
            a2 = np.append(a2, np.zeros_like(a2), axis=1)
        exp = np.exp(a2 - a2.max(axis=1, keepdims=True))
        y = exp / exp.sum(axis=1, keepdims=True)
        top = np.sort(a2, axis=1)
        lead = (top[:, -1] - top[:, -2]).min()
        margins += [lead / 0.02, y.min() / (0.02 if small else 1e-3)]
    return float(min(margins))


def make_labels(outputs: Array, wrong: int = 3) -> Array:
    """Return the class of the largest output of each row, but a wrong class for the first rows."""
    labels = outputs.argmax(axis=1)
    labels[:wrong] = (labels[:wrong] + 1) % outputs.shape[1]
    return labels
