import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

import psutil
import pytest
import runs
import torch
from filelock import FileLock
from runs import ROOT
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from threadpoolctl import threadpool_info

from trainer.cli.program import run_command
from trainer.cli.sweep import main
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.training import sweep
from trainer.training.run import resume, run
from trainer.training.signals import Stopped
from trainer.training.sweep_folders import name_run

SHORT = ["--iterations", "30", "--eval-every", "10", "--dataset", "mnist-5k"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
GRID = ["--lr", "0.1", "1", "--hidden-size", "20", "--seeds", "2"]


def name_folders(data_dir, log_dir):
    return ["--data-dir", str(data_dir), "--log-dir", str(log_dir)]


@pytest.fixture(scope="module")
def folders(data_dir, tmp_path_factory):
    return name_folders(data_dir, tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def swept(folders):
    """The folder of a sweep by two processes."""
    assert main([*GRID, *SHORT, *folders, "--jobs", "2", "--quiet"]) == 0
    return Path(folders[-1]) / "mnist-5k-sweep"


def _list_runs(folder):
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _read_about(folder):
    return json.loads((folder / "settings.json").read_text())


def test_every_combination_has_one_folder_named_after_its_settings(swept):
    settings = [_read_about(run)["settings"] for run in _list_runs(swept)]
    assert [(s["lr"], s["seed"]) for s in settings] == [(0.1, 0), (0.1, 1), (1.0, 0), (1.0, 1)]
    for folder in _list_runs(swept):
        assert folder.name.startswith("lr=")
        assert "result" in _read_about(folder)
        assert len(list(folder.glob("events.out.tfevents.*"))) == 1


@pytest.mark.usefixtures("two_threads")
def test_a_run_of_a_sweep_has_the_result_of_the_same_run_alone(swept, data_dir, tmp_path):
    folder = _list_runs(swept)[2]
    alone = run(Settings(**_read_about(folder)["settings"]), data_dir, tmp_path, quiet=True)
    result = _read_about(folder)["result"]
    del result["seconds"]
    assert result == asdict(alone.last)


def test_finished_runs_are_not_repeated(swept, folders, capsys):
    def read_times():
        return {path: path.stat().st_mtime_ns for path in swept.glob("*/*")}

    before = read_times()
    assert main([*GRID, *SHORT, *folders]) == 0
    out = capsys.readouterr().out
    assert "4 runs, 4 of them finished before" in out
    assert out.count("← best") == 1
    assert read_times() == before


@pytest.mark.parametrize("left", ['{"settings": {}, "stopped": "KeyboardInterrupt"}', '{"sett', ""])
def test_an_unfinished_run_is_resumed_and_keeps_other_files_in_its_folder(
    swept, folders, capsys, left
):
    stopped = _list_runs(swept)[0]
    expected = _read_about(stopped)["result"]
    (stopped / "settings.json").write_text(left)
    (stopped / "notes.txt").write_text("mine")
    assert main([*GRID, *SHORT, *folders, "--jobs", "1"]) == 0
    assert "4 runs, 3 of them finished before" in capsys.readouterr().out
    assert _read_about(stopped)["result"] | {"seconds": 0} == expected | {"seconds": 0}
    assert (stopped / "notes.txt").read_text() == "mine"
    assert len(_list_runs(swept)) == 4


@pytest.fixture
def one_run(data_dir, tmp_path):
    """The arguments of a sweep of one run, and the run's folder, finished."""
    options = ["--lr", "0.1", "--seeds", "1", "--jobs", "1"]
    arguments = [*options, *SHORT, *name_folders(data_dir, tmp_path)]
    assert main([*arguments, "--quiet"]) == 0
    return arguments, _list_runs(tmp_path / "mnist-5k-sweep")[0]


def _resume_beyond(place, data_dir, monkeypatch, stop):
    """Resume a run to 50 iterations; a signal stops it before it gets there if stop is true."""
    with monkeypatch.context() as patched, suppress(Stopped):
        if stop:
            batches = runs.make_signalling_batches(40, signal.SIGTERM)
            patched.setattr("trainer.training.run.Batches", batches)
        resume(place, {"iterations": 50}, data_dir, quiet=True)


@pytest.mark.parametrize("stop", [True, False])
def test_a_run_that_was_resumed_beyond_the_sweep_is_neither_counted_nor_replaced(
    one_run, data_dir, monkeypatch, capsys, stop
):
    arguments, place = one_run
    result = _read_about(place)["result"]
    _resume_beyond(place, data_dir, monkeypatch, stop)
    if stop:  # a stopped resume keeps the result of the last end
        assert _read_about(place)["result"] == result
        assert _read_about(place)["stopped"] == "stopped at iteration 41"
    before = {path: path.read_bytes() for path in place.iterdir()}
    assert run_command(main, arguments) == 2
    error = capsys.readouterr().err
    assert "holds a run with --iterations 50, but this sweep uses --iterations 30" in error
    assert error.count("\n") == 1
    assert {path: path.read_bytes() for path in place.iterdir()} == before


def _edit_about(about):
    """Return texts into which somebody may have turned a settings.json."""
    result = about["result"]
    values = [None, True, "0.9", [], {}, -1.0, float("nan"), float("inf"), 10**400, 1e300]
    edits = [{"result": result | {name: v}} for name in ("test", "seconds") for v in values]
    edits += [{"result": v} for v in values] + [{"settings": v} for v in values]
    edits += [{"diverged": v, "result": v} for v in (None, [], "x\x1b[2J")]
    deep = "[" * 500 + "]" * 500
    texts = ["", "[]", "9" * 5000, "[" * 100_000, '{"a": ', f'{{"result": {deep}}}', "\ud800"]
    return [*texts, *(json.dumps(about | edit) for edit in edits)]


@pytest.mark.slow
def test_an_edited_settings_json_leaves_no_traceback_and_loses_no_run(one_run, capsys):
    arguments, place = one_run
    about = _read_about(place)
    for text in _edit_about(about):
        (place / "settings.json").write_text(text, errors="surrogatepass")
        assert run_command(main, arguments) == 0, text
        assert capsys.readouterr().err.count("Traceback") == 0, text
        found, seconds = _read_about(place), {"seconds": 0}
        assert "diverged" in found or found["result"] | seconds == about["result"] | seconds
    assert _list_runs(place.parent) == [place]


@pytest.mark.parametrize("name", ["notes.txt", "checkpoint.safetensors"])
def test_a_folder_without_a_run_is_renamed(one_run, capfd, name):
    arguments, place = one_run
    for path in place.iterdir():
        path.unlink()
    (place / name).write_text("mine")
    assert main(arguments) == 0
    aside = place.with_name(f"{place.name}.aside")
    assert (aside / name).read_text() == "mine"
    assert f"renamed to {aside.name}" in capfd.readouterr().err


def test_a_run_killed_before_its_first_checkpoint_is_trained_again(one_run):
    arguments, place = one_run
    (place / "checkpoint.safetensors").unlink()
    (place / "settings.json").unlink()
    assert main(arguments) == 0
    assert len(_list_runs(place.parent)) == 1
    assert _read_about(place)["result"]["iteration"] == 30


def test_the_hparams_page_has_an_axis_for_each_setting_and_result(swept):
    for folder in _list_runs(swept):
        events = EventAccumulator(str(folder)).Reload()
        contents = events.PluginTagToContent("hparams").values()
        starts = [HParamsPluginData.FromString(c).session_start_info.hparams for c in contents]
        (axes,) = [start for start in starts if start]
        settings = _read_about(folder)["settings"]
        for name in "lr", "hidden_size", "seed":
            assert axes[name].number_value == settings[name]
        last = events.Scalars("accuracy/test")[-1]
        assert last.value == pytest.approx(_read_about(folder)["result"]["test"])


@pytest.mark.usefixtures("two_threads")
def test_a_run_has_one_thread_and_restores_the_others(monkeypatch, data_dir, tmp_path):
    seen = []

    def record_threads(*_, **__):
        pools = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
        seen.extend([torch.get_num_threads(), *pools])

    monkeypatch.setattr(sweep, "run", record_threads)
    sweep.run_one(Settings(), data_dir, tmp_path)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


def test_a_run_that_diverges_does_not_stop_the_sweep(data_dir, folders, capsys):
    grid = ["--activation", "relu", "--lr", "0.1", "1e30", "--hidden-size", "20", "--seeds", "1"]
    arguments = [*grid, *SHORT, *folders, "--jobs", "1", "--name", "wild"]
    assert main(arguments) == 0
    assert "1 diverged" in capsys.readouterr().out.splitlines()[-4]
    assert main(arguments) == 0
    assert "2 runs, 2 of them finished before" in capsys.readouterr().out


def test_weights_that_overflow_between_evaluations_are_recorded_as_diverged(data_dir, tmp_path):
    overshooting = Settings(dataset="mnist-5k", lr=1e4, activation="relu", loss="squared-error",
                            iterations=40, eval_every=40, checkpoint_every=20)  # fmt: skip
    sweep.run_one(overshooting, data_dir, tmp_path)
    about = _read_about(tmp_path / name_run(overshooting))
    assert "no longer finite at iteration 20" in about["diverged"]


def test_a_sweep_has_a_folder_beside_the_logs_and_a_large_one_says_where_its_runs_are(
    tmp_path, monkeypatch, data_dir, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("trainer.cli.sweep.MOST_SHOWN", 1)
    tiny = ["--iterations", "1", "--hidden-size", "2", "--dataset", "mnist-5k", "--lr", "0.1"]
    assert main([*tiny, "--data-dir", str(data_dir), "--seeds", "2", "--jobs", "1"]) == 0
    assert len(_list_runs(tmp_path / "sweeps" / "mnist-5k-sweep")) == 2
    assert not (tmp_path / "logs").exists()
    assert "tick the box above them" in capsys.readouterr().out


def test_two_sweeps_at_once_in_one_folder_are_refused(folders, swept, capsys):
    with FileLock(swept / ".lock"):
        assert run_command(main, [*GRID, *SHORT, *folders]) == 2
    assert "another sweep is writing there" in capsys.readouterr().err


def test_different_settings_have_different_names():
    choices = (1e-9, 0.1, 0.10000000000000002, 1e9), (1, 11, 10**6), ("relu", "sigmoid")
    all_settings = [Settings(lr=lr, hidden_size=h, activation=a) for lr, h, a in product(*choices)]
    assert len({name_run(settings) for settings in all_settings}) == 24


def test_a_repeated_value_gives_one_run(data_dir):
    runs = sweep.plan_runs(Settings(dataset="mnist-5k"), {"lr": [0.1, 0.10, 1.0]}, 3, data_dir)
    assert [(run.lr, run.seed) for run in runs] == list(product((0.1, 1.0), range(3)))
    assert all(replace(s, lr=0.1, seed=0) == runs[0] for s in runs), "all else is as given"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], "--seeds 0"),
        (["--jobs", "0"], "--jobs 0"),
        (["--lr", "0.1", "0"], "--lr 0.0"),
        (["--activation", "relu", "--batch-size", "100", "5001"], "--batch-size 5001"),
        (["--name", "a/file/b"], "a/file/b"),
    ],
)
def test_bad_input_gives_one_line_and_trains_nothing(
    data_dir, tmp_path, capsys, arguments, message
):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()
    assert run_command(main, [*SHORT, *name_folders(data_dir, tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.rglob("settings.json"))


def test_a_cluster_without_dask_gives_the_command_that_installs_it(monkeypatch, folders, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run_command(main, [*GRID, *SHORT, *folders, "--cluster", "localhost:8786"]) == 2
    assert "pip install 'dask[distributed]'" in capsys.readouterr().err


def test_workers_that_write_elsewhere_are_reported(monkeypatch, data_dir, tmp_path):
    monkeypatch.setattr(sweep, "run_one", lambda settings, *_: settings)
    runs = sweep.plan_runs(Settings(dataset="mnist-5k"), {"lr": [0.1]}, 2, data_dir)
    with pytest.raises(InputError, match="2 runs are not in"):
        list(sweep.run_sweep(runs, data_dir, tmp_path, jobs=1))


def _start_sweep(data_dir, log_dir, *options):
    """Start a sweep of four runs in a process; log_dir/stderr gets what it prints on stderr."""
    script = [sys.executable, str(ROOT / "scripts" / "sweep.py"), *GRID, *options, "--quiet"]
    folders = ["--dataset", "mnist-5k", *name_folders(data_dir, log_dir)]
    with (log_dir / "stderr").open("w") as file:
        return subprocess.Popen([*script, *folders], stderr=file, env=ENVIRONMENT)


def _wait_for(condition, seconds=600):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path):
    """The address of a Dask scheduler on loopback, and its two workers' processes."""
    pytest.importorskip("distributed", reason="Dask is not installed (requirements-dev.txt)")
    file, processes = tmp_path / "scheduler.json", []

    def start(what, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard"]
        command += ["--scheduler-file", str(file), *arguments]
        with (tmp_path / f"{what}-{len(processes)}.log").open("w") as log:
            options = {"env": ENVIRONMENT, "cwd": tmp_path, "stdout": log, "stderr": log}
            processes.append(subprocess.Popen(command, **options))
        return processes[-1]

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0")
        workers = [start("worker", "--no-nanny", "--nthreads", "1") for _ in range(2)]
        _wait_for(lambda: file.exists() and file.stat().st_size)
        yield json.loads(file.read_text())["address"], workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_killed_worker_loses_and_repeats_no_run(cluster, data_dir, tmp_path):
    address, workers = cluster
    process = _start_sweep(data_dir, tmp_path, "--iterations", "1500", "--cluster", address)
    far = tmp_path / "mnist-5k-sweep"

    def are_both_busy():
        begun = [file.parent for file in far.glob("*/settings.json")]
        return sum("result" not in _read_about(run) for run in begun) == 2

    try:
        _wait_for(are_both_busy)
        workers[0].send_signal(signal.SIGKILL)
        assert process.wait(timeout=600) == 0
    finally:
        process.kill()
    assert len(_list_runs(far)) == 4
    assert all("result" in _read_about(run) for run in _list_runs(far))
    for place in _list_runs(far):  # the one of the killed worker may have been resumed
        steps = [step for tag, step, _ in runs.read_points(place) if tag == "loss/train"]
        assert steps == sorted(set(steps))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_the_workers_of_a_killed_sweep_save_their_runs_and_end_silently(data_dir, tmp_path):
    process = _start_sweep(data_dir, tmp_path, "--iterations", "1000000", "--jobs", "2")
    folder = tmp_path / "mnist-5k-sweep"
    try:
        _wait_for(lambda: len(list(folder.glob("*/checkpoint.safetensors"))) == 2)
        workers = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert len(workers) >= 2
    assert len(_list_runs(folder)) == 2
    assert psutil.wait_procs(workers, timeout=300)[1] == []
    assert (tmp_path / "stderr").read_text() == ""  # no warning of a semaphore that is left
    for place in _list_runs(folder):
        assert _read_about(place)["stopped"].startswith("stopped at iteration")
        assert not list(place.glob("*.part"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="where there is CUDA the runs would start")
def test_the_device_is_that_of_the_given_backend(folders, capsys):
    assert run_command(main, [*SHORT, *folders, "--backend", "torch", "--device", "cuda"]) == 2
    assert "torch sees no CUDA device here" in capsys.readouterr().err
