import importlib.util
import itertools
import json
from contextlib import nullcontext
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch
from sampling import few
from threadpoolctl import threadpool_info

from trainer.bench import environment, measure, processes, tables, timing
from trainer.bench.contestants import MAKERS, BookNet
from trainer.bench.measure import Benchmark
from trainer.bench.task import Contestant, Task
from trainer.cli import bench
from trainer.common import terminal
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.nets.numpy_net import TwoLayerNet

SETTINGS = Settings(backend="torch", device="cpu", dataset="mnist-5k", lr=1.0)
KEYS = ["environment", *tables.RESULTS]
SKLEARN = importlib.util.find_spec("sklearn") is not None
LEARNERS = [n for n in MAKERS if "floor" not in n and (n != "sklearn" or SKLEARN)]


@pytest.fixture
def digits(data_dir):
    return load_digits("mnist-5k", data_dir)


@pytest.fixture
def make_benchmark(data_dir):
    """Return a function that makes a benchmark of the named contestants."""
    return lambda *names, rounds=1: Benchmark(SETTINGS, data_dir, rounds, names)


@pytest.fixture(autouse=True)
def own_kernel(monkeypatch):
    for name in environment.FORCING:
        monkeypatch.delenv(name, raising=False)


def run_bench(data_dir, *options):
    return bench.main(["--data-dir", str(data_dir), "--dataset", "mnist-5k", *options])


# --- the contestants


@pytest.mark.parametrize("name", few(LEARNERS, 2))
def test_every_contestant_learns(make_benchmark, name):
    (contestant,) = make_benchmark(name)._make([name]).values()
    with contestant.threads():
        contestant.step()
        before = contestant.evaluate()
        for _ in range(80):
            contestant.step()
        assert contestant.evaluate() > max(before, 0.2)


def test_the_books_step_gives_the_same_weights_as_the_float64_net(digits, data_dir):
    task = Task(Settings(lr=1.0), digits, data_dir)
    book, net = BookNet(task), TwoLayerNet(*task.sizes, dtype="float64")
    for rows in task.rows[:3]:
        x, t = digits.x_train[rows], digits.t_train[rows]
        book.update(x, t)
        net.step(x.astype(np.float64), t, task.settings.lr)
    for key in net.params:
        np.testing.assert_allclose(book.params[key], net.params[key], rtol=1e-12, atol=1e-15)
    assert book.predict(x)[2].dtype == np.float64


def test_every_contestant_of_the_command_line_has_a_maker():
    assert tuple(MAKERS) == tables.CONTESTANTS


def test_numpy_stays_on_the_cpu_when_torch_uses_cuda(make_benchmark):
    benchmark = make_benchmark("numpy")
    benchmark.settings = replace(benchmark.settings, device="cuda")
    assert list(benchmark._make(["numpy"])) == ["numpy"]
    assert [benchmark._settle(name).device for name in ("numpy", "torch")] == ["cpu", "cuda"]


# --- timing


def test_jobs_take_turns_and_give_the_median_of_each_of_their_numbers():
    order: list[str] = []
    values = {"a": iter([5, 1, 3]), "b": iter([(2, 20), (8, 40), (4, 30)])}
    jobs = {name: lambda name=name: order.append(name) or next(values[name]) for name in values}
    assert timing.run_in_turn(jobs, range(3)) == {"a": median([5, 1, 3]), "b": [4, 30]}
    assert order == ["a", "b"] * 3


