import importlib.util
import json
from contextlib import suppress
from dataclasses import replace
from itertools import count
from statistics import median

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sampling import few
from threadpoolctl import threadpool_info

from trainer.bench import environment, measure, processes, report, tables
from trainer.bench.book import BookNet
from trainer.bench.measure import make_evaluation_jobs, make_step_jobs, run_in_turn
from trainer.bench.report import MAKERS, Benchmark
from trainer.bench.task import Contestant, Task
from trainer.cli import bench
from trainer.common import terminal
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.data.digits import load_digits
from trainer.nets.numpy_net import TwoLayerNet
from trainer.training.threads import Threads

KEYS = [
    "environment", "step_one_us", "step_all_us", "step_us", "evaluate_ms", "protocol_s",
    "startup_s", "peak_rss_mb",
]  # fmt: skip
SKLEARN = importlib.util.find_spec("sklearn") is not None
NAMES = [name for name in MAKERS if not name.startswith("sklearn") or SKLEARN]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def digits(folder):
    return load_digits("mnist-5k", folder)


@pytest.fixture
def task(digits, folder):
    return Task.build(Settings(backend="torch", device="cpu", lr=1.0), digits, folder)


# --- the contestants


@pytest.mark.parametrize("name", few([name for name in NAMES if "floor" not in name], 2))
def test_every_contestant_learns(task, name):
    for contestant in MAKERS[name](task):
        with contestant.threads():
            contestant.step(0)
            before = np.sum(contestant.evaluate())
            for i in range(1, 81):
                contestant.step(i)
            after = np.sum(contestant.evaluate())
        assert after > before
        images = len(task.digits.x_train) + len(task.digits.x_test)
        share = after / 2 if after <= 2 else after / images / contestant.part
        assert share > 0.2, contestant.name


def test_the_books_step_gives_the_same_weights_as_the_float64_net(task):
    book, rows = BookNet(task), task.rows[0]
    net = TwoLayerNet(*task.sizes, dtype="float64")
    x = task.digits.x_train.astype(np.float64)
    for i in range(3):
        book.step(i)
        net.step(x[task.rows[i]], task.digits.t_train[task.rows[i]], task.settings.lr)
    for key in net.params:
        np.testing.assert_allclose(book.params[key], net.params[key], rtol=1e-12, atol=1e-15)
    assert book.predict(task.digits.x_train[rows]).dtype == np.float64


def test_every_contestant_of_the_command_line_has_a_maker():
    assert tuple(MAKERS) == tables.CONTESTANTS


def test_numpy_stays_on_the_cpu_when_torch_uses_cuda(task):
    cuda = replace(task, settings=replace(task.settings, device="cuda"))
    assert [each.name for each in MAKERS["numpy"](cuda)] == ["numpy"]


# --- timing


def count_threads():
    return max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")


def test_jobs_take_turns_and_give_medians_and_the_fastest_variant_counts():
    order: list[str] = []
    values = {"a": [5, 1, 3], "b/slow": [9, 9, 9], "b/fast": [2, 8, 4]}
    turns = {name: count() for name in values}

    def job(name):
        def run():
            order.append(name)
            return values[name][next(turns[name])]

        return run

    found = run_in_turn({name: job(name) for name in values}, range(3))
    assert found == {"a": median([5, 1, 3]), "b": 4}
    assert order == list(values) * 3


def test_a_job_measures_as_many_steps_as_fit_and_continues_with_the_next_step(monkeypatch):
    monkeypatch.setattr(measure, "WARM_UP_SECONDS", 0)
    monkeypatch.setattr(measure, "STEPS", 2)
    calls: list[int] = []
    job = make_step_jobs([Contestant("x", step=calls.append)])["x"]
    job()
    assert calls == [0, 1, 2]  # one to find how long it takes, and STEPS measured
    job()
    assert calls == [0, 1, 2, 3, 4]


def test_steps_are_compared_at_equal_threads_without_variants(task, monkeypatch):
    monkeypatch.setattr(measure, "WARM_UP_SECONDS", 0)
    names, seen = ("numpy", "torch", "floor", "torch-best"), set()
    contestants = [each for name in names for each in MAKERS[name](task)]

    def spy(step):
        return lambda i: seen.add((count_threads(), torch.get_num_threads())) or step(i)

    contestants = [replace(each, step=spy(each.step)) for each in contestants]
    jobs = measure.make_equal_step_jobs(contestants, Threads().limit_to_one)
    assert list(jobs) == list(names)
    assert all(job() > 0 for job in jobs.values())
    assert seen == {(1, 1)}


