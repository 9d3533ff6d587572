"""Runs that are stopped and resumed."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import runs
from sampling import few
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer.board import events
from trainer.cli import train
from trainer.common import files
from trainer.common.errors import InputError
from trainer.training import checkpoint, signals
from trainer.training.run import resume, run

GRID = list(itertools.product(("numpy", "torch"), ("sigmoid", "relu"), ("float32", "float64")))
STOPS = (1, 17, 20, 59, 30, 40, 2, 33)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A function that returns the folder of a whole run of a kind, trained at the first call."""
    trained, log_dir = {}, tmp_path_factory.mktemp("whole")

    def train_whole(backend, activation, dtype):
        key = f"{backend}-{activation}-{dtype}"
        if key not in trained:
            trained[key] = runs.train(
                log_dir, key, backend=backend, activation=activation, dtype=dtype
            )
        return trained[key]

    return train_whole


@pytest.mark.parametrize(("kind", "stop"), few(zip(GRID, STOPS, strict=True), 2))
def test_a_resumed_run_ends_with_the_same_bytes_and_points(tmp_path, whole, kind, stop):
    backend, activation, dtype = kind
    folder = runs.train_until(stop, tmp_path, backend=backend, activation=activation, dtype=dtype)
    assert checkpoint.load(folder).origin.iteration == stop
    runs.resume(folder)
    assert runs.read_weights(folder) == runs.read_weights(whole(*kind))
    assert runs.read_points(folder) == runs.read_points(whole(*kind))
    assert not runs.find_leftovers(folder)


def test_a_finished_run_can_be_resumed_to_more_iterations_without_a_double_point(tmp_path, whole):
    folder = runs.train(tmp_path, iterations=33)  # a longer run has no point at 33
    runs.resume(folder, iterations=60)
    assert runs.read_weights(folder) == runs.read_weights(whole("numpy", "sigmoid", "float32"))
    assert runs.read_points(folder) == runs.read_points(whole("numpy", "sigmoid", "float32"))


def test_a_run_can_be_resumed_many_times_and_when_it_is_complete(tmp_path, whole):
    folder = runs.train(tmp_path, iterations=10)
    for iterations in (11, 20, 35, 60, 60):
        runs.resume(folder, iterations=iterations)
    assert runs.read_points(folder) == runs.read_points(whole("numpy", "sigmoid", "float32"))


def test_a_resumed_run_shows_one_hidden_layer(tmp_path, capsys):
    first = run(
        runs.make_settings(iterations=10), runs.find_data_dir(), tmp_path, quiet=True, pictures=10
    )
    for iterations in (10, 20):
        resume(
            first.folder, {"iterations": iterations}, runs.find_data_dir(), quiet=True, pictures=10
        )
    assert [path.parent.name for path in first.folder.glob("*/hidden")] == ["00020"]
    assert capsys.readouterr().out == ""  # torch's writer prints a line if the folder exists


def test_the_reader_of_tensorboard_sees_each_point_once(tmp_path):
    folder = runs.train_until(34, tmp_path)
    runs.resume(folder)
    reader = EventAccumulator(str(folder), {"scalars": 0}).Reload()
    for tag in runs.TAGS:
        assert [point.step for point in reader.Scalars(tag)] == [0, 10, 20, 30, 40, 50, 60]


def test_points_beyond_the_checkpoint_and_damaged_events_are_removed(tmp_path, whole):
    folder = runs.train(tmp_path, iterations=20)
    earlier = (folder / checkpoint.NAME).read_bytes()
    runs.resume(folder, iterations=60)
    (folder / checkpoint.NAME).write_bytes(earlier)  # as after a kill between 20 and 60
    newest = events.list_event_files(folder)[-1]
    newest.write_bytes(newest.read_bytes() + newest.read_bytes()[:30])  # a record not whole
    (folder / f"{checkpoint.NAME}.7.part").write_bytes(b"half")
    runs.resume(folder, iterations=60)
    assert runs.read_points(folder) == runs.read_points(whole("numpy", "sigmoid", "float32"))
    assert not runs.find_leftovers(folder)


