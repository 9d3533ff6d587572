"""Make the contestants: our nets as in training, their matrix products alone, other people's nets.

Shapes: N batch, D inputs, H hidden, C classes.
"""

from collections.abc import Callable
from functools import partial
from itertools import count, cycle
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor

from trainer.bench.task import Contestant, Task
from trainer.book.functions import Array, sigmoid, softmax
from trainer.data.batches import Batches
from trainer.data.fetch import SETS
from trainer.nets.build import build_net
from trainer.nets.initial import draw_params
from trainer.training.threads import Threads

EVALUATION_ROWS = 1000  # images in a batch of an evaluation by plain torch


def make_ours(task: Task) -> Contestant:
    """Return our net of the backend with the batches and threads of a run that logs nothing."""
    settings, (D, H, C), threads, numbers = task.settings, task.sizes, Threads(), count()
    net = build_net(settings, D, C)
    batch = Batches(*task.train, settings.batch_size, settings.seed, task.convert)

    def step() -> None:
        net.step(*batch(next(numbers)), settings.lr)

    evaluate = task.make_evaluation(partial(threads.compute_accuracy, net))
    return Contestant(step, evaluate, partial(threads.limit_for_step, D, H, settings.batch_size))


def make_floor(task: Task) -> Contestant:
    """Return the floor: the gather and five products of a step, the first one of an evaluation."""
    params = draw_params(*task.sizes)
    W1, W2 = task.convert(params["W1"]), task.convert(params["W2"])
    z1 = task.train[0][: task.settings.batch_size] @ W1  # (N, H); only the shape matters
    da2 = z1 @ W2  # (N, C)

    def update(x: Any, _: Any) -> None:
        x @ W1
        z1 @ W2
        z1.T @ da2
        da2 @ W2.T
        x.T @ z1  # in place of x.T @ da1, which takes as long

    def multiply(x: Any, _: Any) -> float:
        x @ W1
        return 0.0

    return Contestant(task.make_step(update), task.make_evaluation(multiply))


class BookNet:
    """The algorithm of the book's net and loop (chapter 4.5), in code of our own.

    The weights are float64 and the images float32, so that every product is computed in float64.
    The backward pass computes the sigmoid again. The loss comes from a second forward pass.
    """

    def __init__(self, task: Task):
        self.params, self.lr = draw_params(*task.sizes, dtype="float64"), task.settings.lr
        self.one_hot = np.eye(task.sizes[2])

    def predict(self, x: Array) -> tuple[Array, Array, Array]:
        """Return a1, z1 (N, H) and the probabilities y (N, C) for images x (N, D)."""
        a1 = np.dot(x, self.params["W1"]) + self.params["b1"]
        z1 = sigmoid(a1)
        return a1, z1, softmax(np.dot(z1, self.params["W2"]) + self.params["b2"])

    def update(self, x: Array, labels: Array) -> float:
        """Train on a batch; return its loss after that, as the book's loop computes it."""
        t, (a1, z1, y) = self.one_hot[labels], self.predict(x)
        dy = (y - t) / len(x)
        da1 = (1 - sigmoid(a1)) * sigmoid(a1) * np.dot(dy, self.params["W2"].T)
        grads = np.dot(x.T, da1), da1.sum(axis=0), np.dot(z1.T, dy), dy.sum(axis=0)
        for key, grad in zip(("W1", "b1", "W2", "b2"), grads, strict=True):
            self.params[key] -= self.lr * grad
        picked = self.predict(x)[2][np.arange(len(x)), t.argmax(axis=1)]
        return float(-np.sum(np.log(picked + 1e-7)) / len(x))

    def accuracy(self, x: Array, labels: Array) -> float:
        """Return the accuracy, in one forward pass."""
        return float(np.mean(self.predict(x)[2].argmax(axis=1) == labels))


def make_book(task: Task) -> Contestant:
    """Return the book's own algorithm."""
    net = BookNet(task)
    return Contestant(task.make_step(net.update), task.make_evaluation(net.accuracy))


