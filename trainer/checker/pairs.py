"""Two mistakes of the forward pass at once, where neither alone gives the outputs."""

from functools import cache
from itertools import combinations
from typing import Any

from trainer import functions, numpy_net
from trainer.checker.explaining import Case, made_by, matches, slugs
from trainer.mistakes import MISTAKES
from trainer.plant import _changed

FORWARD = (
    "bias-missing-forward", "bias-missing-output", "activation-missing", "sigmoid-before-softmax",
    "softmax-axis", "softmax-whole-batch", "double-softmax",
)  # fmt: skip


@cache
def plant_both(first: str, second: str) -> type | None:
    """The hand-written net with two mistakes, where they are in different lines."""
    one, two = MISTAKES[first], MISTAKES[second]
    pairs = [(one.net, two.net), (one.functions, two.functions)]
    if any(a[key] != b[key] for a, b in pairs for key in a.keys() & b.keys()):
        return None
    net = _changed(numpy_net, one.net | two.net)
    changed = _changed(functions, one.functions | two.functions)
    vars(net).update({k: v for k, v in vars(changed).items() if not k.startswith("__")})
    return net.TwoLayerNet


def both(activation: str, loss: str, case: Case, outputs: Any) -> tuple[str, str] | None:
    """The two mistakes of the forward pass that together give these outputs."""
    known = [slug for slug in FORWARD if slug in slugs(activation, loss)]
    for pair in combinations(known, 2):
        kind = plant_both(*pair)
        if kind and matches("predict", outputs, made_by(kind, activation, loss, case)):
            return pair
    return None
