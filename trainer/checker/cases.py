"""Inputs that hide nothing: N, D, H, C all different, biases, nothing near a kink or an edge."""

from functools import lru_cache

import numpy as np

from trainer.book.functions import Array
from trainer.checker.explaining import Case

N, D, H, C = 7, 5, 6, 3
TRIES = 400


@lru_cache(maxsize=8)
def make_case(seed: int, sizes: tuple[int, int, int] = (D, H, C)) -> Case:
    """Weights, x (N, D) and one-hot t (N, C) for which each mistake gives its own numbers.

    Every |a1| is clear of ReLU's kink, every probability of 0, every largest output of the next.
    """
    rng = np.random.default_rng(seed)
    best, clearest = _draw(rng, sizes), -np.inf
    for _ in range(TRIES):
        case = _draw(rng, sizes)
        clear = _clearance(case)
        if clear > clearest:
            best, clearest = case, clear
        if clearest >= 1:
            break
    return best


def _draw(rng: np.random.Generator, sizes: tuple[int, int, int]) -> Case:
    D, H, C = sizes
    weights = {
        "W1": rng.normal(size=(D, H)) / np.sqrt(D),
        "b1": rng.uniform(0.2, 0.8, H) * rng.choice([-1, 1], H),
        "W2": rng.normal(size=(H, C)) * 1.2 / np.sqrt(H),
        "b2": rng.uniform(0.2, 0.6, C) * rng.choice([-1, 1], C),
    }
    labels = rng.permutation(np.resize(np.arange(C), N))
    return Case(weights, rng.normal(size=(N, D)), np.eye(C)[labels])


def _clearance(case: Case) -> float:
    """1 or more where nothing is close; the smallest of the margins over what they should be."""
    small = case.x.shape[1] < 50
    a1 = case.x @ case.weights["W1"] + case.weights["b1"]
    w = [np.abs(a1).min() / (0.03 if small else 1e-3), ((a1 > 0).any(axis=0)).all() / 1.0]
    for hidden in (1 / (1 + np.exp(-a1)), np.maximum(a1, 0), np.tanh(a1)):
        a2 = hidden @ case.weights["W2"] + case.weights["b2"]
        exp = np.exp(a2 - a2.max(axis=1, keepdims=True))
        y = exp / exp.sum(axis=1, keepdims=True)
        top = np.sort(a2, axis=1)
        w += [(top[:, -1] - top[:, -2]).min() / 0.02, y.min() / (0.02 if small else 1e-3)]
    return float(min(w))


def partly_right(outputs: Array) -> Array:
    """Labels that agree with the largest output of all rows but three."""
    labels = outputs.argmax(axis=1)
    labels[:3] = (labels[:3] + 1) % outputs.shape[1]
    return labels


def one_hot(labels: Array, C: int) -> Array:
    """Rows (N, C)."""
    return np.eye(C)[labels]
