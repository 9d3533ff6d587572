"""The right results of a layer's forward and backward functions, and those of known mistakes.

Their results are compared as rows: x (N, D), w (D, M), b (M,).
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from trainer.book.functions import Array
from trainer.checker.shapes import operations as ops
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.operations import WITHOUT_BIAS, Operation, Values, differentiate

NAMES = ("dA_prev", "dW", "db")
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "": lambda a: a, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
}  # fmt: skip
BACKWARD: dict[str, Operation] = {"relu": ops.RELU_BACKWARD, "sigmoid": ops.SIGMOID_BACKWARD}
SIZES = (6, 4, 5, 1)  # of a net of three layers
REASONS = {
    WITHOUT_BIAS: "the bias is missing (Z = W A + b)",
    "activation-missing": "the activation is missing (A = g(Z))",
    "bias-grad-mean": "db is divided by m once too often (db = Σ dZ / m)",
    "bias-grad-missing": "db is 0 (db = Σ dZ / m, over the samples)",
    "batch-mean-missing": "the mean over the samples is missing (dW = dZ Aᵀ / m, db = Σ dZ / m)",
    "batch-mean-twice": "dW and db are divided by m twice",
    "gradient-sign": "the sign is wrong (dW = dZ Aᵀ / m, db = Σ dZ / m, dA_prev = Wᵀ dZ)",
}


def compute_forward(activation: str, d: Draw) -> Array:
    """Return g(x w + b) (N, M)."""
    return ACTIVATIONS[activation](torch.from_numpy(_flatten(d) @ d.w + d.b)).numpy()


def mistake_forward(activation: str, d: Draw) -> dict[str, Array]:
    """Return the outputs without the bias, and without the activation."""
    made = {WITHOUT_BIAS: compute_forward(activation, replace(d, b=0 * d.b))}
    return made | ({"activation-missing": compute_forward("", d)} if activation else {})


def compute_backward(activation: str, d: Draw, scale: float) -> Values:
    """Return dA_prev, dW and db, the last two times a scale: 1 / N where dZ is of no mean."""

    def forward(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return ACTIVATIONS[activation](x @ w + b)

    dx, dw, db = differentiate(forward, _flatten(d), d.w, d.b, dout=d.dout)
    return dict(zip(NAMES, (dx, scale * dw, scale * db), strict=True))


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


def draw_deep(d: Draw) -> tuple[dict[str, Array], Array]:
    """Return parameters W1 … b3 for samples as columns, and targets (1, N)."""
    rng, params = d.make_generator(), {}
    for i, (inputs, outputs) in enumerate(pairwise(SIZES), 1):
        params[f"W{i}"] = rng.normal(size=(outputs, inputs))
        params[f"b{i}"] = rng.normal(size=(outputs, 1))
    return params, (d.labels % 2).astype(float)[None]


def run_deep(d: Draw) -> tuple[Array, Values]:
    """Return the outputs (1, N) of ReLU, ReLU and sigmoid, and the gradient of the mean loss."""
    params, t = draw_deep(d)
    x = torch.from_numpy(_flatten(d).T)

    def forward(*p: Tensor) -> Tensor:
        z1 = torch.relu(p[0] @ x + p[1])
        return p[4] @ torch.relu(p[2] @ z1 + p[3]) + p[5]

    def compute_loss(*p: Tensor) -> Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(
            forward(*p), torch.from_numpy(t)
        )

    grads = differentiate(compute_loss, *params.values())
    outputs = torch.sigmoid(forward(*map(torch.from_numpy, params.values()))).numpy()
    return outputs, {f"d{key}": grad for key, grad in zip(params, grads, strict=True)}


def _flatten(d: Draw) -> Array:
    return np.ascontiguousarray(d.flatten().x)
