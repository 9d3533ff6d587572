"""The same step and evaluation by other means: the book's code, scikit-learn, torch idioms."""

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor

from trainer.bench.book import Book
from trainer.bench.task import STEPS, Contestant, Task
from trainer.data.digits import Digits
from trainer.data.fetch import SETS
from trainer.training.threads import Threads

ROWS = 1000  # an evaluation's batch, where a contestant evaluates as one does with a DataLoader


def book(task: Task) -> Iterator[Contestant]:
    """The book's own algorithm, BLAS as NumPy sets it."""
    net = Book(task)
    yield Contestant("book", net.step, net.evaluate)


def sklearn(task: Task) -> Iterator[Contestant]:
    """scikit-learn's MLPClassifier, a partial_fit on each batch.

    Raises ImportError where scikit-learn is not installed.
    """
    net, digits = _classifier(task), task.digits
    numbers = np.arange(len(digits.classes))

    def step(i: int) -> None:
        rows = task.rows[i % len(task.rows)]
        net.partial_fit(digits.x_train[rows], digits.t_train[rows], classes=numbers)

    step(0)  # score needs a fitted net
    yield Contestant("sklearn", step, partial(_scores, net, digits))


def sklearn_fit(task: Task) -> Iterator[Contestant]:
    """The same net by fit: with less to check a batch, but batches that it draws itself."""
    from sklearn.exceptions import ConvergenceWarning

    net, some = _classifier(task), slice(STEPS * task.settings.batch_size)

    def step(i: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch is what is asked
            net.fit(task.digits.x_train[some], task.digits.t_train[some])

    step(0)
    yield Contestant("sklearn-fit", step, partial(_scores, net, task.digits), steps=STEPS)


def _classifier(task: Task) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (task.settings.hidden_size,), activation="logistic", solver="sgd", alpha=0, momentum=0,
        nesterovs_momentum=False, learning_rate_init=task.settings.lr,
        batch_size=task.settings.batch_size, max_iter=1,
    )  # fmt: skip


def _scores(net: Any, digits: Digits) -> tuple[float, float]:
    return net.score(digits.x_train, digits.t_train), net.score(digits.x_test, digits.t_test)


class _Torch:
    """The net as anyone writes it in torch, with the images and batches on the device."""

    def __init__(self, task: Task):
        D, H, C = task.sizes
        self.device, self.lr = torch.device(task.settings.device), task.settings.lr
        self.net = nn.Sequential(nn.Linear(D, H), nn.Sigmoid(), nn.Linear(H, C)).to(self.device)
        self.sets = [
            (self.put(task.digits.x_train), self.put(task.digits.t_train)),
            (self.put(task.digits.x_test), self.put(task.digits.t_test)),
        ]
        self.x, self.t = self.sets[0]
        self.rows = self.put(task.rows)

    def put(self, array: Any) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def evaluate(self) -> int:
        return self.right(
            (x[i : i + ROWS], t[i : i + ROWS]) for x, t in self.sets for i in range(0, len(x), ROWS)
        )

    @torch.no_grad()
    def right(self, batches: Iterable[tuple[Tensor, Tensor]]) -> int:
        return sum(
            int((self.net(x.to(self.device)).argmax(1) == t.to(self.device)).sum())
            for x, t in batches
        )


def torch_idiom(task: Task) -> Iterator[Contestant]:
    """zero_grad, backward, SGD as it comes."""
    own = _Torch(task)
    optimizer = torch.optim.SGD(own.net.parameters(), lr=own.lr)
    criterion = nn.CrossEntropyLoss()

    def step(i: int) -> None:
        rows = own.rows[i % len(own.rows)]
        optimizer.zero_grad()
        criterion(own.net(own.x[rows]), own.t[rows]).backward()
        optimizer.step()

    yield Contestant("torch-idiom", step, own.evaluate)


def torch_best(task: Task) -> Iterator[Contestant]:
    """The best eager form with autograd: no module, no optimizer, one call for the update."""
    own = _Torch(task)
    weights: list[Tensor] = list(own.net.parameters())
    W1, b1, W2, b2 = weights

    def step(i: int) -> None:
        rows = own.rows[i % len(own.rows)]
        x, t = own.x.index_select(0, rows), own.t.index_select(0, rows)
        a2 = F.linear(torch.sigmoid(F.linear(x, W1, b1)), W2, b2)
        grads = torch.autograd.grad(F.cross_entropy(a2, t), weights)
        with torch.no_grad():
            torch._foreach_add_(weights, grads, alpha=-own.lr)

    yield from _either("torch-best", step, own.evaluate)


def torch_by_hand(task: Task) -> Iterator[Contestant]:
    """The book's backward pass written out in torch, in place where it can be: no autograd."""
    own = _Torch(task)
    weights = [w.detach() for w in own.net.parameters()]
    lr, all_rows = own.lr / task.settings.batch_size, torch.arange(task.settings.batch_size)

    @torch.no_grad()
    def step(i: int) -> None:
        rows = own.rows[i % len(own.rows)]
        x, t = own.x.index_select(0, rows), own.t.index_select(0, rows)
        W1, b1, W2, b2 = weights  # torch's (out, in)
        z1 = torch.addmm(b1, x, W1.T).sigmoid_()
        da2 = torch.addmm(b2, z1, W2.T).softmax(1)
        da2[all_rows, t] -= 1
        da1 = torch.ops.aten.sigmoid_backward(da2 @ W2, z1)
        W2.addmm_(da2.T, z1, alpha=-lr)
        b2.sub_(da2.sum(0), alpha=lr)
        W1.addmm_(da1.T, x, alpha=-lr)
        b1.sub_(da1.sum(0), alpha=lr)

    yield from _either("torch-by-hand", step, own.evaluate)


def _either(
    name: str, step: Callable[[int], None], evaluate: Callable[[], object]
) -> Iterator[Contestant]:
    """On one thread and on all: the better one counts."""
    yield Contestant(f"{name}/1 thread", step, evaluate, Threads().limit_to_one)
    yield Contestant(f"{name}/all threads", step, evaluate)


def torch_dataloader(task: Task) -> Iterator[Contestant]:
    """torchvision's data set with ToTensor for each image, its batches by a DataLoader."""
    own, sets = _Torch(task), SETS[task.digits.name]
    optimizer = torch.optim.SGD(own.net.parameters(), lr=own.lr)
    criterion = nn.CrossEntropyLoss()
    train, test = (sets(task.folder, train=which, transform=ToTensor()) for which in (True, False))
    batches = iter(DataLoader(train, batch_sampler=itertools.cycle(task.rows.tolist())))
    test_batches = DataLoader(test, ROWS)

    def step(i: int) -> None:
        x, t = next(batches)
        optimizer.zero_grad()
        criterion(own.net(x.flatten(1).to(own.device)), t.to(own.device)).backward()
        optimizer.step()

    def evaluate() -> int:
        return own.right((x.flatten(1), t) for x, t in test_batches)

    part = len(test) / (len(train) + len(test))
    yield Contestant("torch-dataloader", step, evaluate, part=part)
