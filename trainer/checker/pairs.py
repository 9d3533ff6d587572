"""Finds two mistakes of the forward pass at once, where neither alone gives the outputs."""

from itertools import combinations

from trainer.checker.explaining import Case, matches, select_slugs, simulate_net

FORWARD = (
    "bias-missing-forward", "bias-missing-output", "activation-missing", "sigmoid-before-softmax",
    "softmax-axis", "softmax-whole-batch", "double-softmax",
)  # fmt: skip


def find_pair(activation: str, loss: str, case: Case, outputs: object) -> tuple[str, str] | None:
    """Return the two mistakes of the forward pass that together give these outputs, if any do."""
    known = [slug for slug in FORWARD if slug in select_slugs(activation, loss)]
    for pair in combinations(known, 2):
        try:
            made = simulate_net(case, activation, loss, *pair)
        except ValueError:  # Both mistakes change the same line.
            continue
        if matches("predict", outputs, made):
            return pair
    return None
