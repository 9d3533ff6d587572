"""Run the requested measures of a benchmark; return them as a mapping ready for JSON."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch

from trainer.bench import processes
from trainer.bench.contestants import MAKERS
from trainer.bench.environment import describe_environment, has_sklearn
from trainer.bench.tables import RESULTS, Measurements, make_size_key
from trainer.bench.task import Contestant, Task
from trainer.bench.timing import Job, make_job, run_in_turn, time_calls
from trainer.common.settings import Settings
from trainer.common.terminal import track
from trainer.common.text import notify
from trainer.training.inputs import load_inputs
from trainer.training.threads import Threads

# A step has equally many threads for all, so that a ratio says what the code costs, and not what a
# second thread saves.
TIMED: dict[str, tuple[str, Callable[[Contestant], Job]]] = {
    "step_one_us": (
        "steps on one thread", lambda each: make_job(each.step, Threads().limit_to_one, 1e6)
    ),
    "step_all_us": ("steps on all threads", lambda each: make_job(each.step, nullcontext, 1e6)),
    "evaluate_ms": (
        "evaluations", lambda each: make_job(each.evaluate, each.threads, 1e3 / each.part)
    ),
}  # fmt: skip
HIDDEN_SIZES, BATCH_SIZES = (10, 50, 500), (10, 100, 1000)
SIZED = ("numpy", "torch", "floor")  # the contestants with all these sizes, and in own processes
PROCESS_ROUNDS, SIZE_ROUNDS = 3, 5
PROTOCOL_STEPS, EVAL_EVERY = 10_000, 10
ESTIMATED = ("floor", "book", "sklearn")  # the others whose whole run is computed, not timed
# The seconds of one round of a contestant on two cores; of a whole run, on mnist.
ROUND_SECONDS = {"process": 3.0, "step": 0.6, "evaluate": 0.4, "protocol": 36.0, "sizes": 0.4}


class Benchmark:
    """Measures the named contestants on the settings' data set and device, in so many rounds.

    Leaves out contestants whose package is not installed, and notifies the user.
    """

    def __init__(self, settings: Settings, folder: Path, rounds: int, names: Sequence[str]):
        if "sklearn" in names and not has_sklearn():
            notify("sklearn is not measured: it needs pip install scikit-learn")
            names = [name for name in names if name != "sklearn"]
        self.settings, self.digits = load_inputs(settings, folder, quiet=True)
        self.folder, self.rounds, self.names = folder, rounds, names
        if self.settings.device.startswith("cuda:"):
            torch.cuda.set_device(self.settings.device)  # the one that the timings wait for

    def measure(self, measures: Sequence[str]) -> Measurements:
        """Do these measurements; return the results by the keys of RESULTS, and the "environment".

        Raises InputError if a process or run that is measured fails.
        """
        methods: dict[str, Callable[[], Measurements]] = {
            "process": self._measure_processes, "protocol": self._time_protocol,
            "step": partial(self._time, "step_one_us", "step_all_us"),
            "evaluate": partial(self._time, "evaluate_ms"), "sizes": self._time_sizes,
        }  # fmt: skip
        seconds = self.estimate_seconds(measures)
        duration = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
        notify(f"measuring takes about {duration}")
        environment = describe_environment(self.settings.device, self.digits, self.rounds)
        found: Measurements = {"environment": environment, **{key: {} for key in RESULTS}}
        for measure in measures:
            found |= methods[measure]()
        if "protocol" in measures:
            found["protocol_s"] |= estimate_runs(found["step_one_us"], found["evaluate_ms"])
        return found

    def estimate_seconds(self, measures: Sequence[str]) -> float:
        """Return about how long these measurements take, as on a machine of two cores."""
        every, sized = self.rounds * len(self.names), len(self._choose(SIZED))
        counts = {
            "process": PROCESS_ROUNDS * sized, "step": every, "evaluate": every,
            "protocol": 2 * len(self._choose(("numpy", "torch"))),
            "sizes": SIZE_ROUNDS * len(HIDDEN_SIZES) * len(BATCH_SIZES) * sized,
        }  # fmt: skip
        return sum(counts[measure] * ROUND_SECONDS[measure] for measure in measures)

    def _time(self, *keys: str) -> Measurements:
        """Time the contestants that each of these keys of TIMED shows."""
        found = {}
        for key in keys:
            title, make = TIMED[key]
            jobs = {name: make(each) for name, each in self._make(RESULTS[key].shown).items()}
            found[key] = run_in_turn(jobs, track(range(self.rounds), title, self.rounds))
        return found

    def _time_sizes(self) -> Measurements:
        """Time a step for each hidden size with each batch size."""
        times: dict[str, float] = {}
        images = len(self.digits.x_train)
        sizes = [(h, n) for h, n in product(HIDDEN_SIZES, BATCH_SIZES) if n <= images]
        for hidden, batch in track(sizes, "sizes", len(sizes)):
            made = self._make(SIZED, hidden_size=hidden, batch_size=batch)
            jobs = {n: make_job(c.step, c.threads, 1e6) for n, c in made.items()}
            if "floor" in made:
                jobs["one thread"] = make_job(made["floor"].step, Threads().limit_to_one, 1e6)
            found = run_in_turn(jobs, range(SIZE_ROUNDS))
            if "floor" in made:  # the least work is that of the better number of threads
                found["floor"] = min(found["floor"], found.pop("one thread"))
            times |= {make_size_key(name, hidden, batch): found[name] for name in made}
        return {"step_us": times}

    def _measure_processes(self) -> Measurements:
        """Measure start-up and memory, each time in a new process."""
        jobs = {
            name: partial(processes.measure_start_up, name, self._settle(name), self.folder)
            for name in self._choose(SIZED)
        }
        rounds = track(range(PROCESS_ROUNDS), "start-up and memory", PROCESS_ROUNDS)
        found = run_in_turn(jobs, rounds)
        seconds, peaks = ({name: pair[i] for name, pair in found.items()} for i in (0, 1))
        return {"startup_s": seconds, "peak_rss_mb": peaks}

    def _time_protocol(self) -> Measurements:
        """Time a whole run of each, and before it a tenth of a bare run, which writes no files."""
        made = self._make(("numpy", "torch"))
        times: dict[str, float] = {}
        names = [name for name in processes.PROTOCOLS if name.partition("-")[0] in made]

        def time_whole_runs() -> Iterator[None]:
            for name in track(names, "whole runs", len(names)):
                yield  # for a round of bare runs
                times[name] = processes.time_protocol(name, self._settle(name), self.folder)

        jobs = {f"{name}-bare": partial(time_bare_run, each) for name, each in made.items()}
        bare = run_in_turn(jobs, time_whole_runs())
        return {"protocol_s": times | bare}

    def _choose(self, names: Sequence[str]) -> list[str]:
        return [name for name in self.names if name in names]

    def _settle(self, name: str, **sizes: Any) -> Settings:
        """Return a contestant's settings: what is not torch computes with NumPy on the CPU."""
        numpy: Any = {} if name.startswith("torch") else {"backend": "numpy", "device": "cpu"}
        return replace(self.settings, **numpy, **sizes)

    def _make(self, names: Sequence[str], **sizes: int) -> dict[str, Contestant]:
        """Return those of the contestants that are among names, at these sizes."""
        tasks = {
            n: Task(self._settle(n, **sizes), self.digits, self.folder) for n in self._choose(names)
        }
        return {name: MAKERS[name](task) for name, task in tasks.items()}


def time_bare_run(contestant: Contestant) -> float:
    """Return the seconds of a run's steps and evaluations alone, ten times those of a tenth."""

    def run() -> None:
        for i in range(PROTOCOL_STEPS // 10):
            if i % EVAL_EVERY == 0:
                contestant.evaluate()
            contestant.step()

    with contestant.threads():
        return 10 * time_calls(run)


def estimate_runs(step_us: dict[str, float], evaluate_ms: dict[str, float]) -> dict[str, float]:
    """Return the seconds of a whole run of ESTIMATED: steps on one thread, evaluations on all."""
    steps, evaluations = PROTOCOL_STEPS / 1e6, PROTOCOL_STEPS / EVAL_EVERY / 1e3
    names = [name for name in ESTIMATED if name in step_us and name in evaluate_ms]
    return {name: step_us[name] * steps + evaluate_ms[name] * evaluations for name in names}
