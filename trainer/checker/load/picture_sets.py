"""Data sets as torchvision's are, of noise, for scripts that train on their pictures."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array

TRAINING, TEST = 60_000, 10_000  # pictures, as MNIST has them


class PictureSet:
    """Pairs of a picture and its label, which are tensors where torch is installed.

    images are (n, 28, 28) or (n, 32, 32, 3) whole numbers, of which a long set repeats the few. A
    picture is (1, 28, 28) or (3, 32, 32) of real numbers where the set has a transform, which is
    not run, or else as its image is.
    """

    def __init__(self, images: Array, labels: Array, train: Any, transform: Any):
        self._length, self._labels = TRAINING if train else TEST, labels.tolist()
        is_grey = images.ndim == 3
        first = images[:, np.newaxis] if is_grey else images.transpose(0, 3, 1, 2)
        self._pictures = _make_tensor(first / np.float32(255)) if transform else images
        if is_grey:
            self.data, self.targets = _make_tensor(images), _make_tensor(labels.astype(np.int64))
        else:  # arrays and a list, as in torchvision
            self.data, self.targets = images, self._labels
        self.classes = list(map(str, np.unique(labels)))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> tuple[Any, int]:
        if not -self._length <= number < self._length:
            raise IndexError(number)
        there = number % len(self._labels)
        return self._pictures[there], self._labels[there]

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """Yield a few pairs."""
        return (self[number] for number in range(len(self._labels)))


def _make_tensor(values: Array) -> Any:
    """Return values as a tensor, or as they are where torch is not installed."""
    try:
        import torch
    except ImportError:
        return values
    return torch.from_numpy(np.ascontiguousarray(values))
