"""What the custom-scalars page opens on: which scalars share a chart, and which have a band.

Every chart shows all selected runs, so that the backends lie over each other.
"""

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.custom_scalar import metadata
from tensorboard.plugins.custom_scalar.layout_pb2 import (
    Category,
    Chart,
    Layout,
    MarginChartContent,
    MultilineChartContent,
)
from tensorboard.util.tensor_util import make_tensor_proto

from trainer.auditing.audit import ORDER

LOWER, UPPER = "audit/bound/lower", "audit/bound/upper"
BAND = {LOWER: 0.0, UPPER: 1.0}  # scalars to record with the ratios: error / bound may reach 1


def training() -> Summary:
    """The charts of a training run."""
    return _summary(*_training())


def comparison() -> Summary:
    """The charts of a comparison of the backends: drift, and the audit of each quantity.

    Those of training come first, since the page begins with the charts of its first run.
    In the audit an error is measured in its bounds: above the band, 0 to 1, it is too large.
    """
    audits = [_audit(name) for name in reversed(ORDER)]  # the page shows the last band first
    return _summary(
        *_training(),
        Category(title="drift of the weights", chart=[_lines("difference / largest", "drift/.*")]),
        Category(title="audit: error / bound", chart=audits),
    )


def _training() -> list[Category]:
    together = _lines("train and test", "accuracy/train", "accuracy/test")
    gap = _band("over-fitting: from test up to train", "accuracy/test", "accuracy/train")
    return [
        Category(title="accuracy", chart=[together, gap]),
        Category(title="loss", chart=[_lines("loss of the mini-batch", "loss/train")]),
    ]


def _lines(title: str, *tags: str) -> Chart:
    return Chart(title=title, multiline=MultilineChartContent(tag=tags))


def _band(title: str, lower: str, upper: str) -> Chart:
    """A line with the space above it, up to another, filled."""
    series = MarginChartContent.Series(value=lower, lower=lower, upper=upper)
    return Chart(title=title, margin=MarginChartContent(series=[series]))


def _audit(name: str) -> Chart:
    numpy, torch = (f"audit/{side}/{name}" for side in ("numpy", "torch"))
    series = [
        MarginChartContent.Series(value=numpy, lower=LOWER, upper=UPPER),
        MarginChartContent.Series(value=torch, lower=torch, upper=torch),  # one band is enough
    ]
    return Chart(title=name, margin=MarginChartContent(series=series))


def _summary(*categories: Category) -> Summary:
    # By TensorBoard's own parts: SummaryWriter.add_custom_scalars knows one band a chart.
    tensor = make_tensor_proto(Layout(category=categories).SerializeToString())
    kind = metadata.create_summary_metadata()
    value = Summary.Value(tag=metadata.CONFIG_SUMMARY_TAG, metadata=kind, tensor=tensor)
    return Summary(value=[value])
