"""The project's own nets as train.py runs them, and the floor: their matrix products alone."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from trainer.bench.task import Contestant, Task
from trainer.data.batches import Batches
from trainer.nets.build import build_net
from trainer.nets.initial import initial_params
from trainer.training.threads import Threads


def numpy(task: Task) -> Iterator[Contestant]:
    """TwoLayerNet in the loop of a run that logs nothing."""
    yield _ours(task, "numpy")


def torch_(task: Task) -> Iterator[Contestant]:
    """TorchTwoLayerNet in the same loop."""
    yield _ours(task, "torch")


def _ours(task: Task, backend: str) -> Contestant:
    settings, digits, threads = task.settings, task.digits, Threads()
    if backend == "numpy":
        settings = replace(settings, backend="numpy", device="cpu")
    net = build_net(settings, *task.sizes[::2])
    x_train, t_train = net.native(digits.x_train), net.native(digits.t_train)
    x_test, t_test = net.native(digits.x_test), net.native(digits.t_test)
    batch = Batches(x_train, t_train, settings.batch_size, settings.seed, net.native)

    def step(i: int) -> None:
        net.step(*batch(i), settings.lr)

    def evaluate() -> tuple[float, float]:
        return threads.compute_accuracy(net, x_train, t_train), threads.compute_accuracy(
            net, x_test, t_test
        )

    inputs, hidden_size, _ = task.sizes
    few_or_all = partial(threads.limit_for_step, inputs, hidden_size, settings.batch_size)
    return Contestant(backend, step, evaluate, few_or_all)


def floor(task: Task) -> Iterator[Contestant]:
    """The gather and the five products of a step, or the first product of an evaluation.

    Nothing that computes the same in NumPy can be faster.
    """
    params = initial_params(*task.sizes)
    W1, W2 = params["W1"], params["W2"]
    x_train, x_test, rows = task.digits.x_train, task.digits.x_test, task.rows
    z1 = x_train[rows[0]] @ W1  # (N, H): any numbers do
    da2 = z1 @ W2  # (N, C)

    def step(i: int) -> None:
        x = x_train[rows[i % len(rows)]]
        x @ W1
        z1 @ W2
        z1.T @ da2
        da2 @ W2.T
        x.T @ z1  # as x.T @ da1

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield Contestant("floor/1 thread", step, evaluate, Threads().limit_to_one)
    yield Contestant("floor/all threads", step, evaluate)


def torch_floor(task: Task) -> Iterator[Contestant]:
    """The first product of an evaluation in torch."""
    device = task.settings.device
    W1, x_train, x_test = (
        torch.from_numpy(array).to(device)
        for array in (initial_params(*task.sizes)["W1"], task.digits.x_train, task.digits.x_test)
    )

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield Contestant("torch-floor/1 thread", None, evaluate, Threads().limit_to_one)
    yield Contestant("torch-floor/all threads", None, evaluate)
