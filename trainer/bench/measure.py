"""Timing in turn: every contestant in every round, so that a noisy machine disturbs all alike."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping

import torch

from trainer.bench.task import STEPS, Contestant

ENOUGH = 0.1  # seconds of steps in a row, where a step is slow
WARM = 0.15  # seconds: OpenBLAS's threads spin for 0.1 after the contestant before has ended


def in_turn(jobs: Mapping[str, Callable[[], float]], rounds: Iterable[object]) -> dict[str, float]:
    """The median of what each job returns, each run once in every round.

    Of jobs named "name/variant" the better variant counts, under the name alone.
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


def step_jobs(field: Iterable[Contestant], scale: float = 1e6) -> dict[str, Callable[[], float]]:
    """For each contestant that has a step, a job that returns its microseconds."""
    return {each.name: _stepper(each, scale) for each in field if each.step}


def evaluate_jobs(field: Iterable[Contestant]) -> dict[str, Callable[[], float]]:
    """For each contestant that has one, a job that returns the milliseconds of an evaluation."""
    return {each.name: _evaluator(each) for each in field if each.evaluate}


def bare_run(contestant: Contestant, steps: int, eval_every: int) -> float:
    """Seconds of so many steps with their evaluations between them, and nothing else."""
    step, evaluate = contestant.step, contestant.evaluate
    assert step is not None
    assert evaluate is not None
    with contestant.threads():
        started = time.perf_counter()
        for i in range(steps):
            if i % eval_every == 0:
                evaluate()
            step(i)
        _settle()
        return time.perf_counter() - started


def _stepper(contestant: Contestant, scale: float) -> Callable[[], float]:
    step, done, count = contestant.step, 0, 0
    assert step is not None

    def seconds(calls: int) -> float:
        nonlocal done
        started = time.perf_counter()
        for i in range(done, done + calls):
            step(i)
        _settle()
        done += calls
        return time.perf_counter() - started

    def job() -> float:
        nonlocal count
        with contestant.threads():
            _warm_up(lambda: seconds(1))
            if count == 0:  # see how many make a measurement
                count = max(1, min(STEPS // contestant.steps, int(ENOUGH / seconds(1))))
            return seconds(count) / count / contestant.steps * scale

    return job


def _evaluator(contestant: Contestant) -> Callable[[], float]:
    evaluate = contestant.evaluate
    assert evaluate is not None

    def job() -> float:
        with contestant.threads():
            if contestant.part == 1:  # of a slow one a part is timed, and a warm-up would not show
                _warm_up(evaluate)
            started = time.perf_counter()
            evaluate()
            _settle()
            return (time.perf_counter() - started) / contestant.part * 1e3

    return job


def _warm_up(call: Callable[[], object]) -> None:
    ended = time.perf_counter() + WARM
    while time.perf_counter() < ended:
        call()


def _settle() -> None:
    """Wait for what a GPU has still to do."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
