"""The programs predict.py and evaluate.py on a net that was trained for the tests."""

import json
from pathlib import Path

import numpy as np
import pytest
import runs
import sheet
from PIL import Image

from trainer.cli import evaluate, predict
from trainer.cli.program import run_command
from trainer.predict.image import read_digit


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run of a few seconds, with an accuracy of about 0.93 on the test set."""
    return runs.train(
        tmp_path_factory.mktemp("trained"), iterations=2000, checkpoint_every=2000,
        eval_every=2000, activation="relu", lr=0.2, preprocess="standardise",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The path of a file for each digit of docs/digits.png, and the digit."""
    folder, files = tmp_path_factory.mktemp("pictures"), []
    for number, (digit, picture) in enumerate(sheet.cut_sheet(Image.open(sheet.SHEET))):
        files.append((str(folder / f"{number}.png"), digit))
        picture.save(files[-1][0])
    return files


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_most_digits_that_are_not_mnists_are_recognised(trained, pictures, capsys, backend):
    paths = [path for path, _ in pictures]
    assert predict.main([str(trained), *paths, "--json", "--backend", backend]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["image"] for entry in found] == paths
    hits = sum(entry["digit"] == d for entry, (_, d) in zip(found, pictures, strict=True))
    assert hits >= 0.75 * len(pictures)
    for entry in found:
        best = [one["probability"] for one in entry["best"]]
        assert len(best) == 3
        assert 1 >= best[0] >= best[1] >= best[2] >= 0


def test_a_line_has_the_digit_and_the_three_best_guesses(trained, pictures, capsys):
    path = pictures[51][0]  # a drawn 1
    assert predict.main([str(trained / "checkpoint.safetensors"), path]) == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{path}: 1  (1 ")
    assert line.count("%") == 3


def test_a_bad_image_does_not_stop_the_guesses_for_others(trained, pictures, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    assert predict.main([str(trained), str(bad), pictures[51][0]]) == 2
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert printed.err.count("\n") == 1
    assert "bad.png" in printed.err


def test_show_writes_the_image_that_the_net_gets(trained, pictures, tmp_path, capsys):
    path, folder = pictures[51][0], tmp_path / "seen"
    for name in ("51.png", "51-2.png"):  # no file is overwritten
        assert predict.main([str(trained), path, "--show", str(folder)]) == 0
        assert capsys.readouterr().out.endswith(f"  seen: {folder / name}\n")
    assert np.array_equal(np.asarray(Image.open(folder / "51.png")), read_digit(Path(path)))
    (tmp_path / "file").write_text("")
    assert run_command(predict.main, [str(trained), path, "--show", str(tmp_path / "file")]) == 2
    assert "--show" in capsys.readouterr().err


@pytest.mark.parametrize("script", [predict, evaluate])
def test_a_file_that_is_not_a_checkpoint_is_one_line_and_exit_2(script, tmp_path, capsys):
    (tmp_path / "x").write_bytes(b"\x80\x04.")
    images = ["x.png"] if script is predict else []
    assert run_command(script.main, [str(tmp_path / "x"), *images]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_evaluation_gives_the_accuracy_of_training(trained, capsys, backend):
    arguments = [str(trained), "--backend", backend, "--data-dir", str(runs.find_data_dir())]
    assert evaluate.main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    last = json.loads((trained / "settings.json").read_text())["result"]
    assert found["accuracy"] == last["test"] > 0.9
    confusion = found["confusion"]
    assert [sum(row) for row in confusion] == [100] * 10
    assert sum(confusion[c][c] for c in range(10)) == round(1000 * last["test"])
    assert evaluate.main(arguments) == 0
    assert f"accuracy: {last['test']:.4f}\n" in capsys.readouterr().out


def test_other_data_than_those_of_training_are_refused(trained, monkeypatch, capsys):
    monkeypatch.setattr("trainer.data.digits.compute_fingerprint", lambda *_: "f" * 64)
    arguments = [str(trained), "--data-dir", str(runs.find_data_dir())]
    assert run_command(evaluate.main, arguments) == 2
    assert "fingerprint" in capsys.readouterr().err


def test_guesses_of_a_net_without_softmax_have_outputs(tmp_path, pictures, capsys):
    folder = runs.train(tmp_path, loss="squared-error", lr=0.1, iterations=5)
    assert predict.main([str(folder), pictures[0][0], "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)[0]["best"][0]) == {"digit", "name", "output"}
