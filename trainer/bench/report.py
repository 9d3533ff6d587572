"""Run the requested measures of a benchmark; return them as a mapping ready for JSON."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median

import torch

from trainer.bench import ours, peers, processes
from trainer.bench.environment import describe_environment, has_sklearn
from trainer.bench.measure import (
    Limit,
    make_equal_step_jobs,
    make_evaluation_jobs,
    make_step_jobs,
    run_in_turn,
    time_bare_run,
)
from trainer.bench.tables import ASKED, RESULTS, Measurements, make_size_key
from trainer.bench.task import Contestant, Task
from trainer.common.settings import Settings
from trainer.common.terminal import track
from trainer.common.text import notify
from trainer.data.digits import Digits, load_digits
from trainer.nets.build import resolve_device
from trainer.training.threads import Threads

Numbers = dict[str, dict[str, float]]  # key of RESULTS: contestant: number

# For each of tables.CONTESTANTS the function that makes it.
MAKERS: dict[str, Callable[[Task], Iterator[Contestant]]] = {
    "numpy": ours.make_numpy,
    "torch": ours.make_torch,
    "floor": ours.make_floor,
    "torch-floor": ours.make_torch_floor,
    "book": peers.make_book,
    "sklearn": peers.make_sklearn,
    "torch-idiom": peers.make_torch_idiom,
    "torch-best": peers.make_torch_best,
    "torch-dataloader": peers.make_torch_dataloader,
}
HIDDEN_SIZES, BATCH_SIZES = (10, 50, 500), (10, 100, 1000)
SIZED = ("numpy", "torch", "floor")  # the contestants that are measured at all these sizes
PROCESS_ROUNDS, SIZE_ROUNDS = 3, 5
PROTOCOL_STEPS, PROTOCOL_EVALUATIONS = 10_000, 1_000
ESTIMATED = ("floor", "book", "sklearn")  # the others whose whole run is computed, not timed
# The seconds of one round of a contestant on two cores; of a whole run, on mnist.
ROUND_SECONDS = {"process": 3.0, "step": 0.6, "evaluate": 0.4, "protocol": 36.0, "sizes": 0.4}


def prepare_benchmark(
    settings: Settings, folder: Path, rounds: int, names: Sequence[str]
) -> "Benchmark":
    """Return the benchmark of the named contestants on the settings' data set and device.

    Leaves out contestants whose package is not installed, and notifies the user.
    """
    missing = [name for name in names if name == "sklearn" and not has_sklearn()]
    for name in missing:
        notify(f"{name} is not measured: it needs pip install scikit-learn")
    settings = resolve_device(settings)
    if settings.device.startswith("cuda:"):
        torch.cuda.set_device(settings.device)  # the one that the timings wait for
    digits = load_digits(settings.dataset, folder)
    present = tuple(name for name in names if name not in missing)
    return Benchmark(settings, digits, folder, rounds, present)


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
        notify(f"measuring takes about {format_time(self.estimate_seconds(measures))}")
        environment = describe_environment(self.settings.device, self.digits, self.rounds)
        numbers: Numbers = {key: {} for key in RESULTS}
        for measure in measures:
            for key, values in methods[measure]().items():
                numbers[key] |= values
        if "protocol" in measures:
            numbers["protocol_s"] |= estimate_runs(numbers["step_one_us"], numbers["evaluate_ms"])
        return {"environment": environment, **numbers}

    def estimate_seconds(self, measures: Sequence[str]) -> float:
        """Return about how long these measurements take, as on a machine of two cores."""
        counts = {
            "process": PROCESS_ROUNDS * len(self._find_measured_apart()),
            "step": self.rounds * len(self.names), "evaluate": self.rounds * len(self.names),
            "protocol": sum(name.partition("-")[0] in self.names for name in processes.PROTOCOLS),
            "sizes": SIZE_ROUNDS * len(self._list_sizes()) * len(set(SIZED) & set(self.names)),
        }  # fmt: skip
        return sum(counts[measure] * ROUND_SECONDS[measure] for measure in measures)

    def _time_steps(self) -> Numbers:
        """Time a step on one thread, then on all threads, of the contestants ASKED for."""
        limits: dict[str, tuple[str, Limit]] = {
            "step_one_us": ("steps on one thread", Threads().limit_to_one),
            "step_all_us": ("steps on all threads", nullcontext),
        }
        found = {}
        for key, (title, limit) in limits.items():
            jobs = make_equal_step_jobs(self._make_contestants(self._find_asked(key)), limit)
            found[key] = run_in_turn(jobs, track(range(self.rounds), title, self.rounds))
        return found

    def _time_evaluations(self) -> Numbers:
        jobs = make_evaluation_jobs(self._make_contestants(self._find_asked("evaluate_ms")))
        rounds = track(range(self.rounds), "evaluations", self.rounds)
        return {"evaluate_ms": run_in_turn(jobs, rounds)}

    def _time_sizes(self) -> Numbers:
        """Time a step of the contestants SIZED, for each hidden size with each batch size."""
        times = {}
        names = [name for name in self.names if name in SIZED]
        sizes = self._list_sizes()
        for hidden, batch in track(sizes, "sizes", len(sizes)):
            settings = replace(self.settings, hidden_size=hidden, batch_size=batch)
            jobs = make_step_jobs(self._make_contestants(names, settings))
            for name, time in run_in_turn(jobs, range(SIZE_ROUNDS)).items():
                times[make_size_key(name, hidden, batch)] = time
        return {"step_us": times}

    def _find_asked(self, key: str) -> list[str]:
        return [name for name in self.names if name in ASKED.get(key, self.names)]

    def _list_sizes(self) -> list[tuple[int, int]]:
        images = len(self.digits.x_train)
        return [(h, n) for h, n in product(HIDDEN_SIZES, BATCH_SIZES) if n <= images]

    def _find_measured_apart(self) -> list[str]:
        return [name for name in self.names if name in (*processes.PROTOCOLS, "floor")]

    def _measure_processes(self) -> Numbers:
        """Measure start-up and memory, each time in a new process."""
        names = self._find_measured_apart()
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
    """Return the seconds of a whole run of ESTIMATED: steps on one thread, evaluations on all."""
    return {
        name: step_us[name] * PROTOCOL_STEPS / 1e6 + evaluate_ms[name] * PROTOCOL_EVALUATIONS / 1e3
        for name in ESTIMATED
        if name in step_us and name in evaluate_ms
    }


def format_time(seconds: float) -> str:
    """Return a duration for people: seconds below two minutes, minutes above."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
