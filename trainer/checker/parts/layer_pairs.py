"""What layer functions such as linear_forward must give, and what known mistakes give.

Their results are compared as rows: x (N, D), w (D, M), b (M,).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array, sigmoid
from trainer.checker.findings.comparing import CLOSE, FLOAT32, as_array, compute_error
from trainer.checker.measure.reference import ACTIVATIONS
from trainer.checker.parts import operations as ops
from trainer.checker.parts.operations import (
    WITHOUT_BIAS,
    Operation,
    Results,
    Rule,
    Values,
    compute_affine,
    give_always,
    go_back,
)
from trainer.checker.shapes.deep import COUNTS, GRADIENTS, PAIRS, SINGLES
from trainer.checker.shapes.draws import Draw, draw_deep
from trainer.checker.shapes.shape import FAILED, OWN
from trainer.common.language import N_

KNOWN = ("relu", "sigmoid", "tanh")  # the activations that the file's function may have
BACKWARD: dict[str, Operation] = {"relu": ops.RELU_BACKWARD, "sigmoid": ops.SIGMOID_BACKWARD}
REASONS = {
    WITHOUT_BIAS: N_("the bias is missing (Z = W A + b)"),
    "activation-missing": N_("the activation is missing (A = g(Z))"),
    "bias-grad-mean": N_("db is divided by m once too often (db = Σ dZ / m)"),
    "bias-grad-missing": N_("db is 0 (db = Σ dZ / m, over the samples)"),
    "batch-mean-missing": N_(
        "the mean over the samples is missing (dW = dZ Aᵀ / m, db = Σ dZ / m)"
    ),
    "batch-mean-twice": N_("dW and db are divided by m twice"),
    "gradient-sign": N_("the sign is wrong (dW = dZ Aᵀ / m, db = Σ dZ / m, dA_prev = Wᵀ dZ)"),
}


def compute_forward(activation: str, d: Draw) -> Array:
    """Return g(x w + b) (N, M)."""
    a = compute_affine(d)
    return ACTIVATIONS[activation][0](a) if activation else a


def mistake_forward(activation: str, d: Draw) -> dict[str, Values]:
    """Return the outputs without the bias, and without the activation."""
    made = {WITHOUT_BIAS: compute_forward(activation, replace(d, b=0 * d.b))}
    made |= {"activation-missing": compute_forward("", d)} if activation else {}
    return {slug: {activation or "Z": outputs} for slug, outputs in made.items()}


def compute_backward(activation: str, d: Draw, scale: float) -> Values:
    """Return dA_prev, dW and db, the last two times a scale: 1 / N where dZ is of no mean."""
    slope = ACTIVATIONS[activation][1](compute_affine(d)) if activation else 1.0
    grads = go_back(d.flatten(), d.dout * slope)
    dx, dw, db = GRADIENTS
    return {dx: grads["dx"], dw: scale * grads["dw"], db: scale * grads["db"]}


def mistake_backward(activation: str, d: Draw, scale: float) -> dict[str, Values]:
    """Return the gradients with each known mistake."""
    right, N = compute_backward(activation, d, scale), len(d.x)
    made = {
        "batch-mean-missing": right | {"dW": N * right["dW"], "db": N * right["db"]},
        "bias-grad-mean": right | {"db": right["db"] / N},
        "bias-grad-missing": right | {"db": 0 * right["db"]},
        "batch-mean-twice": right | {"dW": right["dW"] / N, "db": right["db"] / N},
        "gradient-sign": {key: -value for key, value in right.items()},
    }
    if activation in BACKWARD:
        wrong = BACKWARD[activation].compute_mistaken(replace(d, a=compute_forward("", d)))
        for slug, results in wrong.items():
            made[slug] = compute_backward("", replace(d, dout=results[""]), scale)
    return made


def _list_activations(results: Results) -> list[str]:
    """Return the activations that the results are of: those that the file's function has."""
    named = dict.fromkeys(label.partition(" ")[0] for label in results)
    return [name for name in named if name in KNOWN]


def _make_forward(activations: Iterable[str]) -> Operation:
    return Operation(
        lambda d: {k or "Z": compute_forward(k, d) for k in activations},
        lambda d: _merge(mistake_forward(k, d) for k in activations),
    )


