"""Builds the hand-written net with mistakes in forms that it does not have.

These are tanh in the hidden layer, sigmoid outputs, and the hinge loss.
"""

from functools import cache
from typing import cast

from trainer.auditing.plant import plant
from trainer.common.settings import Activation, Loss
from trainer.nets.numpy_net import TwoLayerNet

LOGISTIC = "binary cross-entropy"
HINGE = "hinge"
SOFTMAX = 'return softmax(a2) if self.loss_name == "cross-entropy" else a2'
COST = "_average_over_batch(-t * np.log(sigmoid(a2)) - (1 - t) * np.log(1 - sigmoid(a2)))"
# Text of the net → the same in that form. The net is that for a sigmoid, or the squared error.
TANH = (("z1 = sigmoid(a1)", "z1 = np.tanh(a1)"), ("z1 * (1 - z1)", "1 - z1**2"))
OUTPUT = ((SOFTMAX, "return sigmoid(a2)"), ("return squared_error(a2, t)", f"return {COST}"))
# The margins of the classes, 0 for the correct one, and what a positive margin adds to da2.
MARGINS = "(y - (y * one_hot(t, y)).sum(axis=1, keepdims=True) + 1 - one_hot(t, y))"
SLOPES = f"(({MARGINS} > 0) - one_hot(t, y) * ({MARGINS} > 0).sum(axis=1, keepdims=True))"
HINGED = (
    ("return squared_error(a2, t)", f"y = a2; return _average_over_batch({MARGINS}.clip(0))"),
    ("one_hot(t, y) - y", f"-{SLOPES}"), ("da2 = y - one_hot(t, y)", f"da2 = {SLOPES}"),
    ("da2 = (y - one_hot(t, y))", f"da2 = {SLOPES}"),
)  # fmt: skip
# Mistakes whose description is not true of such a net.
UNLIKE = {"tanh": {"sigmoid-grad-of-output", "float32-inside"}, LOGISTIC: {"mse-mean"},
          HINGE: {"mse-mean", "target-not-subtracted", "output-grad-extra"}}  # fmt: skip
REWRITES = {LOGISTIC: OUTPUT, HINGE: HINGED}


def get_settings(activation: str, loss: str) -> tuple[Activation, Loss]:
    """Return the settings of the hand-written net that a form is made from."""
    base = "sigmoid" if activation == "tanh" else activation
    head = "squared-error" if loss in REWRITES else loss
    return cast(Activation, base), cast(Loss, head)


def plant_form(activation: str, loss: str, *slugs: str) -> type[TwoLayerNet]:
    """Return the class TwoLayerNet in a form, with the mistakes of these slugs."""
    rewrites = (TANH if activation == "tanh" else ()) + REWRITES.get(loss, ())
    return plant(*slugs, rewrites=rewrites) if rewrites else plant(*slugs)


@cache
def list_unlike(activation: str, loss: str) -> frozenset[str]:
    """Return the mistakes that are not named for a form."""
    return frozenset(UNLIKE.get(activation, set()) | UNLIKE.get(loss, set()))
