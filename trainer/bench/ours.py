"""Make contestants of this project's nets, as in training, and of their matrix products alone."""

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
        train = threads.compute_accuracy(net, x_train, t_train)
        return train, threads.compute_accuracy(net, x_test, t_test)

    step_threads = partial(threads.limit_for_step, inputs, hidden_size, settings.batch_size)
    return Contestant(settings.backend, step, evaluate, step_threads)


def make_floor(task: Task) -> Iterator[Contestant]:
    """Yield the floor of NumPy: the gather and five products of a step, one of an evaluation."""
    params = draw_params(*task.sizes)
    W1, W2 = params["W1"], params["W2"]
    x_train, x_test, rows = task.digits.x_train, task.digits.x_test, task.rows
    z1 = x_train[rows[0]] @ W1  # (batch, hidden); only the shape matters
    da2 = z1 @ W2  # (batch, classes)

    def step(i: int) -> None:
        x = x_train[rows[i % len(rows)]]
        x @ W1
        z1 @ W2
        z1.T @ da2
        da2 @ W2.T
        x.T @ z1  # in place of x.T @ da1, which takes as long

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield from vary_threads("floor", step, evaluate)


def make_torch_floor(task: Task) -> Iterator[Contestant]:
    """Yield the floor of torch for an evaluation: its first matrix product."""
    arrays = draw_params(*task.sizes)["W1"], task.digits.x_train, task.digits.x_test
    W1, x_train, x_test = (torch.from_numpy(each).to(task.settings.device) for each in arrays)

    def evaluate() -> None:
        x_train @ W1
        x_test @ W1

    yield Contestant("torch-floor", evaluate=evaluate)
