"""Runs code with the same random numbers whenever it runs, and without any output."""

import contextlib
import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np

from trainer.checker.find.tensors import compute_in_double
from trainer.checker.load.given_files import replace_files
from trainer.checker.load.standins import StandIn, be_quiet

RandomState = tuple[Any, Any]  # of NumPy's generator and of Python's
START = 1e9  # seconds since 1970 at which code runs


def get_random_state() -> RandomState:
    """Return the state of the generators that code shares."""
    return np.random.get_state(), random.getstate()  # noqa: NPY002 (of the code itself)


@contextmanager
def run_quietly(state: RandomState | None = None) -> Iterator[None]:
    """Let code run for a while: with fixed random numbers, those that follow a state where one is
    given, and with no output and no warnings.
    """
    with (
        be_quiet(),
        replace_files(StandIn.given_data),
        fix_randomness(state),
        compute_in_double(),
        contextlib.redirect_stdout(io.StringIO()),
        np.errstate(all="ignore"),
    ):
        yield


@contextmanager
def fix_randomness(state: RandomState | None) -> Iterator[None]:
    """Seed NumPy's and Python's generators, and those that are made without a seed meanwhile; one
    that is seeded again without a number continues. Each look at the clock is a second later.
    """
    if state:
        np.random.set_state(state[0])  # noqa: NPY002 (of the code itself)
        random.setstate(state[1])
    else:
        np.random.seed(0)  # noqa: NPY002 (of the code itself)
        random.seed(0)
    fixed: list[tuple[Any, str, Any]] = [
             (np.random, "default_rng", _default_to_zero(np.random.default_rng)),
             (np.random, "seed", _skip_none(np.random.seed)),
             (random, "seed", _skip_none(random.seed)),
             (np.random, "RandomState", _SeededState), (random, "Random", _SeededRandom),
             (time, "time", _make_clock())]  # fmt: skip
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in fixed]
    for each in fixed:
        setattr(*each)
    try:
        yield
    finally:
        for each in originals:
            setattr(*each)


def _default_to_zero(make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda seed=None: make(0 if seed is None else seed)


def _skip_none(seed: Callable[..., Any]) -> Callable[..., Any]:
    def seed_with_number(*given: Any, **named: Any) -> None:
        if any(each is not None for each in (*given, *named.values())):
            seed(*given, **named)

    return seed_with_number


def _make_clock() -> Callable[[], float]:
    seconds = count(START)
    return lambda: next(seconds)


class _SeededState(np.random.RandomState):
    """A generator of NumPy with the seed 0 where none is given."""

    def __init__(self, seed: Any = None):
        super().__init__(0 if seed is None else seed)


class _SeededRandom(random.Random):
    """A generator of Python with the seed 0 where none is given."""

    def __init__(self, x: Any = None):
        super().__init__(0 if x is None else x)
