"""Computes the expected numbers of a two-layer net by hand in float64, in each form."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from trainer.book.functions import Array, log_softmax, relu, sigmoid, softmax
from trainer.checker.measure.explaining import Case, Numbers

Function = Callable[[Array], Array]
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
GELU = math.sqrt(2 / math.pi)  # GELU by tanh: Hendrycks and Gimpel 2016


def _make_elu(scale: float, alpha: float) -> tuple[Function, Function]:
    return (
        lambda a: scale * np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0))),
        lambda a: scale * np.where(a > 0, 1.0, alpha * np.exp(np.minimum(a, 0))),
    )


def _make_leaky_relu(slope: float) -> tuple[Function, Function]:
    return lambda a: np.where(a > 0, a, slope * a), lambda a: np.where(a > 0, 1.0, slope)


def _softplus(a: Array) -> Array:
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def _normal_cdf(a: Array) -> Array:
    return 0.5 * (1 + np.vectorize(math.erf)(a / math.sqrt(2)))


def _gelu_slope(a: Array) -> Array:
    return _normal_cdf(a) + a * np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh(a: Array) -> Array:
    return np.tanh(GELU * (a + 0.044715 * a**3))


def _gelu_tanh_slope(a: Array) -> Array:
    h = _gelu_tanh(a)
    return (1 + h) / 2 + a / 2 * (1 - h**2) * GELU * (1 + 3 * 0.044715 * a**2)


def _mish_slope(a: Array) -> Array:
    h = np.tanh(_softplus(a))
    return h + a * (1 - h**2) * sigmoid(a)


# Each hidden activation h, and its derivative h′.
ACTIVATIONS: dict[str, tuple[Function, Function]] = {
    "sigmoid": (sigmoid, lambda a: sigmoid(a) * (1 - sigmoid(a))),
    "relu": (relu, lambda a: (a > 0).astype(np.float64)),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "leaky-relu": _make_leaky_relu(0.01),
    "leaky-relu 0.1": _make_leaky_relu(0.1),
    "leaky-relu 0.2": _make_leaky_relu(0.2),
    "elu": _make_elu(1.0, 1.0),
    "softplus": (_softplus, sigmoid),
    "swish": (lambda a: a * sigmoid(a), lambda a: sigmoid(a) * (1 + a * (1 - sigmoid(a)))),
    "gelu": (lambda a: a * _normal_cdf(a), _gelu_slope),
    "gelu by tanh": (lambda a: a / 2 * (1 + _gelu_tanh(a)), _gelu_tanh_slope),
    "selu": _make_elu(SELU_SCALE, SELU_ALPHA),
    "mish": (lambda a: a * np.tanh(_softplus(a)), _mish_slope),
    "softsign": (lambda a: a / (1 + np.abs(a)), lambda a: 1 / (1 + np.abs(a)) ** 2),
    "arctan": (np.arctan, lambda a: 1 / (1 + a**2)),
    "sine": (np.sin, np.cos),
    "scaled tanh": (
        lambda a: 1.7159 * np.tanh(a * 2 / 3),
        lambda a: 1.7159 * 2 / 3 * (1 - np.tanh(a * 2 / 3) ** 2),
    ),
}
LEAKY = "leaky-relu "  # before a slope other than 0.01


@dataclass(frozen=True)
class Head:
    """An output and its loss.

    output gives y from a2 (N, C), losses the loss (N,) of each sample from a2 and one-hot rows t,
    and slope the gradient of their sum with respect to a2.
    """

    output: Function
    losses: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


def _identity(a: Array) -> Array:
    return a


def _sum_rows(values: Array) -> Array:
    return values.sum(axis=1)


def _softmax_squares_slope(a: Array, t: Array) -> Array:
    y = softmax(a)
    return y * (y - t - ((y - t) * y).sum(axis=1, keepdims=True))


def _sigmoid_squares_slope(a: Array, t: Array) -> Array:
    y = sigmoid(a)
    return (y - t) * y * (1 - y)


def _measure_margins(a: Array, t: Array) -> Array:
    """Return how far each wrong class is inside the margin of 1 before the right one."""
    return np.maximum(0, a - (a * t).sum(axis=1, keepdims=True) + 1 - t)


def _margins_slope(factors: Array, t: Array) -> Array:
    """Return the gradient with respect to a of Σ factors · margins."""
    return factors - t * factors.sum(axis=1, keepdims=True)


HEADS: dict[str, Head] = {
    "cross-entropy": Head(
        softmax,
        lambda a, t: -_sum_rows(t * log_softmax(a)),
        lambda a, t: softmax(a) * t.sum(axis=1, keepdims=True) - t,
    ),
    "squared-error": Head(_identity, lambda a, t: _sum_rows((a - t) ** 2) / 2, lambda a, t: a - t),
    "squared-error of softmax": Head(
        softmax, lambda a, t: _sum_rows((softmax(a) - t) ** 2) / 2, _softmax_squares_slope
    ),
    "squared-error of sigmoid": Head(
        sigmoid, lambda a, t: _sum_rows((sigmoid(a) - t) ** 2) / 2, _sigmoid_squares_slope
    ),
    "binary cross-entropy": Head(
        sigmoid, lambda a, t: _sum_rows(_softplus(a) - a * t), lambda a, t: sigmoid(a) - t
    ),
    "hinge": Head(
        _identity,
        lambda a, t: _sum_rows(_measure_margins(a, t)),
        lambda a, t: _margins_slope((_measure_margins(a, t) > 0).astype(np.float64), t),
    ),
    "squared hinge": Head(
        _identity,
        lambda a, t: _sum_rows(_measure_margins(a, t) ** 2),
        lambda a, t: _margins_slope(2 * _measure_margins(a, t), t),
    ),
}


def get_activation(name: str) -> tuple[Function, Function]:
    """Return h and h′ of a hidden activation; the name of a leaky ReLU may end with a slope."""
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]
    return _make_leaky_relu(float(name.removeprefix(LEAKY)))


@dataclass(frozen=True)
class Form:
    """A hidden activation and an output with its loss."""

    activation: str
    head: str


BINARY = ("binary cross-entropy", "squared-error of sigmoid")  # heads with a sigmoid for each class
FORMS = [Form(activation, head) for head in HEADS for activation in ACTIVATIONS]


def compute_step(form: Form, weights: dict[str, Array], x: Array, t: Array) -> dict[str, Array]:
    """Return the quantities of a step by the book's letters: a1, z1 (N, H), a2, y (N, C), the
    losses (N,), da2, dz1, da1 and the gradients dW1, db1, dW2, db2 of the mean loss.

    x is (N, D), t one-hot (N, C).
    """
    (h, h_slope), head = get_activation(form.activation), HEADS[form.head]
    a1 = x @ weights["W1"] + weights["b1"]  # (N, H)
    z1 = h(a1)  # (N, H)
    a2 = z1 @ weights["W2"] + weights["b2"]  # (N, C)
    da2 = head.slope(a2, t) / len(x)  # (N, C)
    dz1 = da2 @ weights["W2"].T  # (N, H)
    da1 = dz1 * h_slope(a1)  # (N, H)
    return {
        "a1": a1, "z1": z1, "a2": a2, "y": head.output(a2), "losses": head.losses(a2, t),
        "da2": da2, "dW2": z1.T @ da2, "db2": da2.sum(axis=0), "dz1": dz1, "da1": da1,
        "dW1": x.T @ da1, "db1": da1.sum(axis=0), "h′(a1)": h_slope(a1),
    }  # fmt: skip


def compute_reference(form: Form, weights: dict[str, Array], x: Array, t: Array) -> Numbers:
    """Return a2 and y (N, C), the mean loss, and its gradient by the keys of weights.

    x is (N, D), t one-hot (N, C).
    """
    with np.errstate(all="ignore"):  # x may be what only hostile callers give
        step = compute_step(form, weights, x, t)
    made = {"a2": step["a2"], "y": step["y"], "loss": float(step["losses"].sum() / len(x))}
    return made | {key: step[f"d{key}"] for key in weights}


@lru_cache(maxsize=1024)
def get_reference(form: Form, case: Case) -> Numbers:
    """Return the reference of a case, computed once: it is needed many times."""
    return compute_reference(form, case.weights, case.x, case.t)
