"""The layout of the custom-scalars page (trainer.board.charts)."""

import re

import pytest
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.util.tensor_util import make_ndarray

from trainer.board import charts


def parse_layout(summary):
    (value,) = summary.value
    return layout_pb2.Layout.FromString(make_ndarray(value.tensor).item())


def test_the_audit_of_each_quantity_shows_both_backends_and_the_bound_as_a_band():
    audit = parse_layout(charts.build_comparison_layout()).category[3]
    assert sorted(chart.title for chart in audit.chart) == sorted(charts.ORDER)
    for chart in audit.chart:
        numpy, torch = chart.margin.series
        assert numpy.value == f"audit/numpy/{chart.title}"
        assert torch.value == f"audit/torch/{chart.title}"
        assert charts.ALLOWED_RATIOS[numpy.lower] == 0
        assert charts.ALLOWED_RATIOS[numpy.upper] == 1  # an error above its bound is wrong


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_drift_of_all_weights_is_one_chart(name):
    (chart,) = parse_layout(charts.build_comparison_layout()).category[2].chart
    (pattern,) = chart.multiline.tag
    assert re.fullmatch(pattern, f"drift/{name}")
    assert not re.search(pattern, f"audit/numpy/{name}")


def test_train_and_test_share_a_chart_and_the_gap_between_them_is_filled():
    accuracy, loss = parse_layout(charts.build_training_layout()).category
    together, gap = accuracy.chart
    assert list(together.multiline.tag) == ["accuracy/train", "accuracy/test"]
    (series,) = gap.margin.series
    assert (series.lower, series.upper) == ("accuracy/test", "accuracy/train")
    assert list(loss.chart[0].multiline.tag) == ["loss/train"]


def test_a_comparison_begins_with_the_charts_of_training():
    training = parse_layout(charts.build_training_layout())
    comparison = parse_layout(charts.build_comparison_layout())
    assert list(comparison.category)[:2] == list(training.category)
