"""The program train.py, called as from the command line."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from runs import SCRIPTS
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.cli.options import parse_every
from trainer.cli.program import run_command
from trainer.cli.train import main

TAGS = ["accuracy/test", "accuracy/train", "loss/train"]


@pytest.fixture
def train(data_dir, tmp_path):
    """A function that runs train.py on mnist-5k for 25 iterations and returns its exit status."""

    def run_train(*flags):
        folders = ["--data-dir", str(data_dir), "--log-dir", str(tmp_path / "logs")]
        defaults = ["--dataset", "mnist-5k", "--iterations", "25", "--hidden-size", "5"]
        try:
            return run_command(main, [*folders, *defaults, *flags])
        except SystemExit as stop:  # raised by argparse
            return stop.code

    run_train.logs = tmp_path / "logs"
    return run_train


def read_scalars(folder):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in TAGS}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_run_writes_its_curves_and_settings_into_a_folder_of_its_name(train, backend, capsys):
    assert train("--backend", backend) == 0
    folder = train.logs / f"mnist-5k-{backend}"
    found = read_scalars(folder)
    for tag in TAGS:
        assert [step for step, _ in found[tag]] == [0, 10, 20, 25]
    about = json.loads((folder / "settings.json").read_text())
    assert about["settings"]["backend"] == backend
    assert about["settings"]["dataset"] == "mnist-5k"
    assert about["result"]["test"] == pytest.approx(found["accuracy/test"][-1][1])
    assert about["versions"]["numpy"] == np.__version__
    printed = capsys.readouterr().out
    assert "accuracy: train 0." in printed
    assert f" --logdir {train.logs}" in printed


def test_both_backends_record_the_same_curves(train):
    for backend in ("numpy", "torch"):
        train("--backend", backend, "--dtype", "float64")
    ours, theirs = (read_scalars(train.logs / f"mnist-5k-{b}") for b in ("numpy", "torch"))
    assert ours == theirs


def test_runs_of_a_name_get_their_own_folders_and_those_of_one_seed_the_same_scalars(train):
    for seed in ("3", "3", "4"):
        train("--seed", seed)
    one, same, other = (read_scalars(train.logs / f"mnist-5k-numpy{n}") for n in ("", "-2", "-3"))
    assert one == same != other


def test_a_run_can_have_a_name_and_print_nothing(train, capsys):
    assert train("--run-name", "mine", "--quiet") == 0
    assert (train.logs / "mine" / "settings.json").is_file()
    assert capsys.readouterr() == ("", "")


BAD = [
    (["--dataset", "cifar"], "cifar"),
    (["--backend", "jax"], "jax"),
    (["--activation", "tanh"], "tanh"),
    (["--batch-size", "0"], "--batch-size 0"),
    (["--batch-size", "5000"], "has 4000 images"),
    (["--iterations", "-5"], "--iterations -5"),
    (["--iterations", "1e4"], "1e4"),
    (["--lr", "fast"], "fast"),
    (["--lr", "nan"], "--lr nan"),
    (["--hidden-size", "0"], "--hidden-size 0"),
    (["--run-name", "../out"], "--run-name ../out"),
    (["--run-name", "\udcff"], "--run-name"),
    (["--weight-init-std", "1e38"], "--weight-init-std 1e+38"),
    (["--iteration", "5"], "--iteration"),
    (["--seed", "9" * 400], "--seed 99999999… (400 digits)"),
    (["--iterations", "9" * 30], "--iterations 99999999…"),
    (["--lr", "1e39", "--backend", "torch"], "does not fit float32"),
    (["--log-dir", __file__], "--log-dir"),
    *((["--pictures", text], "--pictures") for text in ("0", "-1", "1.5", "x", "")),
]


@pytest.mark.parametrize(("flags", "words"), BAD)
def test_bad_input_is_one_line_and_exit_2_and_writes_nothing(train, flags, words, capsys):
    assert train(*flags) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not train.logs.exists()


def test_pictures_can_be_off_or_a_number():
    assert (parse_every("off"), parse_every("250")) == (0, 250)


def test_a_run_that_diverges_ends_with_a_hint_and_keeps_its_curves(train, capsys):
    flags = "--lr", "1e30", "--activation", "relu", "--loss", "squared-error"
    assert train(*flags) == 2
    assert "--lr" in capsys.readouterr().err
    folder = train.logs / "mnist-5k-numpy"
    assert read_scalars(folder)["loss/train"][0][0] == 0
    assert "loss is" in json.loads((folder / "settings.json").read_text())["stopped"]


@pytest.mark.slow
def test_training_works_in_any_folder_and_ctrl_c_keeps_the_curves(data_dir, tmp_path):
    flags = ["--dataset", "mnist-5k", "--data-dir", data_dir, "--log-dir", tmp_path / "logs"]
    flags += ["--iterations", "1000000", "--eval-every", "10"]
    command = [sys.executable, SCRIPTS / "train.py", *flags]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    folder = tmp_path / "logs" / "mnist-5k-numpy"
    while not folder.exists() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130, error
    assert b"Traceback" not in error
    steps = [step for step, _ in read_scalars(folder)["loss/train"]]
    assert steps[:3] == [0, 10, 20]
