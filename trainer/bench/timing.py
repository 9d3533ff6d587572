"""Time calls, each once in every round, so that noise affects all alike."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from trainer.bench.task import Threading
from trainer.data.batches import BLOCK

MOST_SECONDS = 0.1  # of calls in one measurement; slow calls are measured fewer times than BLOCK
# OpenBLAS's threads still spin for 0.1 s after the previous contestant has finished.
WARM_UP_SECONDS = 0.15
Job = Callable[[], Any]  # returns a measured number, or several
Jobs = Mapping[str, Job]  # by the name of the contestant


def run_in_turn(jobs: Jobs, rounds: Iterable[object]) -> dict[str, Any]:
    """Run each job once in every round; return the medians of the number, or numbers, of each."""
    found: dict[str, list[Any]] = {name: [] for name in jobs}
    for _ in rounds:
        for name, job in jobs.items():
            found[name].append(job())
    return {name: np.median(values, axis=0).tolist() for name, values in found.items()}


def make_job(call: Callable[[], object], threads: Threading, unit: float) -> Job:
    """Return a job that returns the time of a call on these threads; a second has unit of them.

    A job calls as often as fits into MOST_SECONDS, but BLOCK times at most: so many batches are
    drawn at a time, so that drawing is included.
    """
    count = 0

    def job() -> float:
        nonlocal count
        with threads():
            ended, seconds = time.perf_counter() + WARM_UP_SECONDS, time_calls(call)
            while time.perf_counter() < ended:
                seconds = time_calls(call)
            count = count or max(1, min(BLOCK, int(MOST_SECONDS / seconds)))
            return time_calls(call, count) / count * unit

    return job


def time_calls(call: Callable[[], object], count: int = 1) -> float:
    """Return the seconds of some calls, including the work that they leave to a GPU."""
    started = time.perf_counter()
    for _ in range(count):
        call()
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return time.perf_counter() - started
