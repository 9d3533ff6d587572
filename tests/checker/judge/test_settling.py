"""What a step shows takes the place of what is doubted in a report, and of nothing else."""

import pytest
from steps import FREE, judge

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.judge.reporting import leave_unknown, settle

RIGHT = FREE / "mini_batches.py"


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "net.py"
    text = RIGHT.read_text()
    assert "[nw + dnw for" in text
    path.write_text(text.replace("[nw + dnw for", "[dnw for"))
    return judge(path)


def settle_one(judged, quantity, cause, *right):
    report = Report(findings=[Finding(quantity, "differs", "is 2, expected 1", cause)])
    report.findings += [Finding(each, "ok") for each in right]
    settle(report, judged)
    return [finding.quantity for finding in report.wrong_findings], report.step


def test_a_wrong_step_says_more_than_a_factor_of_the_loss(wrong):
    quantities, step = settle_one(wrong, "loss", "loss-sum")
    assert quantities
    assert all(name.startswith("gradient ") for name in quantities)
    assert step == wrong.step.place


def test_a_wrong_step_says_more_than_numbers_of_another_form(wrong):
    quantities, step = settle_one(wrong, "predict", None)
    assert "predict" not in quantities
    assert step == wrong.step.place
    assert settle_one(wrong, "gradient W1", None, "predict") == (["gradient W1"], None)


@pytest.mark.parametrize(
    ("quantity", "cause"), [("gradient W1", "batch-mean-missing"), ("loss", "log-base")]
)
def test_other_mistakes_stay_beside_a_wrong_step(wrong, quantity, cause):
    assert settle_one(wrong, quantity, cause) == ([quantity], None)


def test_a_right_step_acquits(tmp_path):
    assert settle_one(judge(RIGHT), "loss", "loss-sum") == ([], None)


@pytest.mark.parametrize(
    ("quantity", "cause", "right", "status"),
    [
        ("predict", None, (), 2), ("predict", None, ("loss",), 1),
        ("predict", None, ("gradient W1",), 1), ("predict", "softmax-axis", (), 1),
        ("loss", None, (), 1),
    ],
)  # fmt: skip
def test_outputs_alone_of_no_known_form_accuse_nobody(quantity, cause, right, status):
    report = Report(findings=[Finding(quantity, "differs", "is 2, expected 1", cause)])
    report.findings += [Finding(each, "ok") for each in right]
    leave_unknown(report)
    assert report.status == status


def test_outputs_alone_that_raise_for_our_call_accuse_nobody():
    for error, status in (("IndexError: list index out of range", 2), ("ZeroDivisionError: 1", 1)):
        report = Report(findings=[Finding("predict", "raises", error)])
        leave_unknown(report)
        assert report.status == status
