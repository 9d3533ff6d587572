"""The known quantities of a step: the values that the lines of a right net have."""

from dataclasses import dataclass

import numpy as np

from trainer.book.functions import Array
from trainer.checker.findings.comparing import CLOSE, as_array, compute_error
from trainer.checker.measure.explaining import Case
from trainer.checker.measure.reference import Form, compute_step
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
    if getattr(value, "shape", quantity.value.shape) != quantity.value.shape:
        return False  # most are found here, at once
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
    with np.errstate(all="ignore"):
        made = compute_step(form, case.weights, case.x, case.t)
        made |= _list_ways(made, case)
    if form.activation == "relu":
        made |= {"a1 ≤ 0": made["a1"] <= 0, "a1 > 0": made["a1"] > 0}
    if form.head == "hinge":
        own = (made["a2"] * case.t).sum(axis=1, keepdims=True)
        made["margins"] = np.maximum(made["a2"] - own + 1, 0) * (1 - case.t)
    if made["a2"].shape[1] == 1:  # (N, 1), as the outputs
        made["losses"] = made["losses"][:, None]
        made["dy"] = made["da2"] / (made["y"] * (1 - made["y"]))
    made |= case.weights | {"x": case.x, "t": case.t, "labels": case.t.argmax(axis=1)}
    known = [name for name in FORMULAS if name in made]
    return {name: np.asarray(made[name], dtype=np.float64) for name in known}


def _list_ways(made: dict[str, Array], case: Case) -> dict[str, Array]:
    """Return what people compute on the way to the quantities of a step."""
    a1, a2, w = made["a1"], made["a2"], case.weights
    shifted = a2 - a2.max(axis=1, keepdims=True)  # (N, C)
    return {
        "loss": made["losses"].sum() / len(a1), "N": np.array(len(a1)),
        "x W1": case.x @ w["W1"], "z1 W2": made["z1"] @ w["W2"], "1 − z1": 1 - made["z1"],
        "e^−a1": np.exp(-a1), "1 + e^−a1": 1 + np.exp(-a1),
        "a2 − max a2": shifted, "e^a2": np.exp(a2), "e^(a2 − max a2)": np.exp(shifted),
        "Σ e^a2": np.exp(a2).sum(axis=1), "Σ e^(a2 − max a2)": np.exp(shifted).sum(axis=1),
        "log y": np.log(np.maximum(made["y"], 1e-300)),
    }  # fmt: skip
