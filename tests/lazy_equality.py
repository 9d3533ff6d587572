"""Compare lazy evaluation with full evaluation, image by image, over a run."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.common.settings import Settings
from trainer.data.batches import Batches
from trainer.data.digits import Digits
from trainer.nets.build import build_net
from trainer.nets.net import Net
from trainer.training.lazy.build import build_lazy_accuracy, split_chunks
from trainer.training.threads import Threads


@dataclass(frozen=True)
class Compared:
    """A full and a lazy evaluation of the weights before the iteration's update."""

    iteration: int
    wrong: int  # images whose class differs, and accuracies that do
    fraction: float  # of the images that the lazy one evaluated
    full_seconds: float
    lazy_seconds: float


def compare(settings: Settings, digits: Digits) -> Iterator[Compared]:
    """Train as a run does, on the CPU; yield the comparison of both evaluations at each one."""
    net = build_net(settings, digits.x_train.shape[1], len(digits.classes))
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    labels = np.concatenate([digits.t_train, digits.t_test])
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)
    threads = Threads()
    lazy = build_lazy_accuracy(net, digits, threads)
    sizes = digits.x_train.shape[1], settings.hidden_size, settings.batch_size
    with threads.limit_for_step(*sizes), np.errstate(over="ignore", invalid="ignore"):
        for i in range(settings.iterations + 1):
            if i % settings.eval_every == 0 or i == settings.iterations:
                started = time.perf_counter()
                classes = _classify_all(net, digits, threads)
                between = time.perf_counter()
                found = lazy(net.params)
                ended = time.perf_counter()
                right = np.split(classes == labels, [len(digits.t_train)])
                accuracies = [np.count_nonzero(one) / len(one) for one in right]
                wrong = int(np.count_nonzero(lazy.classes != classes)) + (found != accuracies)
                yield Compared(i, wrong, lazy.fraction, between - started, ended - between)
            net.step(*batch(i), settings.lr)


def _classify_all(net: Net[Any], digits: Digits, threads: Threads) -> Array:
    """Return the classes of all images by the full evaluation."""
    parts = [
        net.native(x[part])
        for x in (digits.x_train, digits.x_test)
        for part in split_chunks(len(x), threads)
    ]
    return np.concatenate([np.asarray(y) for y in threads.map(net.classes, parts)])
