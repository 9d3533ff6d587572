"""The layout of the custom-scalars page (trainer.board.charts)."""

import re

import numpy as np
import pytest
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.util.tensor_util import make_ndarray

from trainer.board import charts


def parse_layout(summary):
    (value,) = summary.value
    return layout_pb2.Layout.FromString(make_ndarray(value.tensor).item())


@pytest.mark.parametrize(("place", "side"), [(2, "numpy"), (3, "torch")])
def test_the_audit_of_each_quantity_of_a_side_has_a_chart_with_the_bound_as_a_band(place, side):
    audit = parse_layout(charts.build_comparison_layout()).category[place]
    assert audit.title == f"{side}: log10(error / bound)"
    assert sorted(chart.title for chart in audit.chart) == sorted(charts.ORDER)
    for chart in audit.chart:
        (series,) = chart.margin.series
        assert series.value == f"audit/{side}/{chart.title}"
        assert charts.ALLOWED[series.lower] == charts.LEAST
        assert charts.ALLOWED[series.upper] == 0  # an error above its bound is wrong


def test_a_ratio_of_error_to_bound_is_recorded_as_a_finite_power_of_ten():
    ratios = 0, 1e-9, 0.01, 1, 3.6e5, np.inf, np.nan
    assert [charts.convert_ratio(ratio) for ratio in ratios] == pytest.approx(
        [charts.LEAST, charts.LEAST, -2, 0, 5.556, charts.MOST, charts.MOST], abs=1e-3
    )


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_drift_of_all_weights_is_one_chart(name):
    (chart,) = parse_layout(charts.build_comparison_layout()).category[1].chart
    (pattern,) = chart.multiline.tag
    assert re.fullmatch(pattern, f"drift/{name}")
    assert not re.search(pattern, f"audit/numpy/{name}")


def test_no_chart_of_training_has_two_lines_of_a_run_and_the_gap_is_filled():
    (training,) = parse_layout(charts.build_training_layout()).category
    test, gap, loss = training.chart
    assert list(test.multiline.tag) == ["accuracy/test"]
    (series,) = gap.margin.series
    found = series.value, series.lower, series.upper
    assert found == ("accuracy/train", "accuracy/test", "accuracy/train")
    assert list(loss.multiline.tag) == ["loss/train"]


def test_a_run_without_the_tags_of_a_band_is_not_listed_below_its_chart():
    # TensorBoard lists the missing tags of a run unless there are three.
    for category in parse_layout(charts.build_comparison_layout()).category:
        assert all(len(chart.margin.series) <= 1 for chart in category.chart)


def test_a_comparison_begins_with_the_charts_of_training():
    training = parse_layout(charts.build_training_layout())
    comparison = parse_layout(charts.build_comparison_layout())
    assert list(comparison.category)[:1] == list(training.category)
