"""Gives code the same random numbers whenever it runs."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def fix_randomness() -> Iterator[None]:
    """Seed NumPy's and Python's generators, and those that are made without a seed meanwhile."""
    original = np.random.default_rng

    def make(seed: Any = None) -> np.random.Generator:
        return original(0 if seed is None else seed)

    np.random.seed(0)  # noqa: NPY002 (of the code itself)
    random.seed(0)
    np.random.default_rng = make
    try:
        yield
    finally:
        np.random.default_rng = original
