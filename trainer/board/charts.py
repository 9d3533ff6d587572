"""Lay out TensorBoard's custom-scalars page: which scalars share a chart or fill a band.

Every chart shows all selected runs, so that the curves of the backends lie over each other. A run
has one colour, so no chart has two lines of a run. TensorBoard lists "Missing Tags" below a chart
for each run without its tags, except where exactly three are missing: a chart with a band
("Margin") has one line, which has three: its value and both limits of its band.
"""

import math
from typing import Any

from trainer.auditing.audit import ORDER

LOWER, UPPER = "audit/bound/lower", "audit/bound/upper"
LEAST, MOST = -4.0, 12.0  # the limits of a recorded log10(error / bound), for 0 and for infinity
# The two scalars between which a chart fills its band: an error is right up to its bound.
ALLOWED = {LOWER: LEAST, UPPER: 0.0}
SIDES = ("numpy", "torch")
FRACTION = "evaluation/fraction"
# What a run records, for the TEXT page.
SCALARS = {
    "accuracy/train": "fraction of the training images that the net gets right",
    "accuracy/test": "the same of the test images",
    "loss/train": "loss of the iteration's mini-batch",
    FRACTION: "fraction of all images that an evaluation computed; the others cannot have changed "
    "class; 1 where computing all is faster, as on mnist-5k; the accuracies are the same",
}

Layout = dict[str, dict[str, list[Any]]]  # as torch's add_custom_scalars takes it
TRAINING: Layout = {
    "training": {
        "test accuracy": ["Multiline", ["accuracy/test"]],
        "training accuracy, and the gap down to test": [
            "Margin", ["accuracy/train", "accuracy/test", "accuracy/train"],
        ],
        "loss of the mini-batch": ["Multiline", ["loss/train"]],
    }
}  # fmt: skip
# The charts of training come first, since the page opens on the charts of its first run. An audit
# shows log10(error / bound): a value above the band, which ends at 0, is wrong. The page shows the
# last quantity first.
COMPARISON: Layout = {
    **TRAINING,
    "drift of the weights": {"difference / largest": ["Multiline", ["drift/.*"]]},
    **{
        f"{side}: log10(error / bound)": {
            name: ["Margin", [f"audit/{side}/{name}", LOWER, UPPER]] for name in reversed(ORDER)
        }
        for side in SIDES
    },
}


def convert_ratio(ratio: float) -> float:
    """Return log10 of error / bound for a chart, within LEAST … MOST; above 0 is wrong."""
    if math.isnan(ratio):
        return MOST
    return min(max(math.log10(ratio), LEAST), MOST) if ratio > 0 else LEAST
