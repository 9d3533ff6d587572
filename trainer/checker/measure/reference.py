"""Computes the expected numbers of a two-layer net by torch autograd in float64, in each form."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from trainer.book.functions import Array
from trainer.checker.measure.explaining import Case, Numbers

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "leaky-relu": torch.nn.functional.leaky_relu,
    "leaky-relu 0.1": lambda a: torch.nn.functional.leaky_relu(a, 0.1),
    "leaky-relu 0.2": lambda a: torch.nn.functional.leaky_relu(a, 0.2),
    "elu": torch.nn.functional.elu,
    "softplus": torch.nn.functional.softplus,
    "swish": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "gelu by tanh": lambda a: torch.nn.functional.gelu(a, approximate="tanh"),
    "selu": torch.nn.functional.selu,
    "mish": torch.nn.functional.mish,
    "softsign": torch.nn.functional.softsign,
    "arctan": torch.arctan,
    "sine": torch.sin,
    "scaled tanh": lambda a: 1.7159 * torch.tanh(a * 2 / 3),
}


def _measure_margins(a: Tensor, t: Tensor) -> Tensor:
    """Return how far each wrong class is inside the margin of 1 before the right one."""
    return (a - (a * t).sum(dim=1, keepdim=True) + 1 - t).clamp_min(0)


# Each head has two functions: y from a2, and the loss from a2 and one-hot rows t, summed over
# the batch.
HEADS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "cross-entropy": (
        lambda a: a.softmax(dim=1),
        lambda a, t: -(t * a.log_softmax(dim=1)).sum(),
    ),
    "squared-error": (lambda a: a, lambda a, t: ((a - t) ** 2).sum() / 2),
    "squared-error of softmax": (
        lambda a: a.softmax(dim=1),
        lambda a, t: ((a.softmax(dim=1) - t) ** 2).sum() / 2,
    ),
    "squared-error of sigmoid": (torch.sigmoid, lambda a, t: ((a.sigmoid() - t) ** 2).sum() / 2),
    "binary cross-entropy": (
        torch.sigmoid,
        lambda a, t: torch.nn.functional.binary_cross_entropy_with_logits(a, t, reduction="sum"),
    ),
    "hinge": (lambda a: a, lambda a, t: _measure_margins(a, t).sum()),
    "squared hinge": (lambda a: a, lambda a, t: (_measure_margins(a, t) ** 2).sum()),
}


LEAKY = "leaky-relu "  # before a slope other than torch's 0.01


def _get_activation(name: str) -> Callable[[Tensor], Tensor]:
    """Return a hidden activation; the name of a leaky ReLU may end with another slope."""
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]
    slope = float(name.removeprefix(LEAKY))
    return lambda a: torch.nn.functional.leaky_relu(a, slope)


@dataclass(frozen=True)
class Form:
    """A hidden activation and an output with its loss."""

    activation: str
    head: str


BINARY = ("binary cross-entropy", "squared-error of sigmoid")  # heads with a sigmoid for each class
FORMS = [Form(activation, head) for head in HEADS for activation in ACTIVATIONS]


def compute_reference(form: Form, weights: dict[str, Array], x: Array, t: Array) -> Numbers:
    """Return a2 and y (N, C), the mean loss, and its gradient by the keys of weights.

    x is (N, D), t one-hot (N, C).
    """
    params = {
        k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in weights.items()
    }
    output, loss_of = HEADS[form.head]
    a1 = torch.from_numpy(x) @ params["W1"] + params["b1"]
    a2 = _get_activation(form.activation)(a1) @ params["W2"] + params["b2"]
    loss = loss_of(a2, torch.from_numpy(t)) / len(x)
    grads = torch.autograd.grad(loss, list(params.values()))
    made = {"a2": a2.detach().numpy(), "y": output(a2).detach().numpy(), "loss": loss.item()}
    return made | {key: grad.numpy() for key, grad in zip(params, grads, strict=True)}


@lru_cache(maxsize=1024)
def get_reference(form: Form, case: Case) -> Numbers:
    """Return the reference of a case, computed once: it is needed many times."""
    return compute_reference(form, case.weights, case.x, case.t)
