"""Keep a net's weights at early iterations, to show the same image before and after learning.

A snapshot is a safetensors file in the run's folder with W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) in
float16, to keep them small. A snapshot is shown, and never trained from.
"""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parse
from safetensors.numpy import save as serialise

from trainer.book.functions import Array
from trainer.common.files import write_atomically
from trainer.nets.net import Net
from trainer.training.checkpoint import MOST_BYTES, Checkpoint

ITERATIONS = (0, 10, 100, 1000, 10_000)


def keep_snapshot(folder: Path, iteration: int, net: Net[Any]) -> None:
    """Write the net's weights if a snapshot is due at this iteration; raises OSError.

    Writes nothing if a weight is not finite in float16.
    """
    if iteration not in ITERATIONS:
        return
    with np.errstate(over="ignore"):
        arrays = {
            name: np.ascontiguousarray(w.astype(np.float16)) for name, w in net.params.items()
        }
    if not all(np.isfinite(array).all() for array in arrays.values()):
        return
    write_atomically(_name_file(folder, iteration), serialise(arrays))


def load_snapshots(folder: Path, trained: Checkpoint) -> dict[int, dict[str, Array]]:
    """Return the weights by iteration, in float32, from before the checkpoint of the same run.

    Leaves out snapshots that are missing, damaged, or of other shapes than the checkpoint.
    """
    found = {}
    for iteration in ITERATIONS:
        params = _load(_name_file(folder, iteration), trained.params)
        if params and iteration < trained.origin.iteration:
            found[iteration] = params
    return found


def _name_file(folder: Path, iteration: int) -> Path:
    return folder / f"snapshot-{iteration}.safetensors"


def _load(path: Path, like: dict[str, Array]) -> dict[str, Array]:
    """Return the weights in a file, or {} unless they are finite and have the shapes of like."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        arrays = parse(path.read_bytes())
    except (OSError, ValueError, TypeError, KeyError, SafetensorError):
        return {}
    if {n: (a.shape, a.dtype.name) for n, a in arrays.items()} != {
        name: (w.shape, "float16") for name, w in like.items()
    }:
        return {}
    is_finite = all(np.isfinite(array).all() for array in arrays.values())
    return {name: a.astype(np.float32) for name, a in arrays.items()} if is_finite else {}
