"""Data sets as torchvision's are, of noise, for scripts that train on their pictures."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from trainer.book.functions import Array

TRAINING, TEST = 60_000, 10_000  # pictures, as MNIST has them
FEW = 11  # different ones, and those that a script gets that reads all at once
CLASSES = 10


class PictureSet:
    """Pairs of a picture and its label, which are tensors where torch is installed.

    A picture is (1, 28, 28) of real numbers where the set has a transform, which is not run, or
    else (28, 28) of whole ones; of CIFAR-10 (3, 32, 32) and (32, 32, 3).
    """

    def __init__(self, colours: int, side: int, train: Any, transform: Any):
        rng = np.random.default_rng(0)
        pictures = rng.integers(0, 256, (FEW, colours, side, side)).astype(np.uint8)
        self._length = TRAINING if train else TEST
        plain = pictures[:, 0] if colours == 1 else pictures.transpose(0, 2, 3, 1)
        self._pictures = _make_tensor(pictures / np.float32(255)) if transform else plain
        labels = (CLASSES - np.arange(FEW)) % CLASSES
        self._labels = labels.tolist()
        if colours == 1:
            self.data, self.targets = _make_tensor(plain), _make_tensor(labels)
        else:  # arrays and a list, as in torchvision
            self.data, self.targets = plain, self._labels
        self.classes = list(map(str, range(CLASSES)))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> tuple[Any, int]:
        if not -self._length <= number < self._length:
            raise IndexError(number)
        return self._pictures[number % FEW], self._labels[number % FEW]

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """Yield a few pairs."""
        return (self[number] for number in islice(range(self._length), FEW))


def _make_tensor(values: Array) -> Any:
    """Return values as a tensor, or as they are where torch is not installed."""
    try:
        import torch
    except ImportError:
        return values
    return torch.from_numpy(np.ascontiguousarray(values))


def make_set(colours: int, side: int) -> Callable[..., PictureSet]:
    """Return what makes a data set, given the arguments of torchvision's."""

    def make(root: Any = None, train: Any = True, transform: Any = None, *_: Any, **__: Any) -> Any:
        return PictureSet(colours, side, train, transform)

    return make
