"""The expected numbers, which are computed by hand, against torch's autograd in every form."""

import pytest
import torch
from torch.nn import functional

from trainer.checker.findings.comparing import compute_error
from trainer.checker.measure.cases import make_case
from trainer.checker.measure.reference import ACTIVATIONS, FORMS, HEADS, compute_reference

TORCH = {
    "sigmoid": torch.sigmoid, "relu": torch.relu, "tanh": torch.tanh,
    "leaky-relu": functional.leaky_relu, "leaky-relu 0.1": lambda a: functional.leaky_relu(a, 0.1),
    "leaky-relu 0.2": lambda a: functional.leaky_relu(a, 0.2), "elu": functional.elu,
    "softplus": functional.softplus, "swish": functional.silu, "gelu": functional.gelu,
    "gelu by tanh": lambda a: functional.gelu(a, approximate="tanh"), "selu": functional.selu,
    "mish": functional.mish, "softsign": functional.softsign, "arctan": torch.arctan,
    "sine": torch.sin, "scaled tanh": lambda a: 1.7159 * torch.tanh(a * 2 / 3),
}  # fmt: skip


def measure_margins(a, t):
    return (a - (a * t).sum(dim=1, keepdim=True) + 1 - t).clamp_min(0)


LOSSES = {
    "cross-entropy": lambda a, t: functional.cross_entropy(a, t, reduction="sum"),
    "squared-error": lambda a, t: ((a - t) ** 2).sum() / 2,
    "squared-error of softmax": lambda a, t: ((a.softmax(dim=1) - t) ** 2).sum() / 2,
    "squared-error of sigmoid": lambda a, t: ((a.sigmoid() - t) ** 2).sum() / 2,
    "binary cross-entropy": lambda a, t: functional.binary_cross_entropy_with_logits(
        a, t, reduction="sum"
    ),
    "hinge": lambda a, t: measure_margins(a, t).sum(),
    "squared hinge": lambda a, t: (measure_margins(a, t) ** 2).sum(),
}


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_of_each_form_are_those_of_autograd(seed):
    assert (TORCH.keys(), LOSSES.keys()) == (ACTIVATIONS.keys(), HEADS.keys())
    case = make_case(seed)
    for form in FORMS:
        got = compute_reference(form, case.weights, case.x, case.t)
        params = {k: torch.tensor(w, requires_grad=True) for k, w in case.weights.items()}
        a1 = torch.from_numpy(case.x) @ params["W1"] + params["b1"]
        a2 = TORCH[form.activation](a1) @ params["W2"] + params["b2"]
        loss = LOSSES[form.head](a2, torch.from_numpy(case.t)) / len(case.x)
        grads = torch.autograd.grad(loss, list(params.values()))
        expected = {"loss": loss.item(), **dict(zip(params, grads, strict=True))}
        assert max(compute_error(got[k], value) for k, value in expected.items()) < 1e-13, form
