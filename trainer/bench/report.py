"""Run the requested measures of a benchmark; return them as a mapping ready for JSON."""

import importlib.util
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median

import torch
from threadpoolctl import threadpool_info

from trainer.bench import ours, peers, processes
from trainer.bench.measure import make_evaluation_jobs, make_step_jobs, run_in_turn, time_bare_run
from trainer.bench.tables import RESULTS, Measurements, make_size_key
from trainer.bench.task import Contestant, Task
from trainer.common.settings import Settings
from trainer.common.terminal import track
from trainer.common.text import notify
from trainer.data.digits import Digits, load_digits
from trainer.nets.build import resolve_device
from trainer.training.metadata import find_versions

Numbers = dict[str, dict[str, float]]  # key of RESULTS: contestant: number

# For each of tables.CONTESTANTS the function that makes it.
MAKERS: dict[str, Callable[[Task], Iterator[Contestant]]] = {
    "numpy": ours.make_numpy,
    "torch": ours.make_torch,
    "floor": ours.make_floor,
    "torch-floor": ours.make_torch_floor,
    "book": peers.make_book,
    "sklearn": peers.make_sklearn,
    "sklearn-fit": peers.make_sklearn_fit,
    "torch-idiom": peers.make_torch_idiom,
    "torch-best": peers.make_torch_best,
    "torch-by-hand": peers.make_torch_by_hand,
    "torch-dataloader": peers.make_torch_dataloader,
}
NEED_SKLEARN = ("sklearn", "sklearn-fit")  # scikit-learn is not in requirements.txt
HIDDEN_SIZES, BATCH_SIZES = (10, 50, 100, 500, 2000), (10, 100, 1000, 10_000)
SIZED = ("numpy", "torch", "floor")  # the contestants that are measured at all these sizes
PROCESS_ROUNDS, SIZE_ROUNDS = 3, 5
PROTOCOL_STEPS, PROTOCOL_EVALUATIONS = 10_000, 1_000


def prepare_benchmark(
    settings: Settings, folder: Path, rounds: int, names: Sequence[str]
) -> "Benchmark":
    """Return the benchmark of the named contestants on the settings' data set and device.

    Leaves out contestants whose package is not installed, and notifies the user.
    """
    missing = [name for name in names if name in NEED_SKLEARN and not _has_sklearn()]
    for name in missing:
        notify(f"{name} is not measured: it needs pip install scikit-learn")
    settings = resolve_device(settings)
    if settings.device.startswith("cuda:"):
        torch.cuda.set_device(settings.device)  # the one that the timings wait for
    digits = load_digits(settings.dataset, folder)
    present = tuple(name for name in names if name not in missing)
    return Benchmark(settings, digits, folder, rounds, present)


def _has_sklearn() -> bool:
    return importlib.util.find_spec("sklearn") is not None


