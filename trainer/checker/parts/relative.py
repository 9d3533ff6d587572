"""What functions around a net must give: layer_sizes, predict, and the training function.

What predict and the training function must give follows from the file's own functions, whose
values a run returns under OWN. These values come from somebody's process: where they have not the
expected form, nothing is known, and nothing is right.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import FLOAT32, as_array, as_number, compute_error
from trainer.checker.parts.operations import Operation, Results, Rule, Values, give_always
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import OWN
from trainer.checker.shapes.training_loop import LR, RATE, UNITS
from trainer.common.language import N_

SIZES = {
    "sizes-of-samples": N_(
        "the samples are counted (where they are columns, X has the shape (n_x, m) and Y the shape "
        "(n_y, m))"
    )
}
CLASSES = {
    "threshold-side": N_(
        "the comparison is the wrong way round (a sample is of class 1 where a2 > 0.5)"
    ),
    "threshold-low": N_("every sample is of class 1 (compare a2 with 0.5)"),
    "threshold-high": N_(
        "every sample is of class 0 (compare a2 with 0.5: argmax and int give 0 for one output "
        "below 1)"
    ),
    "classes-axis": N_(
        "argmax is taken over the samples (take it over the outputs of each sample)"
    ),
}
TRAINING = {
    "update-unused": N_(
        "the loop never uses the updated parameters (parameters = update_parameters(parameters, "
        "grads))"
    ),
    "update-repeated": N_("each iteration updates the parameters twice (update them once)"),
    "gradient-stale": N_(
        "every iteration uses the gradients of the first (compute forward and backward inside the "
        "loop)"
    ),
    "restarted": N_("each iteration starts from new parameters (initialise them before the loop)"),
    "hidden-ignored": N_("the given number of hidden units is not used (W1 has n_h rows)"),
    "rate-ignored": N_("the given learning rate is not passed on to the update"),
}
# Mistakes of the training → the own values that they give.
STEPS = {"update-repeated": "repeated", "gradient-stale": "stale", "restarted": "restarted"}
NOTHING = Operation(lambda _d: {}, lambda _d: {})
LAYER_SIZES = Operation(
    lambda _d: {"n_x": np.array(6.0), "n_y": np.array(1.0)},
    lambda d: {"sizes-of-samples": dict.fromkeys(("n_x", "n_y"), np.array(float(len(d.x))))},
)


def _get_own(results: Results) -> Mapping[str, Any]:
    own = results.get(OWN)
    return own if isinstance(own, dict) else {}


def _make_predict(results: Results) -> Operation:
    """Return the operation of predict for the own outputs (N, C) of the forward pass."""
    own = _get_own(results)
    a2 = as_array(own.get("a2"))
    if a2 is None or a2.ndim != 2 or not a2.size or not np.isfinite(a2).all():
        return NOTHING
    columns = as_number(own.get("columns")) == 1
    return Operation(
        partial(_pick_classes, a2, columns, results.get("classes")),
        lambda _d: _mistake_classes(a2, columns),
    )


def _pick_classes(a2: Array, columns: bool, got: Any, _d: Draw) -> Values:
    """Return the classes as numbers or one-hot, or the outputs, whichever predict gives."""
    labels = a2.argmax(axis=1)
    ways = [labels, np.eye(a2.shape[1])[labels], a2] if a2.shape[1] > 1 else [a2 > 0.5, a2]
    turned = [way.T if columns else way for way in ways]
    fits = (way for way in turned if compute_error(got, way) <= FLOAT32)
    return {"classes": np.asarray(next(fits, turned[0]), dtype=np.float64)}


def _mistake_classes(a2: Array, columns: bool) -> dict[str, Values]:
    if a2.shape[1] > 1:
        made = {"classes-axis": a2.argmax(axis=0)}
    else:
        turned = a2.T if columns else a2
        made = {"threshold-side": turned < 0.5, "threshold-low": turned < 2,
                "threshold-high": turned > 2}  # fmt: skip
    return {slug: {"classes": np.asarray(c, dtype=np.float64)} for slug, c in made.items()}


def _make_training(results: Results) -> Operation:
    """Return the operation of a training function for the own steps from its first weights."""
    own = _get_own(results)
    if not _get_params(own, "steps"):
        return NOTHING
    right = _get_params(own, "steps") | ({RATE: np.array(LR)} if RATE in results else {})
    units = as_number(own.get("units"))
    right |= {UNITS: np.array(units)} if units is not None else {}
    mistaken = {slug: _get_params(own, key) for slug, key in STEPS.items()}
    mistaken["hidden-ignored"] = _get_number(UNITS, own.get("more units"))
    mistaken["rate-ignored"] = _get_number(RATE, results.get(RATE))
    if as_number(own.get("learns")) == 1:
        mistaken["update-unused"] = _get_params(own, "start")
    known = {slug: values for slug, values in mistaken.items() if values}
    return Operation(lambda _d: right, lambda _d: known)


def _get_params(own: Mapping[str, Any], key: str) -> Values:
    """Return W1 … b2 of the own values under a key, {} where one of them is no array."""
    given = own.get(key)
    arrays = {k: as_array(given.get(k)) for k in PARAMS} if isinstance(given, dict) else {}
    found = {k: array for k, array in arrays.items() if array is not None}
    is_known = len(found) == len(PARAMS) and all(np.isfinite(a).all() for a in found.values())
    return found if is_known else {}


def _get_number(label: str, value: Any) -> Values:
    number = as_number(value)
    return {label: np.array(number)} if number is not None else {}


TRAINER = Rule(_make_training, ("layer_sizes",), TRAINING, is_open=True, is_free=True,
               is_relative=True)  # fmt: skip
RULES = {
    "layer_sizes": Rule(give_always(LAYER_SIZES), (), SIZES, is_open=True, is_free=True),
    "predict": Rule(_make_predict, (), CLASSES, is_open=True, is_free=True, is_relative=True),
}
