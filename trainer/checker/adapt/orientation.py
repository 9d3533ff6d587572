"""Tells whether a net takes samples as columns (D, N), as deeplearning.ai's course does."""

from typing import TYPE_CHECKING

import numpy as np

from trainer.checker.adapt.attempts import attempt

if TYPE_CHECKING:
    from trainer.checker.adapt.subject import Subject


def takes_columns(subject: "Subject") -> bool:
    """Return whether a net gives outputs for samples as columns, and none for samples as rows.

    Where it gives none at all, biases that are columns of weights (out, in) tell. What the calls
    leave in the net is not removed.
    """
    N = subject.D + subject.H + subject.C  # no size of the net
    x = np.random.default_rng(0).normal(size=(N, subject.D))

    def gives_outputs(columns: bool) -> bool:
        subject.columns = columns
        outputs = attempt(subject.predict, x).value
        subject.columns = False
        return getattr(outputs, "shape", None) == (N, subject.C)

    if gives_outputs(columns=False):
        return False
    shapes = subject.weights.get_shapes()
    has_columns = all(shapes.get(key, ())[1:] == (1,) for key in ("b1", "b2"))
    is_turned = {"W1", "W2"} <= subject.weights.transposed
    return gives_outputs(columns=True) or (is_turned and has_columns)
