"""The known quantities of a step: the values that the lines of a right net have."""

from dataclasses import dataclass

import numpy as np
import torch

from trainer.book.functions import Array
from trainer.checker.findings.comparing import CLOSE, as_array, compute_error
from trainer.checker.measure.explaining import Case
from trainer.checker.measure.reference import ACTIVATIONS, HEADS, Form
from trainer.common.language import N_

# The quantities by name, with their formulas; the book's own come first.
FORMULAS = {
    "a1": "x W1 + b1", "z1": "h(a1)", "a2": "z1 W2 + b2", "y": N_("the output of a2"),
    "loss": N_("the mean loss"), "da2": "∂loss/∂a2", "dy": "∂loss/∂y", "dW2": "z1ᵀ da2",
    "db2": N_("Σ da2 over the batch"), "dz1": "da2 W2ᵀ", "da1": "dz1 · h′(a1)", "dW1": "xᵀ da1",
    "db1": N_("Σ da1 over the batch"), "t": N_("the one-hot targets"), "x": N_("the inputs"),
    "W1": "W1", "b1": "b1", "W2": "W2", "b2": "b2", "x W1": "x W1", "z1 W2": "z1 W2",
    "h′(a1)": "h′(a1)", "a1 ≤ 0": "a1 ≤ 0", "a1 > 0": "a1 > 0", "1 − z1": "1 − z1",
    "e^−a1": "e^−a1", "1 + e^−a1": "1 + e^−a1",
    "a2 − max a2": "a2 − max a2", "e^a2": "e^a2", "e^(a2 − max a2)": "e^(a2 − max a2)",
    "Σ e^a2": N_("Σ e^a2 of each sample"),
    "Σ e^(a2 − max a2)": N_("Σ e^(a2 − max a2) of each sample"),
    "losses": N_("the loss of each sample"), "log y": "log y",
    "margins": "max(0, a2 − a2[t] + 1)", "labels": N_("the labels"),
    "N": N_("the number of samples"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class Quantity:
    """A value that a line may have; name as in the book, formula as one would write it, in English.

    is_plain is False for multiples by N and negatives of the others.
    """

    name: str
    formula: str
    value: Array
    is_plain: bool = True


def has_value(quantity: Quantity, value: object) -> bool:
    """Return whether a value is that of a quantity."""
    array = as_array(value)
    same = array is not None and array.shape == quantity.value.shape
    return same and compute_error(array, quantity.value) <= CLOSE


def list_quantities(form: Form, case: Case) -> list[Quantity]:
    """Return the quantities of a step of a right net on the case, the book's own first.

    Each stands for its transpose, its negative and its multiple by N too.
    """
    values, N = _compute(form, case), len(case.x)
    found = [Quantity(name, FORMULAS[name], value) for name, value in values.items()]
    sums = [
        Quantity(f"N·{q.name}", f"N · {q.name}", N * q.value, is_plain=False)
        for q in found
        if q.name[0] == "d" or q.name == "loss"
    ]
    negatives = [
        Quantity(f"−{q.name}", f"−{q.name}", -q.value, is_plain=False)
        for q in found
        if q.name[:2] in ("da", "lo", "dy")
    ]
    turned = [
        Quantity(f"{q.name}ᵀ", f"{q.name}ᵀ", q.value.T, q.is_plain)
        for q in [*found, *sums, *negatives]
        if q.value.ndim == 2
    ]
    kept = [
        Quantity(q.name, q.formula, q.value.reshape(shape), q.is_plain)
        for q in [*found, *sums]
        if q.value.ndim == 1
        for shape in ((-1, 1), (1, -1))
    ]
    return [*found, *sums, *negatives, *turned, *kept]


def _compute(form: Form, case: Case) -> dict[str, Array]:
    """Return the value of each quantity by its name, in the order of FORMULAS."""
    params = {k: torch.tensor(v, requires_grad=True) for k, v in case.weights.items()}
    x, t = torch.from_numpy(case.x), torch.from_numpy(case.t)
    made = _forward(form, params, x, t)
    nodes = {name: made[name] for name in ("a2", "z1", "a1")} | params
    grads = torch.autograd.grad(made["loss"], list(nodes.values()), retain_graph=True)
    made |= {f"d{name}": grad for name, grad in zip(nodes, grads, strict=True)}
    made["h′(a1)"] = torch.autograd.grad(made["z1"].sum(), made["a1"], retain_graph=True)[0]
    if form.activation == "relu":
        made |= {"a1 ≤ 0": made["a1"] <= 0, "a1 > 0": made["a1"] > 0}
    if form.head == "hinge":
        own = (made["a2"] * t).sum(dim=1, keepdim=True)
        made["margins"] = (made["a2"] - own + 1).clamp_min(0) * (1 - t)
    if made["a2"].shape[1] == 1:  # (N, 1), as the outputs
        made["losses"] = made["losses"][:, None]
        made["dy"] = made["da2"] / (made["y"] * (1 - made["y"]))
    made |= params | {"x": x, "t": t, "labels": t.argmax(dim=1), "N": torch.tensor(len(x))}
    known = [name for name in FORMULAS if name in made]
    return {name: np.asarray(made[name].detach(), dtype=np.float64) for name in known}


def _forward(
    form: Form, params: dict[str, torch.Tensor], x: torch.Tensor, t: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return the quantities of a forward pass, and what people compute on the way."""
    output, loss_of = HEADS[form.head]
    a1 = x @ params["W1"] + params["b1"]  # (N, H)
    z1 = ACTIVATIONS[form.activation](a1)  # (N, H)
    a2 = z1 @ params["W2"] + params["b2"]  # (N, C)
    losses = torch.stack([loss_of(a[None], r[None]) for a, r in zip(a2, t, strict=True)])  # (N,)
    shifted = a2 - a2.max(dim=1, keepdim=True)[0]  # (N, C)
    y = output(a2)  # (N, C)
    return {
        "a1": a1, "z1": z1, "a2": a2, "y": y, "losses": losses, "loss": losses.sum() / len(x),
        "x W1": x @ params["W1"], "z1 W2": z1 @ params["W2"], "1 − z1": 1 - z1,
        "e^−a1": torch.exp(-a1), "1 + e^−a1": 1 + torch.exp(-a1),
        "a2 − max a2": shifted, "e^a2": a2.exp(), "e^(a2 − max a2)": shifted.exp(),
        "Σ e^a2": a2.exp().sum(dim=1), "Σ e^(a2 − max a2)": shifted.exp().sum(dim=1),
        "log y": torch.log(y.clamp_min(1e-300)),
    }  # fmt: skip
