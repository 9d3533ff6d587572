"""Lay out TensorBoard's custom-scalars page: which scalars share a chart or fill a band.

Every chart shows all selected runs, so that the curves of the backends lie over each other. A run
has one colour, so no chart has two lines of a run. TensorBoard lists "Missing Tags" below a chart
for each run without its tags, except where exactly three are missing: a chart with a band has one
line, which has three.
"""

import math

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.custom_scalar import layout_pb2, metadata
from tensorboard.plugins.custom_scalar.layout_pb2 import Category, Chart
from tensorboard.util.tensor_util import make_tensor_proto

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


def convert_ratio(ratio: float) -> float:
    """Return log10 of error / bound for a chart, within LEAST … MOST; above 0 is wrong."""
    if math.isnan(ratio):
        return MOST
    return min(max(math.log10(ratio), LEAST), MOST) if ratio > 0 else LEAST


def build_training_layout() -> Summary:
    """Return the charts of a training run."""
    return _wrap_layout(*_build_training_categories())


def build_comparison_layout() -> Summary:
    """Return the charts of a comparison of the backends: training, drift, and each audit.

    The charts of training come first, since the page opens on the charts of its first run. An
    audit shows log10(error / bound): a value above the band, which ends at 0, is wrong.
    """
    drift = [_make_line_chart("difference / largest", "drift/.*")]
    audits = [
        Category(title=f"{side}: log10(error / bound)", chart=_make_audit_charts(side))
        for side in SIDES
    ]
    return _wrap_layout(
        *_build_training_categories(), Category(title="drift of the weights", chart=drift), *audits
    )


def _build_training_categories() -> list[Category]:
    test, train = "accuracy/test", "accuracy/train"
    charts = [
        _make_line_chart("test accuracy", test),
        _make_band_chart("training accuracy, and the gap down to test", train, test, train),
        _make_line_chart("loss of the mini-batch", "loss/train"),
    ]
    return [Category(title="training", chart=charts)]


def _make_audit_charts(side: str) -> list[Chart]:
    """Return a chart of each quantity of a side; the page shows the last first."""
    return [
        _make_band_chart(name, f"audit/{side}/{name}", LOWER, UPPER) for name in reversed(ORDER)
    ]


def _make_line_chart(title: str, *tags: str) -> Chart:
    return Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))


def _make_band_chart(title: str, value: str, lower: str, upper: str) -> Chart:
    """Return a chart of one line, from the tags of its value and of both limits of its band."""
    content = layout_pb2.MarginChartContent
    series = content.Series(value=value, lower=lower, upper=upper)
    return Chart(title=title, margin=content(series=[series]))


def _wrap_layout(*categories: Category) -> Summary:
    """Return the layout as the summary that TensorBoard reads."""
    # As SummaryWriter.add_custom_scalars does, without its nested lists.
    tensor = make_tensor_proto(layout_pb2.Layout(category=categories).SerializeToString())
    kind = metadata.create_summary_metadata()
    value = Summary.Value(tag=metadata.CONFIG_SUMMARY_TAG, metadata=kind, tensor=tensor)
    return Summary(value=[value])