@pytest.mark.parametrize("preprocess", ["standardise", "whiten"])
def test_a_resumed_run_prepares_its_inputs_as_at_the_start(tmp_path, preprocess):
    whole = runs.train(tmp_path, "whole", preprocess=preprocess, lr=0.1, iterations=30)
    folder = runs.train_until(15, tmp_path, preprocess=preprocess, lr=0.1, iterations=30)
    runs.resume(folder)
    assert runs.read_weights(folder) == runs.read_weights(whole)


def test_the_other_backend_resumes_from_the_same_weights(tmp_path, whole):
    folder = runs.train_until(30, tmp_path, dtype="float64")
    runs.resume(folder, backend="torch")
    resumed, alone = checkpoint.load(folder), checkpoint.load(whole("numpy", "sigmoid", "float64"))
    assert resumed.origin.settings.backend == "torch"
    for name, w in resumed.params.items():
        np.testing.assert_allclose(w, alone.params[name], rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("given", "both"),
    [
        ({"lr": 0.25}, ("--lr 0.25", "0.5")),
        ({"dtype": "float64"}, ("--dtype float64", "float32")),
        ({"iterations": 40}, ("--iterations 40", "60")),
        ({"dataset": "mnist"}, ("--dataset mnist", "mnist-5k")),
    ],
)
def test_a_setting_that_contradicts_the_checkpoint_is_refused_with_both_values(
    tmp_path, given, both
):
    folder = runs.train_until(5, tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError) as error:
        runs.resume(folder, **given)
    assert all(value in str(error.value) for value in both)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_whose_device_is_missing_names_it_and_is_resumed_on_another(tmp_path, monkeypatch):
    folder = runs.train_until(5, tmp_path, backend="torch")
    found = checkpoint.load(folder)
    on_gpu = replace(found.origin, settings=replace(found.origin.settings, device="cuda:1"))
    checkpoint.save(folder, replace(found, origin=on_gpu))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(InputError, match="cuda:1: torch sees no CUDA device here"):
        runs.resume(folder)
    runs.resume(folder, device="cpu")
    assert checkpoint.load(folder).origin.settings.device == "cpu"


def test_other_data_under_the_same_name_are_refused(tmp_path, monkeypatch):
    folder = runs.train_until(5, tmp_path)
    monkeypatch.setattr("trainer.data.digits.compute_fingerprint", lambda *_: "f" * 64)
    with pytest.raises(InputError, match="fingerprint"):
        runs.resume(folder)


def test_a_run_that_another_process_writes_is_refused(tmp_path):
    folder = runs.train_until(5, tmp_path)
    with files.lock(folder), pytest.raises(InputError, match="another process"):
        runs.resume(folder)
    runs.resume(folder)


