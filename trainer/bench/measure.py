"""Timing in turn: every contestant runs once in every round, so that noise affects all alike."""

import statistics
import time
from collections.abc import Callable, Iterable

import torch

from trainer.bench.task import STEPS, Contestant

ENOUGH = 0.1  # seconds of steps in one measurement, where a step is slow
# Seconds. OpenBLAS's threads spin for 0.1 s after the previous contestant has finished.
WARM = 0.15
Timing = Callable[[], float]
Jobs = dict[str, Timing]  # by contestant


def run_in_turn(jobs: Jobs, rounds: Iterable[object]) -> dict[str, float]:
    """Return the median of what each job returns, each run once in every round.

    Of jobs named "name/variant" the variant with the smallest median counts, under the name.
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
    """Return a job for each contestant with a step, which returns the microseconds of a step."""
    return {c.name: _make_step_job(c, c.step) for c in contestants if c.step}


def make_evaluation_jobs(contestants: Iterable[Contestant]) -> Jobs:
    """Return a job for each contestant that evaluates, which returns the milliseconds it takes."""
    return {c.name: _make_evaluation_job(c, c.evaluate) for c in contestants if c.evaluate}


def time_bare_run(contestant: Contestant, steps: int, eval_every: int) -> float:
    """Return the seconds that the steps take with their evaluations and nothing else."""
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


def _make_step_job(contestant: Contestant, step: Callable[[int], object]) -> Timing:
    done, count = 0, 0

    def run(calls: int) -> None:
        nonlocal done
        for i in range(done, done + calls):
            step(i)
        done += calls

    def job() -> float:
        nonlocal count
        with contestant.threads():
            _warm_up(lambda: run(1))
            if count == 0:  # find how many calls make a measurement
                fitting = int(ENOUGH / _time_call(lambda: run(1)))
                count = max(1, min(STEPS // contestant.steps, fitting))
            return _time_call(lambda: run(count)) / count / contestant.steps * 1e6

    return job


def _make_evaluation_job(contestant: Contestant, evaluate: Callable[[], object]) -> Timing:
    def job() -> float:
        with contestant.threads():
            if contestant.part == 1:  # slow ones evaluate a part, and a warm-up would not show
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
    ended = time.perf_counter() + WARM
    while time.perf_counter() < ended:
        call()
        _wait_for_gpu()


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
