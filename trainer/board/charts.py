"""Lay out TensorBoard's custom-scalars page: which scalars share a chart or fill a band.

Every chart shows all selected runs, so that the curves of the backends lie over each other.
"""

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.custom_scalar import layout_pb2, metadata
from tensorboard.plugins.custom_scalar.layout_pb2 import Category, Chart
from tensorboard.util.tensor_util import make_tensor_proto

from trainer.auditing.audit import ORDER

LOWER, UPPER = "audit/bound/lower", "audit/bound/upper"
# The two scalars between which a chart fills its band: a ratio error / bound is right up to 1.
ALLOWED_RATIOS = {LOWER: 0.0, UPPER: 1.0}


def build_training_layout() -> Summary:
    """Return the charts of a training run."""
    return _wrap_layout(*_build_training_categories())


def build_comparison_layout() -> Summary:
    """Return the charts of a comparison of the backends: training, drift, and each audit.

    The charts of training come first, since the page opens on the charts of its first run.
    An audit shows error / bound: a ratio above the band from 0 to 1 is wrong.
    """
    drift = [_make_line_chart("difference / largest", "drift/.*")]
    audits = [_make_audit_chart(name) for name in reversed(ORDER)]  # the page shows the last first
    return _wrap_layout(
        *_build_training_categories(),
        Category(title="drift of the weights", chart=drift),
        Category(title="audit: error / bound", chart=audits),
    )


def _build_training_categories() -> list[Category]:
    test, train = "accuracy/test", "accuracy/train"
    both = _make_line_chart("train and test", train, test)
    gap = _make_band_chart("over-fitting: from test up to train", (test, test, train))
    loss = _make_line_chart("loss of the mini-batch", "loss/train")
    return [Category(title="accuracy", chart=[both, gap]), Category(title="loss", chart=[loss])]


def _make_audit_chart(name: str) -> Chart:
    numpy, torch = (f"audit/{side}/{name}" for side in ("numpy", "torch"))
    # Only one line needs the band. The other has its own value as both limits.
    return _make_band_chart(name, (numpy, LOWER, UPPER), (torch, torch, torch))


def _make_line_chart(title: str, *tags: str) -> Chart:
    return Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))


def _make_band_chart(title: str, *lines: tuple[str, str, str]) -> Chart:
    """Return a chart of lines, each with the tags of its value and of both limits of its band."""
    content = layout_pb2.MarginChartContent
    series = [content.Series(value=value, lower=low, upper=up) for value, low, up in lines]
    return Chart(title=title, margin=content(series=series))


def _wrap_layout(*categories: Category) -> Summary:
    """Return the layout as the summary that TensorBoard reads."""
    # SummaryWriter.add_custom_scalars is not used, since it allows only one band in a chart.
    tensor = make_tensor_proto(layout_pb2.Layout(category=categories).SerializeToString())
    kind = metadata.create_summary_metadata()
    value = Summary.Value(tag=metadata.CONFIG_SUMMARY_TAG, metadata=kind, tensor=tensor)
    return Summary(value=[value])