def _make_backward(activations: Iterable[str], results: Results) -> Operation:
    """Return the operation; its scale is that of the results, since dZ may hold 1 / N already."""

    def find_scale(k: str, d: Draw) -> float:
        sums = _label(k, compute_backward(k, d, 1.0))
        are_sums = all(compute_error(results.get(f), sums[f]) <= CLOSE for f in list(sums)[1:])
        return 1.0 if are_sums else 1 / len(d.x)

    def mistake(k: str, d: Draw) -> dict[str, Values]:
        made = mistake_backward(k, d, find_scale(k, d))
        return {slug: _label(k, values) for slug, values in made.items()}

    return Operation(
        lambda d: _join(_label(k, compute_backward(k, d, find_scale(k, d))) for k in activations),
        lambda d: _merge(mistake(k, d) for k in activations),
    )


def _label(activation: str, values: Values) -> Values:
    return {f"{activation} {key}".strip(): value for key, value in values.items()}


def _join(every: Iterable[Values]) -> Values:
    return {label: value for values in every for label, value in values.items()}


def _merge(every: Iterable[Mapping[str, Values]]) -> dict[str, Values]:
    """Return for each mistake what it gives with every activation."""
    found: dict[str, Values] = {}
    for made in every:
        for slug, values in made.items():
            found.setdefault(slug, {}).update(values)
    return found


def _run_deep(d: Draw) -> tuple[Array, Values]:
    """Return the outputs (1, N) of ReLU, ReLU and sigmoid, and the gradient of the mean loss."""
    params, t = draw_deep(d)
    W1, b1, W2, b2, W3, b3 = params.values()
    x = d.flatten().x.T  # (D, N)
    a1 = W1 @ x + b1
    z1 = np.maximum(a1, 0)
    a2 = W2 @ z1 + b2
    z2 = np.maximum(a2, 0)
    y = sigmoid(W3 @ z2 + b3)  # (1, N)
    da3 = (y - t) / x.shape[1]
    da2 = W3.T @ da3 * (a2 > 0)
    da1 = W2.T @ da2 * (a1 > 0)
    steps = [(da1, x), (da2, z1), (da3, z2)]
    grads = [each for da, z in steps for each in (da @ z.T, da.sum(axis=1, keepdims=True))]
    return y, {f"d{key}": grad for key, grad in zip(params, grads, strict=True)}


def _make_deep(results: Results) -> Operation:
    """Return the operation of the backward pass of three layers.

    Only where the forward pass is ReLU and sigmoid, and the gradient of the last layer is right
    but for a factor, is it known what the other layers must give. An exception counts too.
    """
    return Operation(partial(_compute_deep, results), lambda _d: {})


def _compute_deep(results: Results, d: Draw) -> Values:
    """Return the gradients of three layers, by the factor that the last one shows; {} where the
    outputs or the last gradient are wrong, which is said of them alone.
    """
    outputs, right = _run_deep(d)
    own: Any = results.get(OWN)
    al = own.get("AL") if isinstance(own, dict) else None
    last, want = as_array(results.get("dW3")), right["dW3"]
    if compute_error(al, outputs) > FLOAT32:
        return {}
    if FAILED in results:
        return right
    if last is None or last.shape != want.shape:
        return {}
    factor = float(np.vdot(last, want) / np.vdot(want, want))
    is_right = compute_error(last, factor * want) <= FLOAT32
    return {k: factor * grad for k, grad in right.items()} if is_right else {}


RULES = {
    "sigmoid_backward": Rule(give_always(ops.SIGMOID_BACKWARD)),
    "linear_forward": Rule(give_always(_make_forward([""])), reasons=REASONS),
    "linear_backward": Rule(lambda results: _make_backward([""], results), reasons=REASONS),
    "linear_activation_forward": Rule(
        lambda results: _make_forward(_list_activations(results)), ("linear_forward",), REASONS
    ),
    "linear_activation_backward": Rule(
        lambda results: _make_backward(_list_activations(results), results),
        (*SINGLES, *PAIRS, *PAIRS.values()), REASONS,
    ),
    "L_model_backward": Rule(_make_deep, tuple(COUNTS), is_open=True),
}  # fmt: skip
