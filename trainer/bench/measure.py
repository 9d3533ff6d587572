"""Time contestants in turn: each runs once in every round, so that noise affects all alike."""

import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import torch

from trainer.bench.task import STEPS, Contestant

MOST_SECONDS = 0.1  # of steps in one measurement; slow steps are measured fewer times than STEPS
# OpenBLAS's threads still spin for 0.1 s after the previous contestant has finished.
WARM_UP_SECONDS = 0.15
Timing = Callable[[], float]
Limit = Callable[[], AbstractContextManager[None]]  # a context that sets the number of threads
Jobs = dict[str, Timing]  # by the name of the contestant


def run_in_turn(jobs: Jobs, rounds: Iterable[object]) -> dict[str, float]:
    """Run each job once in every round; return the median of the numbers that it returned.

    Of jobs named "name/variant", only the smallest median of a variant is returned, under name.
    """
    results: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in rounds:
        for name, job in jobs.items():
            results[name].append(job())
    best: dict[str, float] = {}
    for variant, values in results.items():
        name = variant.partition("/")[0]
        best[name] = min(statistics.median(values), best.get(name, float("inf")))
    return best


def make_step_jobs(contestants: Iterable[Contestant]) -> Jobs:
    """Return a job for each contestant that has a step; the job returns its microseconds."""
    return {c.name: _make_step_job(c.threads, c.step) for c in contestants if c.step}


def make_equal_step_jobs(contestants: Iterable[Contestant], threads: Limit) -> Jobs:
    """Return a job for each contestant that has a step, without variants; all have these threads.

    Then a ratio says what the code costs, and not what a second thread saves.
    """
    steps = {c.name.partition("/")[0]: c.step for c in contestants if c.step}
    return {name: _make_step_job(threads, step) for name, step in steps.items()}


def make_evaluation_jobs(contestants: Iterable[Contestant]) -> Jobs:
    """Return a job for each contestant that evaluates; the job returns its milliseconds.

    All have all threads, the last of the variants. Our nets split the images among them.
    """
    found = {c.name.partition("/")[0]: c for c in contestants if c.evaluate}
    return {name: _make_evaluation_job(c, c.evaluate) for name, c in found.items() if c.evaluate}


def time_bare_run(contestant: Contestant, steps: int, eval_every: int) -> float:
    """Return the seconds of steps with an evaluation every eval_every steps, and nothing else."""
    step, evaluate = contestant.step, contestant.evaluate
    assert step is not None
    assert evaluate is not None

    def run() -> None:
        for i in range(steps):
            if i % eval_every == 0:
                evaluate()
            step(i)

    with contestant.threads():
        return _time_call(run)


def _make_step_job(threads: Limit, step: Callable[[int], object]) -> Timing:
    done, count = 0, 0

    def run(calls: int) -> None:
        nonlocal done
        for i in range(done, done + calls):
            step(i)
        done += calls

    def job() -> float:
        nonlocal count
        with threads():
            _warm_up(lambda: run(1))
            if count == 0:  # the first time, find how many calls make a measurement
                fitting = int(MOST_SECONDS / _time_call(lambda: run(1)))
                count = max(1, min(STEPS, fitting))
            return _time_call(lambda: run(count)) / count * 1e6

    return job


def _make_evaluation_job(contestant: Contestant, evaluate: Callable[[], object]) -> Timing:
    def job() -> float:
        with contestant.threads():
            if contestant.part == 1:  # slow contestants evaluate a part and need no warm-up
                _warm_up(evaluate)
            return _time_call(evaluate) / contestant.part * 1e3

    return job


def _time_call(call: Callable[[], object]) -> float:
    """Return the seconds of a call, including the work that it leaves to a GPU."""
    started = time.perf_counter()
    call()
    _wait_for_gpu()
    return time.perf_counter() - started


def _warm_up(call: Callable[[], object]) -> None:
    """Call again and again for WARM_UP_SECONDS."""
    ended = time.perf_counter() + WARM_UP_SECONDS
    while time.perf_counter() < ended:
        call()
        _wait_for_gpu()


def _wait_for_gpu() -> None:
    """Wait until the GPU has finished: the CUDA device that is set, or Apple's."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    if torch.backends.mps.is_available():
        torch.mps.synchronize()
