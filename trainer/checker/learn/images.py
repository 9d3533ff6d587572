"""The images on which a net is trained: mnist-5k, or arrays of one's own."""

import gzip
from pathlib import Path

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.plan import Rows
from trainer.common.errors import InputError

FILES = Path(__file__).parents[2] / "data" / "mnist_5k_files"
TEST = 500  # images on which accuracy is measured
FEWEST, MOST = 20, 4000  # rows of one's own


def load_rows(x: Path | None, t: Path | None) -> Rows:
    """Return mnist-5k with pixels in [0, 1], or the rows of two .npy files as they are.

    A tenth of the rows of one's own, in an order that is always the same, are for testing. Raises
    InputError for files that do not fit.
    """
    if x is None or t is None:
        train, test = (
            (_read(f"{name}-images-idx3-ubyte.gz", 16), _read(f"{name}-labels-idx1-ubyte.gz", 8))
            for name in ("train", "t10k")
        )
        pixels = np.concatenate([test[0][:TEST], train[0]]) / 255
        return Rows(pixels, np.concatenate([test[1][:TEST], train[1]]), TEST, 10)
    return make_rows(_load(x), _load(t), f"--data {x}")


def _read(name: str, offset: int) -> Array:
    data = np.frombuffer(gzip.decompress((FILES / name).read_bytes()), np.uint8, offset=offset)
    return data.astype(np.int64) if "labels" in name else data.reshape(-1, 784)


def _load(path: Path) -> Array:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"--data {path}: no .npy file of numbers") from error
    if not isinstance(found, np.ndarray):
        raise InputError(f"--data {path}: no .npy file of numbers")
    return found


def make_rows(x: Array, t: Array, name: str) -> Rows:
    """Return rows of one's own in a mixed order, a tenth of them for testing.

    Raises InputError, with the name, for arrays that do not fit.
    """
    what = "give rows of finite numbers, and labels 0, 1, 2 … or one-hot rows"
    if {x.dtype.kind, t.dtype.kind} - {*"fiub"} or not (x.ndim and t.ndim):
        raise InputError(f"{name}: {what}")
    labels = t.argmax(axis=1) if t.ndim == 2 and t.shape[1] > 1 else t.reshape(-1)
    if not np.isfinite(x).all() or (labels < 0).any() or (labels % 1 != 0).any():
        raise InputError(f"{name}: {what}")
    if len(x) != len(labels) or len(x) < FEWEST:
        what = f"{len(x)} rows and {len(labels)} targets"
        raise InputError(f"{name}: {what}; give {FEWEST} or more of each")
    order = np.random.default_rng(0).permutation(len(x))[:MOST]
    x, labels = x.reshape(len(x), -1)[order].astype(float), labels[order].astype(np.int64)
    return Rows(x, labels, min(len(x) // 10, TEST), int(labels.max()) + 1)
