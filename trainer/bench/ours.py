"""Contestants: this project's nets as training runs them, and their matrix products alone."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from trainer.bench.task import Contestant, Task, vary_threads
from trainer.data.batches import Batches
from trainer.nets.build import build_net
from trainer.nets.initial import draw_params
from trainer.training.threads import Threads


def make_numpy(task: Task) -> Iterator[Contestant]:
    """Yield TwoLayerNet with the batches and threads of a run that logs nothing."""
    settings = replace(task.settings, backend="numpy", device="cpu")
    yield _make_ours(replace(task, settings=settings))


def make_torch(task: Task) -> Iterator[Contestant]:
    """Yield TorchTwoLayerNet with the same batches and threads."""
    yield _make_ours(task)


def _make_ours(task: Task) -> Contestant:
    settings, digits, threads = task.settings, task.digits, Threads()
    inputs, hidden_size, classes = task.sizes
    net = build_net(settings, inputs, classes)
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    x_test, t_test = net.native(digits.x_test), net.native(digits.t_test)
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)

    def step(i: int) -> None:
        net.step(*batch(i), settings.lr)

    def evaluate() -> tuple[float, float]:
        return threads.compute_accuracy(net, x_train, t_train), threads.compute_accuracy(
            net, x_test, t_test
        )

    step_threads = partial(threads.limit_for_step, inputs, hidden_size, settings.batch_size)
    return Contestant(settings.backend, step, evaluate, step_threads)


def make_floor(task: Task) -> Iterator[Contestant]:
    """Yield a step's gather and its five matrix products, and an evaluation's first product.

    No NumPy code that computes the same can be faster.
    """
    params = draw_params(*task.sizes)
    W1, W2 = params["W1"], params["W2"]
    x_train, x_test, rows = task.digits.x_train, task.digits.x_test, task.rows
    z1 = x_train[rows[0]] @ W1  # (N, H): the values do not matter
    da2 = z1 @ W2  # (N, C)

    def step(i: int) -> None:
        x = x_train[rows[i % len(rows)]]
        x @ W1
        z1 @ W2
        z1.T @ da2
        da2 @ W2.T
        x.T @ z1  # takes as long as x.T @ da1

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield from vary_threads("floor", step, evaluate)


def make_torch_floor(task: Task) -> Iterator[Contestant]:
    """Yield an evaluation's first matrix product in torch."""
    arrays = draw_params(*task.sizes)["W1"], task.digits.x_train, task.digits.x_test
    W1, x_train, x_test = (torch.from_numpy(each).to(task.settings.device) for each in arrays)

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield from vary_threads("torch-floor", None, evaluate)
