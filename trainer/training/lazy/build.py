"""Build the lazy evaluation of a net of this project."""

from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.data.digits import Digits
from trainer.nets.net import Net
from trainer.nets.numpy_net import CHUNK
from trainer.training.lazy.accuracy import LazyAccuracy
from trainer.training.threads import Threads


def build_lazy_accuracy(net: Net[Any], digits: Digits, threads: Threads) -> LazyAccuracy:
    """Return the lazy evaluation of a net on the CPU over the training and the test set."""

    def classify(x: Array) -> Array:
        return np.asarray(net.classes(net.native(x)))

    sets = [(digits.x_train, digits.t_train), (digits.x_test, digits.t_test)]
    return LazyAccuracy(
        sets, net.activation, classify, lambda rows: split_chunks(rows, threads), threads.map
    )


def split_chunks(rows: int, threads: Threads) -> list[slice]:
    """Return range(rows) in the chunks in which Threads.compute_accuracy classifies them."""
    return [
        slice(i, min(i + CHUNK, part.stop))
        for part in threads.split_rows(rows)
        for i in range(part.start, part.stop, CHUNK)
    ]
