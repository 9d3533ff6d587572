"""One run of the bench: what is asked for, measured, as a mapping ready for JSON."""

import importlib.util
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch

from trainer.bench import ours, peers, processes
from trainer.bench.measure import bare_run, evaluate_jobs, in_turn, step_jobs
from trainer.bench.tables import RESULTS, sized
from trainer.bench.task import Contestant, Task
from trainer.common.settings import Settings
from trainer.common.terminal import notify, track
from trainer.data.digits import Digits, load_digits
from trainer.nets.build import resolve_device
from trainer.training.metadata import find_versions

FIELD: dict[str, Callable[[Task], Iterator[Contestant]]] = {
    "numpy": ours.numpy,
    "torch": ours.torch_,
    "floor": ours.floor,
    "torch-floor": ours.torch_floor,
    "book": peers.book,
    "sklearn": peers.sklearn,
    "sklearn-fit": peers.sklearn_fit,
    "torch-idiom": peers.torch_idiom,
    "torch-best": peers.torch_best,
    "torch-by-hand": peers.torch_by_hand,
    "torch-dataloader": peers.torch_dataloader,
}
# Contestants whose package is not in requirements.txt: its module, and its name.
OPTIONAL = {"sklearn": ("sklearn", "scikit-learn"), "sklearn-fit": ("sklearn", "scikit-learn")}
HIDDEN, BATCH = (10, 50, 100, 500, 2000), (10, 100, 1000, 10_000)
SIZED = ("numpy", "torch", "floor")  # measured at each of these sizes
FEW = 3  # rounds, of what takes seconds
ROUNDS_OF_SIZES = 5
STEPS, EVALUATIONS = 10_000, 1_000  # of the protocol


def prepared(settings: Settings, folder: Path, rounds: int, names: Iterable[str]) -> "Bench":
    """The bench on the data set and device that the settings name; says who is left out."""
    absent = missing(names)
    for name in absent:
        notify(f"{name} is left out: pip install scikit-learn")
    settings = resolve_device(settings)
    digits = load_digits(settings.dataset, folder)
    return Bench(settings, digits, folder, rounds, tuple(n for n in names if n not in absent))


def missing(names: Iterable[str]) -> list[str]:
    """Those of the contestants whose library is not installed."""
    return [n for n in names if n in OPTIONAL and importlib.util.find_spec(OPTIONAL[n][0]) is None]


@dataclass(frozen=True)
class Bench:
    """What to measure on: net and device, images and their folder, rounds, contestants."""

    settings: Settings
    digits: Digits
    folder: Path
    rounds: int
    names: tuple[str, ...]

    def report(self, measures: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The numbers of the measures named; raises CalledProcessError where a run fails."""
        parts = {name: getattr(self, "_" + name) for name in measures}
        result: dict[str, dict[str, Any]] = {"environment": environment(self)}
        result |= {key: {} for key in RESULTS}
        for measure in parts.values():
            for key, values in measure().items():
                result[key] |= values
        if "protocol" in parts:
            result["protocol_s"] |= computed(result["step_us"], result["evaluate_ms"])
        return result

    def _step(self) -> dict[str, dict[str, float]]:
        field = self._field(Task.of(self.settings, self.digits, self.folder))
        return {"step_us": in_turn(step_jobs(field), self._turns("steps"))}

    def _evaluate(self) -> dict[str, dict[str, float]]:
        field = self._field(Task.of(self.settings, self.digits, self.folder))
        return {"evaluate_ms": in_turn(evaluate_jobs(field), self._turns("evaluations"))}

    def _sizes(self) -> dict[str, dict[str, float]]:
        """The steps of the nets and the floor at every hidden size with every batch size."""
        times: dict[str, float] = {}
        names = tuple(name for name in self.names if name in SIZED)
        sizes = [(h, n) for h, n in product(HIDDEN, BATCH) if n <= len(self.digits.x_train)]
        for hidden, batch in track(sizes, "sizes", len(sizes)):
            settings = replace(self.settings, hidden_size=hidden, batch_size=batch)
            field = self._field(Task.of(settings, self.digits, self.folder), names)
            found = in_turn(step_jobs(field), range(ROUNDS_OF_SIZES))
            times |= {sized(name, hidden, batch): time for name, time in found.items()}
        return {"step_us": times}

    def _process(self) -> dict[str, dict[str, float]]:
        """Start-up and memory, each of a process of its own."""
        seen: dict[str, list[tuple[float, float]]] = {}
        names = [name for name in self.names if name in (*processes.PROTOCOLS, "floor")]
        for _ in track(range(FEW), "start-up and memory", FEW):
            for name in names:
                seen.setdefault(name, []).append(self._measured(processes.fresh, name))
        middle = {
            name: [median(column) for column in zip(*pairs, strict=True)]
            for name, pairs in seen.items()
        }
        return {
            "startup_s": {name: pair[0] for name, pair in middle.items()},
            "peak_rss_mb": {name: pair[1] for name, pair in middle.items() if pair[1]},
        }

    def _protocol(self) -> dict[str, dict[str, float]]:
        """Whole runs of train.py, once each as they take a minute; before each a tenth, bare."""
        names = [name for name in processes.PROTOCOLS if name.partition("-")[0] in self.names]
        task = Task.of(self.settings, self.digits, self.folder)
        field = self._field(task, [name for name in self.names if name in processes.PROTOCOLS])
        times: dict[str, float] = {}
        bare: dict[str, list[float]] = {each.name: [] for each in field}
        for name in track(names, "whole runs", len(names)):
            for each in field:
                seconds = bare_run(each, STEPS // 10, STEPS // EVALUATIONS)
                bare[each.name].append(10 * seconds)
            times[name] = self._measured(processes.protocol, name)
        times |= {f"{name}-bare": median(values) for name, values in bare.items()}
        return {"protocol_s": times}

    def _measured(self, measure: Callable[..., Any], name: str) -> Any:
        device = "cpu" if name.startswith("numpy") else self.settings.device
        return measure(name, self.digits.name, self.folder, device)

    def _field(self, task: Task, names: Iterable[str] | None = None) -> list[Contestant]:
        names = self.names if names is None else names
        return [each for name in names for each in FIELD[name](task)]

    def _turns(self, what: str) -> Iterable[int]:
        return track(range(self.rounds), what, self.rounds)


def computed(step_us: Mapping[str, float], evaluate_ms: Mapping[str, float]) -> dict[str, float]:
    """Seconds of the protocol from those of its steps and evaluations, of all that are not run."""
    return {
        name: step_us[name] * STEPS / 1e6 + evaluate_ms[name] * EVALUATIONS / 1e3
        for name in step_us
        if name in evaluate_ms and name not in processes.PROTOCOLS
    }


def environment(bench: Bench) -> dict[str, Any]:
    """What the numbers depend on, for people to read."""
    images = len(bench.digits.x_train), len(bench.digits.x_test)
    return {
        "data set": f"{bench.digits.name}, {images[0]:,} + {images[1]:,} images",
        "processor": _processor(),
        "cores": torch.get_num_threads(),
        "device": bench.settings.device,
        "system": platform.platform(terse=True),
        **find_versions(),
        **{pack: version(pack) for name, (_, pack) in OPTIONAL.items() if not missing([name])},
        "rounds": bench.rounds,
    }


def _processor() -> str:
    """The processor's name as its maker gives it, where Linux tells; else the platform's."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
