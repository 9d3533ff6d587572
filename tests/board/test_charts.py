import re

import pytest
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.util.tensor_util import make_ndarray

from trainer.board import charts


def layout_of(summary):
    (value,) = summary.value
    return layout_pb2.Layout.FromString(make_ndarray(value.tensor).item())


def test_each_quantitys_audit_has_both_sides_and_the_bound_as_a_band():
    audit = layout_of(charts.comparison()).category[3]
    assert sorted(chart.title for chart in audit.chart) == sorted(charts.ORDER)
    for chart in audit.chart:
        numpy, torch = chart.margin.series
        assert numpy.value == f"audit/numpy/{chart.title}"
        assert torch.value == f"audit/torch/{chart.title}"
        assert charts.BAND[numpy.lower] == 0
        assert charts.BAND[numpy.upper] == 1  # error / bound: more is wrong


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_drift_is_one_chart_of_all_weights(name):
    (chart,) = layout_of(charts.comparison()).category[2].chart
    (pattern,) = chart.multiline.tag
    assert re.fullmatch(pattern, f"drift/{name}")
    assert not re.search(pattern, f"audit/numpy/{name}")


def test_train_and_test_share_a_chart_and_the_gap_between_them_is_filled():
    accuracy, loss = layout_of(charts.training()).category
    together, gap = accuracy.chart
    assert list(together.multiline.tag) == ["accuracy/train", "accuracy/test"]
    (series,) = gap.margin.series
    assert (series.lower, series.upper) == ("accuracy/test", "accuracy/train")
    assert list(loss.chart[0].multiline.tag) == ["loss/train"]


def test_the_page_opens_on_accuracy_and_loss_whichever_run_is_first():
    training, comparison = layout_of(charts.training()), layout_of(charts.comparison())
    assert list(comparison.category)[:2] == list(training.category)
