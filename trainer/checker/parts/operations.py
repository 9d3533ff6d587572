"""The right results of single layers in float64, and those of known mistakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.book.functions import Array, sigmoid, sigmoid_grad
from trainer.checker.shapes.draws import Draw
from trainer.common.language import N_

Values = dict[str, Array]  # the results of a function by their names
Results = Mapping[str, Any]  # what a run gave, by name
WITHOUT_BIAS = "bias-missing-forward"
# The mistakes in the names of single layers, whose input is x and whose gradient is dout.
REASONS = {
    WITHOUT_BIAS: N_("the bias is missing (out = x w + b)"),
    "activation-missing": N_("the activation is missing: the output is its input"),
    "bias-grad-mean": N_("db is the mean of dout over the batch, not the sum (db = Σ dout)"),
    "bias-grad-missing": N_("db is 0 (db = Σ dout over the batch)"),
    "batch-mean-twice": N_("dw and db are divided by N, as dout is already"),
    "gradient-sign": N_("the sign is wrong (dx = dout wᵀ, dw = xᵀ dout, db = Σ dout)"),
    "activation-grad-missing": N_(
        "dout is not multiplied by the derivative of the activation (ReLU: 0 where x ≤ 0)"
    ),
    "hidden-grad-is-activation": N_(
        "dout is multiplied by the output, not by the derivative (ReLU: 1 where x > 0, else 0)"
    ),
    "factors-kept": N_("dout is multiplied by the same input (dx = dout y, dy = dout x)"),
    "relu-grad-of-gradient": N_("the mask of ReLU is where dout > 0 (it must be where x > 0)"),
}
LOSS_REASONS = {
    "batch-mean-missing": N_("dx is not divided by N, but the loss is a mean (dx /= N)"),
    "batch-mean-twice": N_("dx is divided by N twice"),
    "gradient-sign": N_("dx has the other sign"),
    "target-not-subtracted": N_("1 is not subtracted at the correct class (dx = (y − t) / N)"),
}


@dataclass(frozen=True)
class Operation:
    """The results of a function: the right ones, and those that each known mistake gives."""

    compute: Callable[[Draw], Values]
    compute_mistaken: Callable[[Draw], Mapping[str, Values]]


@dataclass(frozen=True)
class Rule:
    """How the results of a function or layer are judged.

    get_operation takes these results, since what is right may follow from values of the file's own
    functions. builds_on are the functions that must be right for this one to be right. reasons
    describes mistakes that are not in the catalogue, or in other words. is_open tells that the
    function may work in ways in which it is not known what is right. is_free tells that other
    results are wrong only where a known mistake gives them, and that an exception is not.
    is_relative tells that results are compared with own values only.
    """

    get_operation: Callable[[Results], Operation]
    builds_on: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)
    is_open: bool = False
    is_free: bool = False
    is_relative: bool = False


def give_always(operation: Operation) -> Callable[[Results], Operation]:
    """Return get_operation for what does not depend on the results."""
    return lambda _results: operation


def _flatten(x: Array) -> Array:
    return x.reshape(len(x), -1)


def compute_affine(d: Draw) -> Array:
    """Return x w + b (N, M)."""
    return _flatten(d.x) @ d.w + d.b


def go_back(d: Draw, dout: Array) -> Values:
    """Return the gradients dx, dw and db of an affine layer."""
    dx = (dout @ d.w.T).reshape(d.x.shape)
    return {"dx": dx, "dw": _flatten(d.x).T @ dout, "db": dout.sum(axis=0)}


def _go_back_through_relu(d: Draw) -> Values:
    return go_back(d, d.dout * (compute_affine(d) > 0))


def _forget_bias(d: Draw) -> dict[str, Values]:
    return {WITHOUT_BIAS: {"": _flatten(d.x) @ d.w}}


def _mistake_bias(right: Values, N: int) -> dict[str, Values]:
    """Return the results of affine_backward with its mistakes; right are the right ones."""
    return {
        "bias-grad-mean": {**right, "db": right["db"] / N},
        "bias-grad-missing": {**right, "db": 0 * right["db"]},
        "batch-mean-twice": {"dx": right["dx"], "dw": right["dw"] / N, "db": right["db"] / N},
        "gradient-sign": {key: -value for key, value in right.items()},
    }


def _mistake_affine(d: Draw) -> dict[str, Values]:
    return _mistake_bias(go_back(d, d.dout), len(d.x))


def _mistake_relu_back(a: Array, dout: Array) -> dict[str, Array]:
    """Return the gradient of a, as wrong backward passes of ReLU compute it."""
    z = np.maximum(a, 0)
    return {
        "activation-grad-missing": dout, "hidden-grad-is-activation": dout * z,
        "relu-grad-of-gradient": np.where(dout > 0, dout, 0),
    }  # fmt: skip


def _mistake_affine_relu_back(d: Draw) -> dict[str, Values]:
    wrong = _mistake_relu_back(compute_affine(d), d.dout)
    made = {slug: go_back(d, grad) for slug, grad in wrong.items()}
    return made | _mistake_bias(_go_back_through_relu(d), len(d.x))


def _mistake_affine_relu(d: Draw) -> dict[str, Values]:
    a = _flatten(d.x) @ d.w
    return {"activation-missing": {"": a + d.b}, WITHOUT_BIAS: {"": np.maximum(a, 0)}}


def _mistake_sigmoid_back(d: Draw) -> dict[str, Values]:
    z = sigmoid(d.a)
    return {
        "activation-grad-missing": {"": d.dout}, "hidden-grad-is-activation": {"": d.dout * z},
        "sigmoid-grad-of-output": {"": d.dout * sigmoid(z) * (1 - sigmoid(z))},
    }  # fmt: skip


AFFINE_FORWARD = Operation(lambda d: {"": compute_affine(d)}, _forget_bias)
AFFINE_BACKWARD = Operation(lambda d: go_back(d, d.dout), _mistake_affine)
RELU_FORWARD = Operation(
    lambda d: {"": np.maximum(d.a, 0)}, lambda d: {"activation-missing": {"": d.a}}
)
RELU_BACKWARD = Operation(
    lambda d: {"": d.dout * (d.a > 0)},
    lambda d: {slug: {"": grad} for slug, grad in _mistake_relu_back(d.a, d.dout).items()},
)
AFFINE_RELU_FORWARD = Operation(
    lambda d: {"": np.maximum(compute_affine(d), 0)}, _mistake_affine_relu
)
AFFINE_RELU_BACKWARD = Operation(_go_back_through_relu, _mistake_affine_relu_back)
MUL = Operation(
    lambda d: {"out": d.a * d.second, "dx": d.dout * d.second, "dy": d.dout * d.a},
    lambda d: {"factors-kept": {"dx": d.dout * d.a, "dy": d.dout * d.second}},
)
ADD = Operation(lambda d: {"out": d.a + d.second, "dx": d.dout, "dy": d.dout}, lambda _d: {})
SIGMOID_FORWARD = Operation(
    lambda d: {"": sigmoid(d.a)}, lambda d: {"activation-missing": {"": d.a}}
)
SIGMOID_BACKWARD = Operation(lambda d: {"": d.dout * sigmoid_grad(d.a)}, _mistake_sigmoid_back)
