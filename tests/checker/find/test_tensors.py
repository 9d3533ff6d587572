"""Tensors and what gives them are those of a small step while it is run."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from trainer.checker.find.tensors import MOST_BATCHES, compute_in_double

LOADER = DataLoader(TensorDataset(torch.arange(200.0)), batch_size=4)


def test_a_loop_over_batches_is_short_where_a_step_is_run():
    with compute_in_double():
        assert len(list(LOADER)) == MOST_BATCHES
    assert len(list(LOADER)) == len(LOADER) == 50


def test_an_iterator_that_has_given_batches_goes_on():
    batches = iter(LOADER)
    next(batches)
    with compute_in_double():
        assert next(batches)[0].tolist() == [4, 5, 6, 7]
