"""The layout of the custom-scalars page (trainer.board.charts)."""

import re

import numpy as np
import pytest

from trainer.board import charts


@pytest.mark.parametrize("side", charts.SIDES)
def test_the_audit_of_each_quantity_of_a_side_has_a_chart_with_the_bound_as_a_band(side):
    audit = charts.COMPARISON[f"{side}: log10(error / bound)"]
    assert sorted(audit) == sorted(charts.ORDER)
    for title, (kind, (value, lower, upper)) in audit.items():
        assert (kind, value) == ("Margin", f"audit/{side}/{title}")
        assert charts.ALLOWED[lower] == charts.LEAST
        assert charts.ALLOWED[upper] == 0  # an error above its bound is wrong


def test_a_ratio_of_error_to_bound_is_recorded_as_a_finite_power_of_ten():
    ratios = 0, 1e-9, 0.01, 1, 3.6e5, np.inf, np.nan
    assert [charts.convert_ratio(ratio) for ratio in ratios] == pytest.approx(
        [charts.LEAST, charts.LEAST, -2, 0, 5.556, charts.MOST, charts.MOST], abs=1e-3
    )


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_drift_of_all_weights_is_one_chart(name):
    ((_, (pattern,)),) = charts.COMPARISON["drift of the weights"].values()
    assert re.fullmatch(pattern, f"drift/{name}")
    assert not re.search(pattern, f"audit/numpy/{name}")


def test_no_chart_of_training_has_two_lines_of_a_run_and_the_gap_is_filled():
    test, gap, loss = charts.TRAINING["training"].values()
    assert (test, loss) == (["Multiline", ["accuracy/test"]], ["Multiline", ["loss/train"]])
    assert gap == ["Margin", ["accuracy/train", "accuracy/test", "accuracy/train"]]


def test_a_comparison_begins_with_the_charts_of_training():
    assert next(iter(charts.COMPARISON.items())) == ("training", charts.TRAINING["training"])