def test_a_killed_process_frees_its_lock(tmp_path):
    code = (
        "import os, pathlib, signal; from trainer.common import files\n"
        f"with files.lock(pathlib.Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    with files.lock(tmp_path):
        pass


def test_the_next_run_removes_unfinished_files_of_killed_runs(tmp_path):
    (tmp_path / "killed").mkdir()
    (tmp_path / "live").mkdir()
    for name in ("killed", "live"):
        (tmp_path / name / f"{checkpoint.NAME}.7.part").write_bytes(b"half")
    with files.lock(tmp_path / "killed"):
        pass
    (tmp_path / "killed" / f"{checkpoint.NAME}.7.part").write_bytes(b"half")
    with files.lock(tmp_path / "live"):
        (tmp_path / "live" / f"{checkpoint.NAME}.7.part").write_bytes(b"half")
        runs.train(tmp_path, iterations=1)
        assert list(tmp_path.glob("*/*.part")) == [tmp_path / "live" / f"{checkpoint.NAME}.7.part"]


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_a_signal_stops_the_run_after_a_step_with_the_command_that_continues_it(
    tmp_path, monkeypatch, capsys, number
):
    monkeypatch.setattr("trainer.training.run.Batches", runs.make_signalling_batches(12, number))
    flags = ["--dataset", "mnist-5k", "--iterations", "60", "--quiet"]
    folders = ["--data-dir", str(runs.find_data_dir()), "--log-dir", str(tmp_path)]
    before = signal.getsignal(number)
    assert train.main([*flags, *folders]) == 128 + number
    assert signal.getsignal(number) is before
    error = capsys.readouterr().err
    folder = tmp_path / "mnist-5k-numpy"
    assert error.count("\n") == 1
    assert "stopped at iteration 13" in error
    monkeypatch.undo()
    typed = error.split("continue with: ")[1].split()
    assert train.main([*typed, "--quiet"]) == 0
    assert checkpoint.load(folder).origin.iteration == 60
    assert json.loads((folder / "settings.json").read_text())["result"]["iteration"] == 60


def test_a_second_signal_acts_at_once(tmp_path, monkeypatch):
    batches = runs.make_signalling_batches(12, signal.SIGINT, signal.SIGINT)
    monkeypatch.setattr("trainer.training.run.Batches", batches)
    with pytest.raises(KeyboardInterrupt):
        runs.train(tmp_path, checkpoint_every=5)
    assert checkpoint.load(tmp_path / "run").origin.iteration == 10


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_run_under_nohup_outlives_its_terminal(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "trainer.training.run.Batches", runs.make_signalling_batches(12, signal.SIGHUP)
    )
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        folder = runs.train(tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert checkpoint.load(folder).origin.iteration == 60


def test_a_run_outside_the_main_thread_takes_no_signals(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=runs.train, args=(tmp_path,), kwargs={"iterations": 3})
    thread.start()
    thread.join()
    assert checkpoint.load(tmp_path / "run").origin.iteration == 3
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_a_full_disk_stops_the_run_with_one_line_and_keeps_the_checkpoint(tmp_path):
    """A limit on the size of files, which the event file reaches, replaces the full disk."""
    code = (
        "import resource, sys\nfrom trainer.cli import train\n"
        "from trainer.cli.program import run_command\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "sys.exit(run_command(train.main, sys.argv[1:]))"
    )
    numbers = ["--hidden-size", "2", "--eval-every", "1", "--checkpoint-every", "10"]
    numbers += ["--pictures", "off"]
    folders = ["--data-dir", str(runs.find_data_dir()), "--log-dir", str(tmp_path)]
    command = [sys.executable, "-c", code, "--dataset", "mnist-5k", "--quiet", *numbers, *folders]
    result = subprocess.run(command, cwd=runs.ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert "File too large" in result.stderr
    folder = tmp_path / "mnist-5k-numpy"
    iteration = checkpoint.load(folder).origin.iteration
    steps = [step for tag, step, _ in runs.read_points(folder) if tag == "loss/train"]
    assert steps == list(range(len(steps)))
    assert steps[-1] >= iteration - 1 > 0
    assert not runs.find_leftovers(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_run_is_refused_and_kept(tmp_path):
    folder = runs.train_until(5, tmp_path)
    (folder / ".lock").unlink()
    folder.chmod(0o500)
    try:
        with pytest.raises(InputError, match="cannot write"):
            runs.resume(folder)
        assert checkpoint.load(folder).origin.iteration == 5
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("back", [0, 1, 86_400])
def test_a_clock_that_was_set_back_leaves_the_points_in_order(tmp_path, monkeypatch, back):
    """TensorBoard too reads the new file last."""
    whole, now = runs.train(tmp_path, "whole"), time.time()
    monkeypatch.setattr("time.time", lambda: now)
    folder = runs.train_until(30, tmp_path)
    monkeypatch.setattr("time.time", lambda: now - back)
    runs.resume(folder)
    assert len(events.list_event_files(folder)) == 2
    assert runs.read_points(folder) == runs.read_points(whole)
    steps = [e.step for e in EventAccumulator(str(folder)).Reload().Scalars("loss/train")]
    assert steps == [0, 10, 20, 30, 40, 50, 60]
