"""The report says once what belongs together, and what was checked."""

import json
from dataclasses import asdict, replace
from functools import partial

import jsonschema
import pytest
from mistaken import NETS
from reports import report_on
from runs import ROOT

from trainer.checker.diagnose.diagnosing import Diagnosis
from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.report import Report
from trainer.checker.learn.images import load_rows
from trainer.checker.process import check_in_child

CHAPTER4 = (NETS / "chapter4.py").read_text()
PREDICT = "        y = softmax(a2)\n        return y\n"
GRADIENT = "def gradient(self"


@pytest.fixture
def check_chapter4(check):
    """Return a function that replaces texts of the net of chapter 4, and reports on the result."""
    return partial(check, CHAPTER4)


def test_a_right_net_is_said_to_be_right_before_any_note(check_chapter4):
    lines = check_chapter4().as_text().splitlines()
    assert lines[0] == "TwoLayerNet is right"
    assert lines[-2] == "notes, none of which makes the net wrong:"
    assert lines[-1].startswith("gradient: takes one-hot rows only")


def test_what_has_no_cause_is_said_once(check_chapter4):
    report = check_chapter4(("dy = (y - t) / batch_num", "dy = (y - t) ** 3"))
    wrong = [line for line in report.as_text().splitlines() if line.startswith("wrong")]
    assert len(wrong) == 1
    assert wrong[0].startswith("wrong: gradient W1, gradient b1, gradient W2, gradient b2: ")
    assert report.as_text().count("no cause was found") == 1
    report = check_chapter4(
        ("dy = (y - t) / batch_num", "dy = (y - t) ** 3"), ("np.sum(y == t)", "np.sum(t == t)")
    )
    assert (
        "no cause was found for gradient W1, gradient b1, gradient W2, gradient b2"
        in report.as_text()
    )


def test_no_cause_is_missed_where_a_wrong_line_is_named(check_chapter4):
    report = check_chapter4(("dy = (y - t) / batch_num", "dy = (y - t) ** 3"))
    place = Diagnosis("net.py", 40, 0, 2, "dy = (y - t) ** 3", "", "", 0)
    assert "no cause was found" in report.as_text()
    assert "no cause was found" not in replace(report, diagnosis=asdict(place)).as_text()


def test_one_exception_in_several_methods_is_shown_once(check_chapter4):
    report = check_chapter4((PREDICT, "        return a2[7]\n"))
    wrong = [line for line in report.as_text().splitlines() if line.startswith("wrong")]
    assert len(wrong) == 1
    assert wrong[0].startswith("wrong: predict, loss, accuracy, numerical_gradient: IndexError")


@pytest.mark.parametrize(
    ("factor", "text"),
    [("-1", "-1 times"), ("len(x)", "7 times"), ("1 / len(x)", "0.1429 times"), ("7", "the same")],
)
def test_a_factor_of_predict_is_not_blamed_on_the_gradient(factor, text, check_chapter4):
    found = next(
        f for f in check_chapter4((PREDICT, f"        return softmax(a2) * ({factor})\n")).findings
        if f.quantity == "predict"
    )  # fmt: skip
    assert (found.verdict, found.cause) == ("differs", None)
    assert text in found.message


def test_a_difference_of_more_than_the_largest_value_is_shown_by_the_values(check_chapter4):
    text = check_chapter4(('grads["W1"] = ', 'grads["W1"] = 215.756 * ')).as_text()
    assert "wrong: gradient W1: is " in text
    assert "%" not in text


def test_a_net_without_a_gradient_is_right_in_what_was_checked(check_chapter4):
    no_numbers = ("def numerical_gradient(self", "def other(self")
    report = check_chapter4((GRADIENT, "def derive(self"), no_numbers)
    assert report.status == 2
    assert report.summarise() == "TwoLayerNet is right in predict and loss; no gradient to check"
    report = check_chapter4(
        (GRADIENT, "def derive(self"), no_numbers, ("def loss(self", "def l(self")
    )
    assert report.summarise() == "TwoLayerNet is right in predict; no loss and no gradient to check"
    assert json.loads(report.as_json())["right"] is None
    assert check_chapter4((GRADIENT, "def derive(self")).status == 0


def test_only_a_mistake_of_the_catalogue_is_said_to_have_more(check_chapter4):
    report = check_chapter4((PREDICT, "        raise NotImplementedError\n"))
    report.diagnosis = dict.fromkeys(("file", "code", "expected", "diff"), "")
    report.diagnosis |= {"line": 1, "column": 0, "end_column": 0, "checks": 0, "left": []}
    assert "[unfinished]" in report.as_text()
    assert "more: --explain" not in report.as_text()


def test_control_characters_of_messages_and_names_are_escaped():
    forged = "a\x1b[2J\x1b[HTwoLayerNet is right\nb\u202e"
    for verdict in ("raises", "note", "missing", "ok"):
        findings = [Finding(f"loss {forged}", verdict, forged), Finding("predict", "ok")]
        report = Report(f"Net{forged}", findings, stopped=forged, cut=forged)
        lines = report.as_text().split("\n")
        assert all(line.isprintable() for line in lines)
        assert not any(line.startswith("b") for line in lines)


SUMS = "np.sum(self.params['W1'] ** 2) + np.sum(self.params['W2'] ** 2)"
DECAY = (
    "        return grads",
    """        for key in ("W1", "W2"):
            grads[key] += 2 * (WEIGHT) * self.params[key]
        return grads""",
)


@pytest.mark.parametrize(("weight", "status"), [("0.3", 0), ("-2.5", 1)])
def test_a_penalty_must_not_be_negative(weight, status, check_chapter4):
    loss = "return cross_entropy_error(y, t)\n\n"
    head, body, rest = CHAPTER4.partition("    def gradient")
    changed = (head.replace(loss, f"{loss.strip()} + {weight} * ({SUMS})\n\n"), body,
               rest.replace(*DECAY).replace("WEIGHT", weight))  # fmt: skip
    report = check_chapter4((CHAPTER4, "".join(changed)))
    assert report.status == status, report.as_text()
    assert f"a penalty of {weight} ‖W‖²" in report.as_text()
    assert ("must not be negative" in report.as_text()) == bool(status)


def test_a_penalty_with_the_strength_reg_must_not_be_negative(check_chapter4):
    source = (NETS / "cs231n.py").read_text()
    source = source.replace("loss += reg", "loss -= reg").replace("+ 2 * reg", "- 2 * reg")
    report = check_chapter4((CHAPTER4, source))
    assert report.status == 1
    assert "reg = 0.7 subtracts 0.7 ‖W1‖²: a penalty must not be negative" in report.as_text()


@pytest.mark.parametrize("seed", [26, 40])
def test_an_epsilon_of_the_loss_is_no_negative_penalty(seed):
    report = report_on(NETS / "chapter5.py", seed=seed)
    assert report.status == 0, report.as_text()
    assert "penalty" not in report.as_text()


def test_all_that_check_can_add_fits_the_schema(tmp_path):
    path = tmp_path / "net.py"
    path.write_text((NETS / "chapter4.py").read_text())
    report, _ = check_in_child(path, gradients=True, rows=load_rows(None, None), timeout=60)
    found = json.loads(report.as_json())
    schema = ROOT / "trainer" / "checker" / "findings" / "report.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8")))
    validator.validate(found)
    assert {"gradients", "curves", "learning"} <= found.keys()
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(found | {"right": "yes"})
