"""Lazy evaluation for a net of this project: the same classes as its plain evaluation gives."""

from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.data.digits import Digits
from trainer.nets.numpy_net import CHUNK
from trainer.training.lazy.accuracy import LazyAccuracy
from trainer.training.threads import Threads


def lazy_accuracy(net: Any, digits: Digits, threads: Threads) -> LazyAccuracy:
    """The accuracies over both sets, given net.params, of a net on the CPU."""

    def classify(x: Array) -> Array:
        return np.asarray(net.classes(net.native(x)))

    sets = [(digits.x_train, digits.t_train), (digits.x_test, digits.t_test)]
    return LazyAccuracy(
        sets, net.activation, classify, lambda rows: chunks(rows, threads), threads.map
    )


def chunks(rows: int, threads: Threads) -> list[slice]:
    """The rows that threads.accuracy of so many classifies at once."""
    return [
        slice(i, min(i + CHUNK, part.stop))
        for part in threads.parts(rows)
        for i in range(part.start, part.stop, CHUNK)
    ]
