"""Make contestants as other people write them: the book's code, scikit-learn, ways to use torch."""

import itertools
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor

from trainer.bench.book import BookNet
from trainer.bench.task import Contestant, Task
from trainer.book.functions import Array
from trainer.data.digits import Digits
from trainer.data.fetch import SETS

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

EVALUATION_ROWS = 1000  # images in a batch of an evaluation by torch


def make_book(task: Task) -> Iterator[Contestant]:
    """Yield the book's own algorithm, with NumPy's default threads."""
    net = BookNet(task)
    yield Contestant("book", net.step, net.evaluate)


def make_sklearn(task: Task) -> Iterator[Contestant]:
    """Yield scikit-learn's MLPClassifier with one call of partial_fit for each batch.

    Raises ImportError where scikit-learn is not installed.
    """
    net, digits = _build_classifier(task), task.digits
    numbers = np.arange(len(digits.classes))

    def step(i: int) -> None:
        rows = task.rows[i % len(task.rows)]
        net.partial_fit(digits.x_train[rows], digits.t_train[rows], classes=numbers)

    step(0)  # since score needs a fitted net
    yield Contestant("sklearn", step, partial(_score, net, digits))


def _build_classifier(task: Task) -> "MLPClassifier":
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        (task.settings.hidden_size,), activation="logistic", solver="sgd", alpha=0, momentum=0,
        nesterovs_momentum=False, learning_rate_init=task.settings.lr,
        batch_size=task.settings.batch_size, max_iter=1,
    )  # fmt: skip


def _score(net: "MLPClassifier", digits: Digits) -> tuple[float, float]:
    return net.score(digits.x_train, digits.t_train), net.score(digits.x_test, digits.t_test)


class _PlainTorchNet:
    """The net in plain torch, with its images and the rows of its batches on the device."""

    def __init__(self, task: Task):
        D, H, C = task.sizes  # inputs, hidden neurons, classes
        digits = task.digits
        self.device, self.lr = torch.device(task.settings.device), task.settings.lr
        self.net = nn.Sequential(nn.Linear(D, H), nn.Sigmoid(), nn.Linear(H, C)).to(self.device)
        self.x, self.t = self._copy(digits.x_train), self._copy(digits.t_train)
        self.x_test, self.t_test = self._copy(digits.x_test), self._copy(digits.t_test)
        self.rows = self._copy(task.rows)
        self._optimizer = torch.optim.SGD(self.net.parameters(), lr=self.lr)
        self._criterion = nn.CrossEntropyLoss()

    def _copy(self, array: Array) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def step(self, x: Tensor, t: Tensor) -> None:
        """Train on one mini-batch with zero_grad, backward and SGD."""
        self._optimizer.zero_grad()
        self._criterion(self.net(x), t).backward()
        self._optimizer.step()

    def count_all_correct(self) -> int:
        """Return how many images of both sets are classified correctly."""
        sets = (self.x, self.t), (self.x_test, self.t_test)
        return self.count_correct(
            (x[i : i + EVALUATION_ROWS], t[i : i + EVALUATION_ROWS])
            for x, t in sets
            for i in range(0, len(x), EVALUATION_ROWS)
        )

    @torch.no_grad()
    def count_correct(self, batches: Iterable[tuple[Tensor, Tensor]]) -> int:
        """Return how many images of the batches are classified correctly."""
        return sum(
            int((self.net(x.to(self.device)).argmax(1) == t.to(self.device)).sum())
            for x, t in batches
        )


def make_torch_idiom(task: Task) -> Iterator[Contestant]:
    """Yield plain torch with the usual step: zero_grad, backward, SGD with its defaults."""
    plain = _PlainTorchNet(task)

    def step(i: int) -> None:
        rows = plain.rows[i % len(plain.rows)]
        plain.step(plain.x[rows], plain.t[rows])

    yield Contestant("torch-idiom", step, plain.count_all_correct)


def make_torch_best(task: Task) -> Iterator[Contestant]:
    """Yield plain torch with the fastest step by autograd: no module, no optimizer, one update."""
    plain = _PlainTorchNet(task)
    weights: list[Tensor] = list(plain.net.parameters())
    W1, b1, W2, b2 = weights

    def step(i: int) -> None:
        rows = plain.rows[i % len(plain.rows)]
        x, t = plain.x.index_select(0, rows), plain.t.index_select(0, rows)
        a2 = F.linear(torch.sigmoid(F.linear(x, W1, b1)), W2, b2)
        grads = torch.autograd.grad(F.cross_entropy(a2, t), weights)
        with torch.no_grad():
            torch._foreach_add_(weights, grads, alpha=-plain.lr)

    yield Contestant("torch-best", step, plain.count_all_correct)


def make_torch_dataloader(task: Task) -> Iterator[Contestant]:
    """Yield plain torch with DataLoader and ToTensor; it evaluates only the test images."""
    plain, data_set = _PlainTorchNet(task), SETS[task.digits.name]
    train = data_set(task.folder, train=True, transform=ToTensor())
    test = data_set(task.folder, train=False, transform=ToTensor())
    batches = iter(DataLoader(train, batch_sampler=itertools.cycle(task.rows.tolist())))
    test_batches = DataLoader(test, EVALUATION_ROWS)

    def step(i: int) -> None:
        x, t = next(batches)
        plain.step(x.flatten(1).to(plain.device), t.to(plain.device))

    def evaluate() -> int:
        return plain.count_correct((x.flatten(1), t) for x, t in test_batches)

    part = len(test) / (len(train) + len(test))
    yield Contestant("torch-dataloader", step, evaluate, part=part)