def test_a_bare_run_evaluates_before_every_eval_every_steps():
    calls: list[object] = []
    contestant = Contestant("x", step=calls.append, evaluate=lambda: calls.append("all"))
    assert measure.time_bare_run(contestant, 5, 2) > 0
    assert calls == ["all", 0, 1, "all", 2, 3, "all", 4]


def test_contestants_without_a_step_or_an_evaluation_get_no_job():
    half = [Contestant("a", step=print), Contestant("b", evaluate=print)]
    assert list(make_step_jobs(half)) == ["a"]
    assert list(make_evaluation_jobs(half)) == ["b"]


# --- the command


@pytest.fixture(autouse=True)
def own_kernel(monkeypatch):
    for name in environment.FORCING:
        monkeypatch.delenv(name, raising=False)


def run_bench(folder, *options):
    return bench.main(["--data-dir", str(folder), "--dataset", "mnist-5k", *options])


def test_the_json_file_has_the_measures_and_gives_the_same_tables(folder, tmp_path, capsys):
    file = tmp_path / "bench.json"
    only = ["--only", "step", "evaluate", "numpy", "floor", "book"]
    assert run_bench(folder, "--rounds", "2", "--device", "cpu", "--json", str(file), *only) == 0
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


@pytest.mark.slow
def test_start_up_and_memory_are_measured_in_a_process_of_their_own(folder, digits):
    first, peak = processes.measure_start_up("numpy", "mnist-5k", folder, "cpu")
    floor_first, floor_peak = processes.measure_start_up("floor", "mnist-5k", folder, "cpu")
    assert 0 < first < 120
    assert 0 < floor_first < 120
    assert 50 < floor_peak < peak * 1.2


@pytest.mark.slow
def test_the_protocol_times_a_run_of_the_train_command(folder, digits, monkeypatch):
    few = ["--backend", "numpy", "--iterations", "20"]
    monkeypatch.setitem(processes.PROTOCOLS, "numpy", few)
    assert 0 < processes.time_protocol("numpy", "mnist-5k", folder, "cpu") < 60


def test_the_protocol_of_other_contestants_is_computed():
    steps, evaluations = {"book": 1000.0, "numpy": 300.0, "floor": 1.0}, {"book": 200.0, "numpy": 9}
    assert report.estimate_runs(steps, evaluations) == {"book": 210.0}


def test_a_tenth_of_the_bare_run_is_timed_before_each_whole_run(digits, folder, monkeypatch):
    asked: list[tuple[str, int, int]] = []

    def bare(contestant, steps, eval_every):
        asked.append((contestant.name, steps, eval_every))
        return len(asked)

    monkeypatch.setattr(report, "time_bare_run", bare)
    monkeypatch.setattr(processes, "time_protocol", lambda name, *_: 7.0)
    settings = Settings(backend="torch", device="cpu")
    found = Benchmark(settings, digits, folder, 1, ("numpy", "floor")).measure(["protocol"])
    assert found["protocol_s"] == {"numpy": 7.0, "numpy-lazy": 7.0, "numpy-bare": 15.0}
    assert asked == [("numpy", 1000, 10)] * 2


def test_a_contestant_whose_package_is_missing_is_left_out_with_a_notice(
    folder, monkeypatch, capsys
):
    monkeypatch.setattr(report, "has_sklearn", lambda: False)
    settings = Settings(backend="torch", dataset="mnist-5k", device="cpu")
    found = report.prepare_benchmark(settings, folder, 1, ("numpy", "sklearn"))
    assert found.names == ("numpy",)
    assert "sklearn is not measured: it needs pip install" in capsys.readouterr().err


@pytest.mark.slow
def test_the_steps_of_other_sizes_have_a_ratio_to_the_floor(digits, folder, monkeypatch):
    monkeypatch.setattr(report, "HIDDEN_SIZES", (5, 300))
    monkeypatch.setattr(report, "BATCH_SIZES", (10, 200))
    monkeypatch.setattr(report, "SIZE_ROUNDS", 1)
    settings = Settings(backend="torch", device="cpu")
    steps = Benchmark(settings, digits, folder, 1, ("numpy", "floor", "book")).measure(["sizes"])
    keys = {
        tables.make_size_key(n, h, b)
        for n in ("numpy", "floor")
        for h in (5, 300)
        for b in (10, 200)
    }
    assert set(steps["step_us"]) == keys
    assert "| 300 × 200 |" in tables.format_tables(steps)