def test_a_job_measures_as_many_calls_as_fit(monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP_SECONDS", 0)
    monkeypatch.setattr(timing, "BLOCK", 2)
    calls: list[str] = []
    job = timing.make_job(lambda: calls.append("call"), nullcontext, 1)
    assert job() > 0
    assert len(calls) == 3  # one to find how long it takes, and BLOCK measured


def test_steps_are_compared_on_one_thread(make_benchmark, monkeypatch):
    seen = set()

    def spy(call, *_):
        pools = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
        seen.add((max(pools), torch.get_num_threads()))
        return 1.0

    monkeypatch.setattr(timing, "time_calls", spy)
    monkeypatch.setattr(timing, "WARM_UP_SECONDS", 0)
    names = "numpy", "torch", "floor", "torch-best"
    assert list(make_benchmark(*names)._time("step_one_us")["step_one_us"]) == list(names)
    assert seen == {(1, 1)}


def test_a_bare_run_evaluates_before_every_eval_every_steps(monkeypatch):
    monkeypatch.setattr(measure, "PROTOCOL_STEPS", 50)
    monkeypatch.setattr(measure, "EVAL_EVERY", 2)
    calls: list[str] = []
    assert (
        measure.time_bare_run(Contestant(lambda: calls.append("step"), lambda: calls.append("all")))
        > 0
    )
    assert " ".join(calls) == "all step step all step step all step"


def test_a_bare_run_is_timed_before_each_whole_run(make_benchmark, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(measure, "time_bare_run", lambda _: asked.append("bare") or len(asked))
    monkeypatch.setattr(processes, "time_protocol", lambda name, *_: asked.append(name) or 7.0)
    found = make_benchmark("numpy", "floor").measure(["protocol"])
    assert found["protocol_s"] == {"numpy": 7.0, "numpy-lazy": 7.0, "numpy-bare": 2.0}
    assert asked == ["bare", "numpy", "bare", "numpy-lazy"]


def test_the_whole_run_of_other_contestants_is_computed():
    found = measure.estimate_runs({"book": 1000.0, "floor": 1.0}, {"book": 200.0, "numpy": 9})
    assert found == {"book": 210.0}


# --- processes


@pytest.mark.slow
def test_start_up_and_memory_are_measured_in_a_process_of_their_own(data_dir):
    (first, peak), (floor_first, floor_peak) = (
        processes.measure_start_up(name, SETTINGS, data_dir) for name in ("numpy", "floor")
    )
    assert floor_first > 0
    assert first > 0
    assert 50 < floor_peak < peak * 1.2


@pytest.mark.slow
def test_the_protocol_times_a_run_of_the_train_command(data_dir, monkeypatch):
    few = ["--backend", "numpy", "--iterations", "20"]
    monkeypatch.setitem(processes.PROTOCOLS, "numpy", few)
    assert 0 < processes.time_protocol("numpy", SETTINGS, data_dir) < 60


@pytest.mark.slow
def test_a_failed_process_is_an_input_error_with_its_last_line(data_dir):
    with pytest.raises(InputError, match=r"trainer train .*: .*--backend: .*'no-net'"):
        processes.measure_start_up("no-net", SETTINGS, data_dir)


# --- the command


def test_the_json_file_has_the_measures_and_gives_the_same_tables(data_dir, tmp_path, capsys):
    file = tmp_path / "bench.json"
    only = ["--only", "step", "evaluate", "numpy", "floor", "book"]
    assert run_bench(data_dir, "--rounds", "2", "--device", "cpu", "--json", str(file), *only) == 0
    printed, found = capsys.readouterr().out, json.loads(file.read_text())
    assert list(found) == KEYS
    assert list(found["step_all_us"]) == ["numpy", "floor"]
    for key in ("step_one_us", "evaluate_ms"):
        assert list(found[key]) == ["numpy", "floor", "book"]
        assert all(value > 0 for value in found[key].values())
    assert bench.main(["--tables", str(file)]) == 0
    assert capsys.readouterr().out == printed
    steps = found["step_one_us"]
    row = f"| 1 | {tables._format_number(steps['numpy'])} | {steps['numpy'] / steps['floor']:.2f} |"
    kernel = found["environment"]["blas"].split()
    assert f"| numpy | the net by hand | {kernel[0]} {kernel[-1]} {row}" in printed


def test_a_contestant_whose_package_is_missing_is_left_out_with_a_notice(
    make_benchmark, monkeypatch, capsys
):
    monkeypatch.setattr(measure, "has_sklearn", lambda: False)
    assert make_benchmark("numpy", "sklearn").names == ["numpy"]
    assert "sklearn is not measured: it needs pip install" in capsys.readouterr().err


@pytest.mark.slow
def test_the_steps_of_other_sizes_have_a_ratio_to_the_floor(make_benchmark, monkeypatch):
    monkeypatch.setattr(measure, "HIDDEN_SIZES", (5, 300))
    monkeypatch.setattr(measure, "BATCH_SIZES", (10, 200))
    monkeypatch.setattr(measure, "SIZE_ROUNDS", 1)
    steps = make_benchmark("numpy", "floor", "book").measure(["sizes"])
    sizes = itertools.product(("numpy", "floor"), (5, 300), (10, 200))
    assert set(steps["step_us"]) == {tables.make_size_key(*each) for each in sizes}
    assert "| 300 × 200 |" in tables.format_tables(steps)


def test_the_environment_names_the_blas_kernels(digits):
    numpys = next(each for each in threadpool_info() if each["user_api"] == "blas")
    found = environment.describe_environment("cpu", digits, 1)
    assert found["torch blas"].endswith(torch.backends.cpu.get_cpu_capability())
    assert found["blas"].startswith(f"{numpys['internal_api']} {numpys['version']}")
    assert numpys.get("architecture", "") in found["blas"]


def test_progress_is_printed_as_lines_while_measuring(data_dir, monkeypatch, capsys):
    monkeypatch.setattr(terminal, "PAUSE", 0)
    run_bench(data_dir, "--rounds", "2", "--device", "cpu", "--only", "step", "floor")
    expected = ["measuring takes about 1 s"]
    expected += [f"steps on {n}: {i} of 2" for n in ("one thread", "all threads") for i in (1, 2)]
    assert capsys.readouterr().err.splitlines() == expected


def test_the_estimate_covers_all_measures(make_benchmark):
    benchmark = make_benchmark(*MAKERS, rounds=15)
    each = [benchmark.estimate_seconds([name]) for name in tables.MEASURES]
    assert all(seconds > 10 for seconds in each)
    assert benchmark.estimate_seconds(tables.MEASURES) == pytest.approx(sum(each))


@pytest.mark.parametrize("names", [["OPENBLAS_CORETYPE"], list(environment.FORCING)])
def test_a_variable_that_forces_a_kernel_is_refused(data_dir, monkeypatch, names):
    for name in names:
        monkeypatch.setenv(name, "Haswell")
    with pytest.raises(InputError, match=f"{' and '.join(names)} force.*unset {' '.join(names)}$"):
        run_bench(data_dir, "--only", "step", "floor")


def test_a_file_of_an_earlier_version_has_only_the_rows_that_answer_something(tmp_path, capsys):
    file = tmp_path / "bench.json"
    old = {key: {} for key in KEYS if key not in ("step_one_us", "step_all_us")}
    steps = {"floor": 126.0, "torch": 312.0, "torch-idiom": 360.0, "sklearn-fit": 360.0}
    file.write_text(json.dumps(old | {"step_us": steps}))
    assert bench.main(["--tables", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "| torch | its twin by autograd | 312 | 2.48 |" in printed
    assert "sklearn-fit" not in printed
    assert "missed" not in printed


VALID = {key: {} for key in KEYS}


BAD_NUMBERS = ("300", None, True, [], 0, -1.5, float("nan"), float("inf"), 10**400)
DAMAGED = [
    {key: {} for key in KEYS[1:]}, {key: {} for key in KEYS[:-1]},
    VALID | {"environment": None}, VALID | {"step_us": [1.0]},
    *(VALID | {"step_us": {"numpy": value, "floor": 1.0}} for value in BAD_NUMBERS),
]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "[]", "[" * 100_000, "\xff", "1" * 5000, *map(json.dumps, DAMAGED)]
)
def test_a_damaged_json_file_is_an_input_error(tmp_path, text):
    file = tmp_path / "bench.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="give a file that --json wrote") as error:
        bench.main(["--tables", str(file)])
    assert "\n" not in str(error.value)


def test_any_names_and_any_positive_numbers_give_tables(tmp_path, capsys):
    file = tmp_path / "bench.json"
    steps = {"floor": 5e-324, "numpy": 10**308, "x hidden=٣ batch=1": 1, "x hidden=05 batch=1": 1}
    steps["floor hidden=" + "9" * 5000 + " batch=1"] = 2.0
    file.write_text(json.dumps(VALID | {"step_us": steps}))
    assert bench.main(["--tables", str(file)]) == 0
    assert "| inf |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rounds", "0"], "--rounds 0"),
        (["--json", "no/where/x.json"], "no folder"),
        (["--json", "."], "cannot write there"),
        (["--tables", "no.json"], "No such file"),
        (["--tables", __file__], "give a file that --json wrote"),
    ],
)
def test_bad_options_are_an_input_error(options, message):
    with pytest.raises(InputError, match=message):
        bench.main(options)
