"""The known quantities of a step: the values that the lines of a right net have."""

from dataclasses import dataclass

import numpy as np
import torch

from trainer.book.functions import Array
from trainer.checker.explaining import Case
from trainer.checker.reference import ACTIVATIONS, HEADS, Form


@dataclass(frozen=True)
class Quantity:
    """A value that a line may have; name as in the book, formula as one would write it.

    is_plain is False for multiples by N and negatives of the others.
    """

    name: str
    formula: str
    value: Array
    is_plain: bool = True


def list_quantities(form: Form, case: Case) -> list[Quantity]:
    """Return the quantities of a step of a right net on the case, the book's own first.

    Each stands for its transpose, its negative and its multiple by N too.
    """
    named = _compute(form, case)
    N = len(case.x)
    found = [Quantity(name, formula, value) for name, (formula, value) in named.items()]
    sums = [
        Quantity(f"N·{q.name}", f"N · {q.name}", N * q.value, is_plain=False)
        for q in found
        if q.name[0] == "d" or q.name == "loss"
    ]
    negatives = [
        Quantity(f"−{q.name}", f"−{q.name}", -q.value, is_plain=False)
        for q in found
        if q.name[:2] in ("da", "lo")
    ]
    turned = [
        Quantity(f"{q.name}ᵀ", f"{q.name}ᵀ", q.value.T, q.is_plain)
        for q in [*found, *sums]
        if q.value.ndim == 2
    ]
    return [*found, *sums, *negatives, *turned]


def _compute(form: Form, case: Case) -> dict[str, tuple[str, Array]]:
    """Return the formula and the value of each quantity by its name, in order of computation."""
    output, loss_of = HEADS[form.head]
    h = ACTIVATIONS[form.activation]
    p = {
        k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in case.weights.items()
    }
    x, t = torch.from_numpy(case.x), torch.from_numpy(case.t)
    a1 = x @ p["W1"] + p["b1"]
    z1 = h(a1)
    a2 = z1 @ p["W2"] + p["b2"]
    losses = torch.stack([loss_of(a[None], r[None]) for a, r in zip(a2, t, strict=True)])
    loss = losses.sum() / len(x)
    nodes = {
        "a2": a2,
        "W2": p["W2"],
        "b2": p["b2"],
        "z1": z1,
        "a1": a1,
        "W1": p["W1"],
        "b1": p["b1"],
    }
    grads = dict(
        zip(nodes, torch.autograd.grad(loss, list(nodes.values()), retain_graph=True), strict=True)
    )
    slope = torch.autograd.grad(z1.sum(), a1, retain_graph=True)[0]
    exp = torch.exp(a2)
    shifted = a2 - a2.max(dim=1, keepdim=True)[0]
    y = output(a2)
    values: dict[str, tuple[str, torch.Tensor]] = {
        "a1": ("x W1 + b1", a1),
        "z1": ("h(a1)", z1),
        "a2": ("z1 W2 + b2", a2),
        "y": ("the output", y),
        "loss": ("the mean loss", loss),
        "da2": (
            "(y − t) / N"
            if form.head in ("cross-entropy", "squared-error")
            else "the gradient of a2",
            grads["a2"],
        ),
        "dW2": ("z1ᵀ da2", grads["W2"]),
        "db2": ("Σ da2 over the batch", grads["b2"]),
        "dz1": ("da2 W2ᵀ", grads["z1"]),
        "da1": ("dz1 · h′(a1)", grads["a1"]),
        "dW1": ("xᵀ da1", grads["W1"]),
        "db1": ("Σ da1 over the batch", grads["b1"]),
        "t": ("the one-hot targets", t),
        "x": ("the inputs", x),
        **{k: (f"the parameter {k}", v) for k, v in p.items()},
        "x W1": ("x W1", x @ p["W1"]),
        "z1 W2": ("z1 W2", z1 @ p["W2"]),
        "h′(a1)": ("h′(a1)", slope),
        "1 − z1": ("1 − z1", 1 - z1),
        "e^−a1": ("e^−a1", torch.exp(-a1)),
        "1 + e^−a1": ("1 + e^−a1", 1 + torch.exp(-a1)),
        "a2 − max a2": ("a2 − max a2", shifted),
        "e^a2": ("e^a2", exp),
        "e^(a2 − max a2)": ("e^(a2 − max a2)", torch.exp(shifted)),
        "Σ e^a2": ("Σ e^a2 of each sample", exp.sum(dim=1)),
        "Σ e^(a2 − max a2)": ("Σ e^(a2 − max a2) of each sample", torch.exp(shifted).sum(dim=1)),
        "losses": ("the loss of each sample", losses),
        "log y": ("log y", torch.log(y.clamp_min(1e-300))),
        "labels": ("the labels", t.argmax(dim=1)),
    }
    return {
        name: (formula, np.asarray(value.detach(), dtype=np.float64))
        for name, (formula, value) in values.items()
    }
