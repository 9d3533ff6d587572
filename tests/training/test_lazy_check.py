"""The script that trains each combination and compares lazy with full evaluation."""

import lazy_check
import lazy_equality
import pytest
from lazy_equality import Compared

from trainer.training.lazy import accuracy

FEW = ["--dataset", "mnist-5k", "--iterations", "30", "--loss", "cross-entropy", "--lr", "0.1",
       "--dtype", "float32"]  # fmt: skip


def run_check(folder, *options):
    return lazy_check.main(["--data-dir", str(folder), *FEW, *options])


def test_each_combination_is_equal_and_has_a_line(data_dir, monkeypatch, capsys):
    monkeypatch.setattr(accuracy, "FEWEST_IMAGES", 0)
    monkeypatch.setattr(accuracy, "FIRST_WAIT", 0)
    assert run_check(data_dir, "--activation", "sigmoid,relu", "--seed", "0,7") == 0
    *lines, verdict = capsys.readouterr().out.splitlines()
    assert [line.split()[1:6:4] for line in lines] == [
        [activation, seed] for activation in ("sigmoid", "relu") for seed in ("0", "7")
    ]
    assert all("mnist-5k: 4 evaluations, 0 differ" in line for line in lines)
    assert verdict == "all equal"


def test_a_class_that_differs_is_reported_with_its_iteration(data_dir, monkeypatch, capsys):
    found = [Compared(0, 0, 1.0, 1.0, 1.0), Compared(10, 2, 0.1, 1.0, 1.0)]
    monkeypatch.setattr(lazy_equality, "compare", lambda settings, digits: iter(found))
    assert run_check(data_dir, "--activation", "relu", "--seed", "0") == 1
    out = capsys.readouterr().out
    assert "iteration 10: 2 differ" in out
    assert "2 evaluations, 2 differ, evaluated 0.550 of the images in 1.00 of the time" in out
    assert "NOT equal: 2 classes or accuracies differ" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lr", "0.1,x"], "--lr: 0.1,x: must be numbers with commas between"),
        (["--seed", "1.5"], "--seed: 1.5: must be whole numbers with commas between"),
        (["--lr", ","], "must be numbers"),
    ],
)
def test_a_malformed_list_is_refused(data_dir, capsys, options, message):
    with pytest.raises(SystemExit) as end:
        run_check(data_dir, *options)
    assert end.value.code == 2
    assert message in capsys.readouterr().err
