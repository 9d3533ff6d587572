import importlib.util
import json
from dataclasses import replace
from itertools import count
from statistics import median

import numpy as np
import pytest

from trainer.bench import measure, processes, report, tables
from trainer.bench.book import Book
from trainer.bench.measure import evaluate_jobs, in_turn, step_jobs
from trainer.bench.report import FIELD, Bench
from trainer.bench.task import Contestant, Task
from trainer.cli import bench
from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.nets.numpy_net import TwoLayerNet

KEYS = ["environment", "step_us", "evaluate_ms", "protocol_s", "startup_s", "peak_rss_mb"]
SKLEARN = importlib.util.find_spec("sklearn") is not None
NAMES = [name for name in FIELD if not name.startswith("sklearn") or SKLEARN]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def digits(folder):
    return load_digits("mnist-5k", folder)


@pytest.fixture
def task(digits, folder):
    return Task.of(Settings(backend="torch", device="cpu", lr=1.0), digits, folder)


# --- the contestants do what they are said to do


@pytest.mark.parametrize("name", [name for name in NAMES if "floor" not in name])
def test_every_contestant_learns(task, name):
    for contestant in FIELD[name](task):
        with contestant.threads():
            contestant.step(0)
            before = np.sum(contestant.evaluate())
            for i in range(1, 1 + 80 // contestant.steps):
                contestant.step(i)
            after = np.sum(contestant.evaluate())
        if contestant.steps == 1:  # sklearn's fit starts anew with every fit
            assert after > before
        images = len(task.digits.x_train) + len(task.digits.x_test)
        share = after / 2 if after <= 2 else after / images / contestant.part
        assert share > 0.2, contestant.name


def test_the_books_step_is_the_nets_in_float64(task):
    book, rows = Book(task), task.rows[0]
    net = TwoLayerNet(*task.sizes, dtype="float64")
    x = task.digits.x_train.astype(np.float64)
    for i in range(3):
        book.step(i)
        net.step(x[task.rows[i]], task.digits.t_train[task.rows[i]], task.settings.lr)
    for key in net.params:
        np.testing.assert_allclose(book.params[key], net.params[key], rtol=1e-12, atol=1e-15)
    assert book.predict(task.digits.x_train[rows]).dtype == np.float64


def test_the_contestants_are_those_that_the_command_line_names():
    assert tuple(FIELD) == tables.CONTESTANTS


def test_numpy_stays_on_the_cpu_where_the_device_is_torchs(task):
    cuda = replace(task, settings=replace(task.settings, device="cuda"))
    assert [each.name for each in FIELD["numpy"](cuda)] == ["numpy"]


# --- timing


def test_rounds_are_in_turn_and_give_medians_and_the_better_variant():
    order: list[str] = []
    values = {"a": [5, 1, 3], "b/slow": [9, 9, 9], "b/fast": [2, 8, 4]}
    turns = {name: count() for name in values}

    def job(name):
        def run():
            order.append(name)
            return values[name][next(turns[name])]

        return run

    found = in_turn({name: job(name) for name in values}, range(3))
    assert found == {"a": median([5, 1, 3]), "b": 4}
    assert order == list(values) * 3


def test_a_job_divides_by_what_one_call_does_and_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(measure, "WARM", 0)
    calls: list[int] = []
    job = step_jobs([Contestant("x", step=calls.append, steps=50)])["x"]
    job()
    assert calls == [0, 1, 2]  # one to see how long it takes, and STEPS / 50 measured
    job()
    assert calls == [0, 1, 2, 3, 4]


def test_a_bare_run_is_its_steps_with_an_evaluation_before_every_few():
    calls: list[object] = []
    contestant = Contestant("x", step=calls.append, evaluate=lambda: calls.append("all"))
    assert measure.bare_run(contestant, 5, 2) > 0
    assert calls == ["all", 0, 1, "all", 2, 3, "all", 4]


def test_what_does_not_apply_is_left_out():
    half = [Contestant("a", step=print), Contestant("b", evaluate=print)]
    assert list(step_jobs(half)) == ["a"]
    assert list(evaluate_jobs(half)) == ["b"]


# --- the command


def run_bench(folder, *options):
    return bench.main(["--data-dir", str(folder), "--dataset", "mnist-5k", *options])


def test_json_has_the_measures_and_the_tables_come_from_it(folder, tmp_path, capsys):
    file = tmp_path / "bench.json"
    only = ["--only", "step", "evaluate", "numpy", "floor", "book"]
    assert run_bench(folder, "--rounds", "2", "--device", "cpu", "--json", str(file), *only) == 0
    printed, found = capsys.readouterr().out, json.loads(file.read_text())
    assert list(found) == KEYS
    assert list(found["step_us"]) == list(found["evaluate_ms"]) == ["numpy", "floor", "book"]
    assert all(value > 0 for value in found["step_us"].values())
    assert bench.main(["--tables", str(file)]) == 0
    assert capsys.readouterr().out == printed
    ratio = found["step_us"]["numpy"] / found["step_us"]["floor"]
    assert f"| numpy | {tables._figure(found['step_us']['numpy'])} | {ratio:.2f} |" in printed


@pytest.mark.skipif(not processes.STATUS.exists(), reason="no /proc here")
def test_start_and_memory_are_those_of_a_process_of_its_own(folder, digits):
    first, peak = processes.fresh("numpy", "mnist-5k", folder, "cpu")
    floor_first, floor_peak = processes.fresh("floor", "mnist-5k", folder, "cpu")
    assert 0 < first < 120
    assert 0 < floor_first < 120
    assert 50 < floor_peak < peak * 1.2


def test_the_protocol_is_a_run_of_train_with_its_bar(folder, digits, monkeypatch):
    few = ["--backend", "numpy", "--iterations", "20"]
    monkeypatch.setitem(processes.PROTOCOLS, "numpy", few)
    assert 0 < processes.protocol("numpy", "mnist-5k", folder, "cpu") < 60


def test_the_protocol_of_the_others_is_computed():
    steps, evaluations = {"book": 1000.0, "numpy": 300.0, "x": 1.0}, {"book": 200.0, "numpy": 50.0}
    assert report.computed(steps, evaluations) == {"book": 210.0}


def test_the_bare_run_is_measured_a_tenth_before_each_run(digits, folder, monkeypatch):
    asked: list[tuple[str, int, int]] = []

    def bare(contestant, steps, eval_every):
        asked.append((contestant.name, steps, eval_every))
        return len(asked)

    monkeypatch.setattr(report, "bare_run", bare)
    monkeypatch.setattr(processes, "protocol", lambda name, *_: 7.0)
    settings = Settings(backend="torch", device="cpu")
    found = Bench(settings, digits, folder, 1, ("numpy", "floor")).report(["protocol"])
    assert found["protocol_s"] == {"numpy": 7.0, "numpy-lazy": 7.0, "numpy-bare": 15.0}
    assert asked == [("numpy", 1000, 10)] * 2


def test_a_peer_that_is_not_installed_is_left_out_with_a_line(folder, monkeypatch, capsys):
    monkeypatch.setattr(report.importlib.util, "find_spec", lambda name: None)
    settings = Settings(backend="torch", dataset="mnist-5k", device="cpu")
    found = report.prepared(settings, folder, 1, ("numpy", "sklearn"))
    assert found.names == ("numpy",)
    assert "sklearn is left out: pip install" in capsys.readouterr().err


def test_sizes_are_steps_with_the_ratio_to_the_floor(digits, folder, monkeypatch):
    monkeypatch.setattr(report, "HIDDEN", (5, 300))
    monkeypatch.setattr(report, "BATCH", (10, 200))
    settings = Settings(backend="torch", device="cpu")
    steps = Bench(settings, digits, folder, 1, ("numpy", "floor", "book")).report(["sizes"])
    keys = {tables.sized(n, h, b) for n in ("numpy", "floor") for h in (5, 300) for b in (10, 200)}
    assert set(steps["step_us"]) == keys
    assert "| 300 × 200 |" in tables.markdown(steps)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rounds", "0"], "--rounds 0"),
        (["--json", "no/where/x.json"], "no folder"),
        (["--tables", "no.json"], "No such file"),
        (["--tables", __file__], "is not what --json writes"),
    ],
)
def test_bad_input_is_one_line(options, said):
    with pytest.raises(bench.InputError, match=said):
        bench.main(options)
