"""Code that asks for other random numbers each time gets the same ones."""

import random
import time

import numpy as np
import pytest

from trainer.checker.find.randomness import fix_randomness


def draw_seeded_by_clock():
    random.seed(time.time())
    return random.random()


def draw_seeded_again():
    random.seed(None)
    np.random.seed()  # noqa: NPY002 (what is tested)
    return random.random(), np.random.random()  # noqa: NPY002


@pytest.mark.parametrize(
    "draw",
    [
        draw_seeded_by_clock,
        draw_seeded_again,
        lambda: np.random.RandomState().random(),
        lambda: random.Random().random(),
        lambda: np.random.default_rng().random(),
    ],
)
def test_numbers_are_the_same_whenever_code_runs(draw):
    found = []
    for _ in range(2):
        with fix_randomness(None):
            found.append(draw())
    assert found[0] == found[1]


def test_a_seed_that_is_given_counts():
    with fix_randomness(None):
        drawn = [np.random.RandomState(seed).random() for seed in (1, 2)]
    assert drawn[0] != drawn[1]


def test_the_clock_and_the_generators_are_those_of_before_afterwards():
    before = time.time, random.seed, random.Random, np.random.RandomState
    with fix_randomness(None):
        assert time.time() < time.time()
    assert before == (time.time, random.seed, random.Random, np.random.RandomState)
