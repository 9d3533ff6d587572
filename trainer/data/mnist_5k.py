"""mnist-5k: 5,000 images of MNIST's training set that come with this package."""

import gzip
from pathlib import Path

from torchvision import datasets

from trainer.common.files import write_atomically

# tests/data/make_mnist_5k.py made them. MNIST's licence, CC BY-SA 3.0, is in this folder too.
FILES = Path(__file__).with_name("mnist_5k_files")


class MNIST5k(datasets.MNIST):  # type: ignore[misc]
    """A data set of 4,000 training and 1,000 test images, read from <root>/MNIST5k/raw."""

    mirrors: list[str] = []  # noqa: RUF012 (a list as in the base class; no mirror has the files)


def write_mnist_5k(raw: Path) -> None:
    """Write the four IDX files of mnist-5k into the folder raw; raises OSError."""
    raw.mkdir(parents=True, exist_ok=True)
    for path in sorted(FILES.glob("*.gz")):
        write_atomically(raw / path.stem, gzip.decompress(path.read_bytes()))
