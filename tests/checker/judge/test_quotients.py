"""Gradients beside difference quotients: right ones are within their limits, wrong ones outside."""

import ast
import json

import pytest
from mistaken import plant_mistakes
from sampling import few
from steps import FREE, judge

from trainer.checker.findings.quotient_table import find_worst, show_quotients
from trainer.checker.judge.quotients import CURVE, compare_quotients, find_own_step, measure_curve
from trainer.checker.process import check_in_child
from trainer.cli.check import main
from trainer.common.errors import InputError

NETS = sorted(path.stem for path in FREE.glob("*.py"))
# Nets whose loop moves by something else than the gradient.
OTHER_STEPS = {"tuples_rmsprop", "adam_xor", "normalised_adam"}
GRADIENTS = ["sigmoid-grad-of-output", "activation-grad-missing", "dw2-from-a1"]


@pytest.mark.parametrize("name", few(NETS, 9))
def test_the_gradients_of_right_nets_are_within_their_limits(name):
    found = compare_quotients(judge(FREE / f"{name}.py"))
    assert bool(found) == (name not in OTHER_STEPS)
    wrong = [each for each in found if not each.is_right]
    assert not wrong


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["xor_script", "batch_norm", "hinge", "bias_in_weights"])
def test_no_step_gives_a_larger_error_than_its_limit(name, dtype):
    judged = judge(FREE / f"{name}.py")
    worst = find_worst(compare_quotients(judged))
    for h, error in measure_curve(judged, worst, dtype).items():
        limit = worst.limit_for(h, dtype)
        assert error <= limit or limit > 0.1, (h, error, limit)


def test_the_limit_is_a_v_that_is_lowest_between_truncation_and_rounding():
    worst = find_worst(compare_quotients(judge(FREE / "xor_script.py")))
    limits = [worst.limit_for(h, "float64") for h in CURVE]
    lowest = limits.index(min(limits))
    assert 0 < lowest < len(CURVE) - 1
    assert limits[:lowest] == sorted(limits[:lowest], reverse=True)
    assert limits[lowest:] == sorted(limits[lowest:])
    assert worst.limit_for(1e-5, "float32") > 1e6 * worst.limit_for(1e-5, "float64")


@pytest.mark.parametrize("slug", few(GRADIENTS, 1))
def test_a_wrong_gradient_is_outside_its_limit_and_the_others_inside(slug, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(plant_mistakes("chapter4", slug))
    report, _ = check_in_child(path, gradients=True, hints=1)
    wrong = {f.quantity.split()[-1] for f in report.wrong_findings if "gradient" in f.quantity}
    shown = {each.weight.split("'")[1] for each in report.quotients if not each.is_right}
    assert shown == wrong
    assert all(each.error > 100 * each.limit for each in report.quotients if not each.is_right)


def test_the_report_has_a_table_within_80_columns_and_json(tmp_path):
    path = tmp_path / "net.py"
    path.write_text((FREE / "hinge.py").read_text())
    report, _ = check_in_child(path, gradients=True)
    lines = show_quotients(report.quotients, report.loss)
    assert max(map(len, lines[1:6])) <= 80
    assert "h        float64  float32" in report.as_text()
    found = json.loads(report.as_json())["gradients"]
    assert {each["weight"] for each in found} == {"self.W1", "self.b1", "self.W2", "self.b2"}
    assert all(each["right"] and each["error"] <= each["limit"] for each in found)


def test_without_the_option_there_is_no_table(tmp_path):
    path = tmp_path / "net.py"
    path.write_text((FREE / "hinge.py").read_text())
    report, _ = check_in_child(path)
    assert report.quotients is None
    assert "gradients" not in json.loads(report.as_json())


def test_the_command_draws_the_error_for_each_step(tmp_path, capsys):
    path, picture = tmp_path / "net.py", tmp_path / "v.png"
    path.write_text((FREE / "hinge.py").read_text())
    assert main([str(path), "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "h        float64  float32" in capsys.readouterr().out
    with pytest.raises(InputError, match="there is no folder"):
        main([str(path), "--plot", str(tmp_path / "none" / "v.png")])
    with pytest.raises(InputError, match=r"ends in \.png"):
        main([str(path), "--plot", str(tmp_path / "v.txt")])
    with pytest.raises(InputError, match="is for --train"):
        main([str(path), "--data", "x.npy", "t.npy"])


@pytest.mark.parametrize(
    ("text", "h"),
    [
        ("def numerical_gradient(f, x):\n    h = 1e-4", 1e-4),
        ("def grad_check(f, x, eps=1e-7): pass", 1e-7),
        ("def num_diff(f, x):\n    h = 2", None),
        ("def forward(x, eps=1e-7): pass", None),
    ],
)
def test_the_step_of_the_files_own_numerical_gradient_is_found(text, h):
    assert find_own_step(ast.parse(text)) == h


def test_the_report_says_what_the_files_own_step_gives(tmp_path):
    report, _ = check_in_child(FREE.parents[1] / "nets" / "chapter4.py", gradients=True)
    assert report.own_step == 1e-4
    assert report.own_step in report.curves["float32"]
    assert "the file's own h is 1e-4: there the error is" in " ".join(report.as_text().split())


def test_the_gradients_of_layers_alone_are_compared_too(tmp_path):
    path = FREE.parent / "layers" / "objects.py"
    report, _ = check_in_child(path, gradients=True, timeout=60)
    assert {each.weight.split()[0] for each in report.quotients} >= {"Tanh.backward"}
    assert all(each.is_right for each in report.quotients)
    wrong = tmp_path / "objects.py"
    text = path.read_text()
    assert text.count("1 - self.out**2") == 1
    wrong.write_text(text.replace("1 - self.out**2", "1 - self.out"))
    report, _ = check_in_child(wrong, gradients=True, timeout=60, hints=1)
    (found,) = [each for each in report.quotients if each.weight == "Tanh.backward x"]
    assert not found.is_right
