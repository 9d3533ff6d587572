"""The program compare.py, called as from the command line."""

import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from trainer.auditing.mistakes import MISTAKES
from trainer.cli.compare import main
from trainer.cli.program import run_command


@pytest.fixture
def compare(data_dir, tmp_path):
    def run_compare(*flags):
        folders = ["--data-dir", str(data_dir), "--log-dir", str(tmp_path / "logs")]
        defaults = ["--dataset", "mnist-5k", "--iterations", "5", "--hidden-size", "10"]
        return run_command(main, [*folders, *defaults, *flags])

    return run_compare


def test_backends_that_agree_give_exit_0_and_a_table(compare, capsys):
    assert compare() == 0
    printed = capsys.readouterr().out
    assert "numpy and torch agree: every quantity of 5 steps is within its bound" in printed
    assert "WRONG" not in printed
    assert "\nda1 " in printed


def test_a_planted_mistake_gives_exit_1_its_cause_a_hint_and_charts(compare, tmp_path, capsys):
    assert compare("--plant", "sigmoid-grad-of-output") == 1
    printed, mistake = capsys.readouterr().out, MISTAKES["sigmoid-grad-of-output"]
    assert "step 0: numpy's da1 is the first wrong quantity" in printed
    assert mistake.summary in printed
    assert mistake.hint in printed
    (folder,) = (tmp_path / "logs").iterdir()
    found = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0}).Reload()
    (sides,) = found.Tensors("sides/text_summary")
    assert b"with the mistake sigmoid-grad-of-output put" in make_ndarray(sides.tensor_proto).item()
    wrong, right = (found.Scalars(f"audit/{side}/da1") for side in ("numpy", "torch"))
    assert [point.step for point in wrong] == [0, 1]  # a band needs two points
    assert wrong[0].value == wrong[1].value > 4
    assert right[0].value < 0
    assert [image.step for image in found.Images("audit/error over bound")] == [0]


def test_json_is_one_strict_object_and_the_only_output(compare, capsys):
    assert compare("--plant", "softmax-overflow", "--json") == 1
    found = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(word))
    assert set(found) == {"agree", "first", "cause", "quantities", "drift", "settings"}
    first = found["first"]
    assert (found["agree"], first["step"], first["side"]) == (False, 0, "numpy")
    assert (first["quantity"], first["got"]) == ("y", None)
    assert found["cause"] == "softmax-overflow"
    assert found["settings"]["plant"] == "softmax-overflow"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--plant", "typo"], "--list-mistakes"),
        (["--audit-every", "0"], "--audit-every 0"),
        (["--lr", "1e39"], "does not fit float32"),
        (["--lr", "1e400"], "must be a finite number"),
    ],
)
def test_unusable_options_are_one_line_and_no_verdict(compare, tmp_path, capsys, flags, words):
    assert compare(*flags) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert not (tmp_path / "logs").exists()


def test_each_mistake_is_listed_on_a_line(compare, capsys):
    assert compare("--list-mistakes") == 0
    assert len(capsys.readouterr().out.splitlines()) == len(MISTAKES)


@pytest.mark.parametrize(
    "flags",
    [["--lr", "3e38"], ["--lr", "1e30", "--activation", "relu", "--loss", "squared-error"]],
)
def test_nets_that_diverge_are_not_called_wrong(compare, capsys, flags):
    assert compare("--json", *flags) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "the losses of both nets are" in printed.err
    assert "try --lr 1" in printed.err
