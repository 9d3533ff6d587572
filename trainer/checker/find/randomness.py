"""Runs code with the same random numbers whenever it runs, and without any output."""

import contextlib
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from trainer.checker.find.tensors import compute_in_double
from trainer.checker.load.given_files import replace_files
from trainer.checker.load.standins import StandIn, be_quiet

RandomState = tuple[Any, Any]  # of NumPy's generator and of Python's


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
    """Seed NumPy's and Python's generators, and those that are made without a seed meanwhile."""
    original = np.random.default_rng

    def make(seed: Any = None) -> np.random.Generator:
        return original(0 if seed is None else seed)

    if state:
        np.random.set_state(state[0])  # noqa: NPY002 (of the code itself)
        random.setstate(state[1])
    else:
        np.random.seed(0)  # noqa: NPY002 (of the code itself)
        random.seed(0)
    np.random.default_rng = make
    try:
        yield
    finally:
        np.random.default_rng = original