def make_sklearn(task: Task) -> Contestant:
    """Return scikit-learn's MLPClassifier with one call of partial_fit for each batch."""
    from sklearn.neural_network import MLPClassifier  # here, since scikit-learn is optional

    settings = task.settings
    net = MLPClassifier(
        (settings.hidden_size,), activation="logistic", solver="sgd", alpha=0, momentum=0,
        nesterovs_momentum=False, learning_rate_init=settings.lr,
        batch_size=settings.batch_size, max_iter=1,
    )  # fmt: skip
    step = task.make_step(partial(net.partial_fit, classes=np.arange(task.sizes[2])))
    step()  # since score needs a fitted net
    return Contestant(step, task.make_evaluation(net.score))


def _build_plain_net(task: Task) -> nn.Sequential:
    D, H, C = task.sizes
    return nn.Sequential(nn.Linear(D, H), nn.Sigmoid(), nn.Linear(H, C)).to(task.settings.device)


def _make_update(net: nn.Module, lr: float) -> Callable[[Tensor, Tensor], None]:
    """Return the usual step in torch: zero_grad, backward, SGD with its defaults."""
    optimizer, criterion = torch.optim.SGD(net.parameters(), lr=lr), nn.CrossEntropyLoss()

    def update(x: Tensor, t: Tensor) -> None:
        optimizer.zero_grad()
        criterion(net(x), t).backward()
        optimizer.step()

    return update


@torch.no_grad()
def _compute_accuracy(net: nn.Module, x: Tensor, t: Tensor) -> float:
    batches = zip(*(torch.split(each, EVALUATION_ROWS) for each in (x, t)), strict=True)
    return sum(int((net(x).argmax(1) == t).sum()) for x, t in batches) / len(x)


def make_torch_idiom(task: Task) -> Contestant:
    """Return plain torch with the usual step."""
    net = _build_plain_net(task)
    step = task.make_step(_make_update(net, task.settings.lr))
    return Contestant(step, task.make_evaluation(partial(_compute_accuracy, net)))


def make_torch_best(task: Task) -> Contestant:
    """Return plain torch with the fastest step by autograd: no module, no optimizer, one update."""
    net, (x_train, t_train), all_rows = _build_plain_net(task), task.train, task.cycle_rows()
    weights: list[Tensor] = list(net.parameters())
    W1, b1, W2, b2 = weights

    def step() -> None:
        rows = next(all_rows)
        x, t = x_train.index_select(0, rows), t_train.index_select(0, rows)
        a2 = F.linear(torch.sigmoid(F.linear(x, W1, b1)), W2, b2)
        grads = torch.autograd.grad(F.cross_entropy(a2, t), weights)
        with torch.no_grad():
            torch._foreach_add_(weights, grads, alpha=-task.settings.lr)

    return Contestant(step, task.make_evaluation(partial(_compute_accuracy, net)))


def make_torch_dataloader(task: Task) -> Contestant:
    """Return plain torch with DataLoader and ToTensor; it evaluates only the test images."""
    net, device, data_set = _build_plain_net(task), task.settings.device, SETS[task.name]
    update = _make_update(net, task.settings.lr)
    train, test = (data_set(task.folder, each, transform=ToTensor()) for each in (True, False))
    batches = iter(DataLoader(train, batch_sampler=cycle(task.rows.tolist())))
    test_batches = DataLoader(test, EVALUATION_ROWS)

    def step() -> None:
        x, t = next(batches)
        update(x.flatten(1).to(device), t.to(device))

    def evaluate() -> float:
        found = (
            _compute_accuracy(net, x.flatten(1).to(device), t.to(device)) for x, t in test_batches
        )
        return sum(found) / len(test_batches)

    return Contestant(step, evaluate, part=len(test) / (len(train) + len(test)))


# For each of tables.CONTESTANTS the function that makes it.
MAKERS = {
    "numpy": make_ours, "torch": make_ours, "floor": make_floor, "torch-floor": make_floor,
    "book": make_book, "sklearn": make_sklearn, "torch-idiom": make_torch_idiom,
    "torch-best": make_torch_best, "torch-dataloader": make_torch_dataloader,
}  # fmt: skip