@dataclass(frozen=True)
class Benchmark:
    """What is measured: settings, images and their folder, rounds, the names of contestants."""

    settings: Settings
    digits: Digits
    folder: Path
    rounds: int
    names: tuple[str, ...]

    def measure(self, measures: Sequence[str]) -> Measurements:
        """Do these measurements; return the results by the keys of RESULTS, and the "environment".

        Raises InputError if a process or run that is measured fails.
        """
        methods = {
            "process": self._measure_processes, "step": self._time_steps,
            "evaluate": self._time_evaluations, "protocol": self._time_protocol,
            "sizes": self._time_sizes,
        }  # fmt: skip
        environment = describe_environment(self)
        numbers: Numbers = {key: {} for key in RESULTS}
        for measure in measures:
            for key, values in methods[measure]().items():
                numbers[key] |= values
        if "protocol" in measures:
            numbers["protocol_s"] |= estimate_runs(numbers["step_us"], numbers["evaluate_ms"])
        return {"environment": environment, **numbers}

    def _time_steps(self) -> Numbers:
        jobs = make_step_jobs(self._make_contestants(self.names))
        return {"step_us": run_in_turn(jobs, track(range(self.rounds), "steps", self.rounds))}

    def _time_evaluations(self) -> Numbers:
        jobs = make_evaluation_jobs(self._make_contestants(self.names))
        rounds = track(range(self.rounds), "evaluations", self.rounds)
        return {"evaluate_ms": run_in_turn(jobs, rounds)}

    def _time_sizes(self) -> Numbers:
        """Time a step of the contestants SIZED, for each hidden size with each batch size."""
        times = {}
        names = [name for name in self.names if name in SIZED]
        images = len(self.digits.x_train)
        sizes = [(h, n) for h, n in product(HIDDEN_SIZES, BATCH_SIZES) if n <= images]
        for hidden, batch in track(sizes, "sizes", len(sizes)):
            settings = replace(self.settings, hidden_size=hidden, batch_size=batch)
            jobs = make_step_jobs(self._make_contestants(names, settings))
            for name, time in run_in_turn(jobs, range(SIZE_ROUNDS)).items():
                times[make_size_key(name, hidden, batch)] = time
        return {"step_us": times}

    def _measure_processes(self) -> Numbers:
        """Measure start-up and memory, each time in a new process."""
        names = [name for name in self.names if name in (*processes.PROTOCOLS, "floor")]
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for _ in track(range(PROCESS_ROUNDS), "start-up and memory", PROCESS_ROUNDS):
            for name in names:
                found[name].append(processes.measure_start_up(*self._process_arguments(name)))
        seconds, peaks = (
            {name: median(pair[i] for pair in found[name]) for name in names} for i in (0, 1)
        )
        known = {name: peak for name, peak in peaks.items() if peak}
        return {"startup_s": seconds, "peak_rss_mb": known}

    def _time_protocol(self) -> Numbers:
        """Time a whole run of each, and before it a tenth of a bare run, which writes no files."""
        names = [name for name in processes.PROTOCOLS if name.partition("-")[0] in self.names]
        bare = self._make_contestants(name for name in self.names if name in processes.PROTOCOLS)
        eval_every = PROTOCOL_STEPS // PROTOCOL_EVALUATIONS
        times = {}
        bare_times: dict[str, list[float]] = {each.name: [] for each in bare}
        for name in track(names, "whole runs", len(names)):
            for each in bare:
                seconds = time_bare_run(each, PROTOCOL_STEPS // 10, eval_every)
                bare_times[each.name].append(10 * seconds)
            times[name] = processes.time_protocol(*self._process_arguments(name))
        times |= {f"{name}-bare": median(values) for name, values in bare_times.items()}
        return {"protocol_s": times}

    def _process_arguments(self, name: str) -> tuple[str, str, Path, str]:
        device = "cpu" if name.startswith("numpy") else self.settings.device
        return name, self.digits.name, self.folder, device

    def _make_contestants(
        self, names: Iterable[str], settings: Settings | None = None
    ) -> list[Contestant]:
        task = Task.build(settings or self.settings, self.digits, self.folder)
        return [each for name in names for each in MAKERS[name](task)]


def estimate_runs(step_us: dict[str, float], evaluate_ms: dict[str, float]) -> dict[str, float]:
    """Return the seconds of a whole run, computed for contestants whose run is not timed."""
    return {
        name: step_us[name] * PROTOCOL_STEPS / 1e6 + evaluate_ms[name] * PROTOCOL_EVALUATIONS / 1e3
        for name in step_us
        if name in evaluate_ms and name not in processes.PROTOCOLS
    }


def describe_environment(benchmark: Benchmark) -> dict[str, str | int]:
    """Return the machine, data and versions that the numbers depend on, for people to read."""
    digits = benchmark.digits
    return {
        "data set": f"{digits.name}, {len(digits.x_train):,} + {len(digits.x_test):,} images",
        "processor": find_processor(),
        "cores": torch.get_num_threads(),
        "device": benchmark.settings.device,
        "system": platform.platform(terse=True),
        **find_versions(),
        "blas": find_blas(),
        **({"scikit-learn": version("scikit-learn")} if _has_sklearn() else {}),
        "rounds": benchmark.rounds,
    }


def find_processor() -> str:
    """Return the model name of the processor on Linux, or what Python knows of it elsewhere."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.+)", text, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def find_blas() -> str:
    """Return each loaded BLAS with its version and kernel, such as "openblas 0.3.31 Haswell"."""
    keys = "internal_api", "version", "architecture"
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    found = [" ".join(str(each[key]) for key in keys if each.get(key)) for each in libraries]
    return ", ".join(dict.fromkeys(found)) or "unknown"