@pytest.mark.slow
def test_a_failed_process_is_an_input_error_with_its_last_line(folder):
    with pytest.raises(InputError, match=r"bench\.child no-net .*: .*--backend no-net: choose"):
        processes.measure_start_up("no-net", "mnist-5k", folder, "cpu")


def test_the_environment_names_the_blas_kernels(digits):
    (numpys, *_) = (each for each in threadpool_info() if each["user_api"] == "blas")
    found = environment.describe_environment("cpu", digits, 1)
    assert found["torch blas"].endswith(torch.backends.cpu.get_cpu_capability())
    name = found["blas"]
    assert name.startswith(f"{numpys['internal_api']} {numpys['version']}")
    assert numpys.get("architecture", "") in name


def test_progress_is_printed_as_lines_while_measuring(folder, monkeypatch, capsys):
    monkeypatch.setattr(terminal, "PAUSE", 0)
    run_bench(folder, "--rounds", "2", "--device", "cpu", "--only", "step", "floor")
    expected = ["measuring takes about 1 s"]
    expected += [f"steps on {n}: {i} of 2" for n in ("one thread", "all threads") for i in (1, 2)]
    assert capsys.readouterr().err.splitlines() == expected


def test_the_estimate_covers_all_measures(digits, folder):
    settings = Settings(backend="torch", device="cpu")
    benchmark = Benchmark(settings, digits, folder, 15, tuple(MAKERS))
    each = [benchmark.estimate_seconds([name]) for name in tables.MEASURES]
    assert all(seconds > 10 for seconds in each)
    assert benchmark.estimate_seconds(tables.MEASURES) == pytest.approx(sum(each))
    assert [report.format_time(seconds) for seconds in (1.2, 119, 450)] == ["1 s", "119 s", "8 min"]


@pytest.mark.parametrize("names", [["OPENBLAS_CORETYPE"], list(environment.FORCING)])
def test_a_variable_that_forces_a_kernel_is_refused(folder, monkeypatch, names):
    for name in names:
        monkeypatch.setenv(name, "Haswell")
    with pytest.raises(InputError, match=f"{' and '.join(names)} force.*unset {' '.join(names)}$"):
        run_bench(folder, "--only", "step", "floor")


def test_a_file_of_an_earlier_version_has_only_the_rows_that_answer_something(tmp_path, capsys):
    file = tmp_path / "bench.json"
    old = {key: {} for key in KEYS if key not in tables.LATER}
    steps = {"floor": 126.0, "torch": 312.0, "torch-idiom": 360.0, "sklearn-fit": 360.0}
    file.write_text(json.dumps(old | {"step_us": steps}))
    assert bench.main(["--tables", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "| torch | its twin by autograd | 312 | 2.48 |" in printed
    assert "sklearn-fit" not in printed
    assert "missed" not in printed


VALID = {key: {} for key in KEYS}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        "\xff",
        "1" * 5000,
        json.dumps({key: {} for key in KEYS[1:]}),
        json.dumps({key: {} for key in KEYS[:-1]}),
        json.dumps(VALID | {"environment": None}),
        json.dumps(VALID | {"step_us": [1.0]}),
        *(
            json.dumps(VALID | {"step_us": {"numpy": value, "floor": 1.0}})
            for value in ("300", None, True, [], 0, -1.5, float("nan"), float("inf"), 10**400)
        ),
    ],
)
def test_a_damaged_json_file_is_an_input_error(tmp_path, text):
    file = tmp_path / "bench.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="give a file that --json wrote") as error:
        bench.main(["--tables", str(file)])
    assert "\n" not in str(error.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.slow
@given(key=st.sampled_from(sorted(VALID)), value=JSON_VALUES, is_inside=st.booleans())
def test_an_edited_json_file_gives_tables_or_an_input_error(
    tmp_path_factory, key, value, is_inside
):
    file = tmp_path_factory.getbasetemp() / "edited.json"
    file.write_text(json.dumps(VALID | {key: {"numpy": value} if is_inside else value}))
    with suppress(InputError):
        assert bench.main(["--tables", str(file)]) == 0


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
