"""Two mistakes of the forward pass at once, where neither alone gives the outputs."""

from itertools import combinations
from typing import Any

from trainer.auditing.plant import plant
from trainer.checker.explaining import Case, made_by, matches, slugs

FORWARD = (
    "bias-missing-forward", "bias-missing-output", "activation-missing", "sigmoid-before-softmax",
    "softmax-axis", "softmax-whole-batch", "double-softmax",
)  # fmt: skip


def both(activation: str, loss: str, case: Case, outputs: Any) -> tuple[str, str] | None:
    """The two mistakes of the forward pass that together give these outputs."""
    known = [slug for slug in FORWARD if slug in slugs(activation, loss)]
    for pair in combinations(known, 2):
        try:
            kind = plant(*pair)
        except ValueError:  # both in the same line
            continue
        if matches("predict", outputs, made_by(kind, activation, loss, case)):
            return pair
    return None
