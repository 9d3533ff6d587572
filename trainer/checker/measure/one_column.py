"""Recognise nets of one output column, which are written for two classes or for one number."""

from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.adapt.subject import make_subject
from trainer.checker.findings.comparing import FLOAT32, as_array, as_number, compute_error
from trainer.checker.measure.explaining import Case, Numbers
from trainer.checker.measure.reference import BINARY, compute_reference
from trainer.checker.measure.trial import Trial, collect_values
from trainer.common.language import N_

ONE_COLUMN = N_(
    "right with one output column, but only nets with an output for each class can be checked"
)


def is_right_with_one_column(trial: Trial) -> bool:
    """Return whether a net that is wrong with an output for each class is right with one output.

    A mean over all outputs, for instance, is the mean over the batch only with one output.
    """
    if trial.form.head not in (*BINARY, "squared-error") or trial.subject.C == 1:
        return False
    return bool(attempt(lambda: _try_one_column(trial)).value)


def _try_one_column(trial: Trial) -> bool:
    subject = make_subject(trial.kind, trial.subject.D, trial.subject.H, 1)
    if subject.weights.problems or subject.weights.absent:
        return False
    weights, t = trial.case.weights, trial.case.t[:, :1]
    first = {"W2": weights["W2"][:, :1], "b2": weights["b2"][:1]}
    single = Trial(trial.kind, subject, Case(weights | first, trial.case.x, t))
    right = compute_reference(trial.form, single.case.weights, single.case.x, t)
    runs = (collect_values(single.call_methods(target)) for target in (t, t.ravel()))
    return any(_is_right(got, right) for got in runs)


def _is_right(got: dict[str, Any], right: Numbers) -> bool:
    """Return whether predict is right, and loss and gradient a multiple > 0 of the right ones."""
    loss, outputs = as_number(got.get("loss")), as_array(got.get("predict"))
    if loss is None or outputs is None:
        return False
    known = (right["y"], right["y"] > 0.5, right["a2"])
    is_known = any(compute_error(outputs.ravel(), np.ravel(y)) <= FLOAT32 for y in known)
    scale = loss / right["loss"]
    errors = [compute_error(got.get(key), scale * right[key]) for key in PARAMS]
    return is_known and scale > FLOAT32 and max(errors) <= FLOAT32
