"""One file for both backends: the weights in the book's orientation, and how they came about.

A safetensors file, so that reading it runs nothing: tensors W1, b1, W2, b2 (and shift, scale
where the inputs were standardised or whitened), metadata as texts. Weights of iteration i are
those after i updates.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialised

from trainer.book.functions import Array
from trainer.book.preprocessing import Preparation
from trainer.common.errors import DivergedError, InputError
from trainer.common.files import write_atomically
from trainer.common.settings import Backend, Device, Settings
from trainer.nets.build import build_net, resolve_device
from trainer.nets.net import Net
from trainer.training.metadata import Origin, parsed, written

NAME = "checkpoint.safetensors"
INPUTS = 784
MOST_HEADER, MOST_BYTES = 2**20, 2**30  # beyond any net of this project: nothing larger is read
FEW = 5  # runs named to whoever asks for one that is not there
Layout = dict[str, tuple[str, tuple[int, ...]]]  # the dtype and shape of each array, by name
DTYPES = {"F32": "float32", "F64": "float64"}


@dataclass(frozen=True)
class Checkpoint:
    """A net's params W1 (D, H), b1 (H,), W2 (H, C), b2 (C,), and where they come from."""

    params: dict[str, Array]
    origin: Origin
    preparation: Preparation | None = None  # None: pixels in [0, 1] as they are

    @property
    def arrays(self) -> dict[str, Array]:
        """All that the file holds, in C order."""
        arrays = self.params | (vars(self.preparation) if self.preparation else {})
        return {name: np.ascontiguousarray(array) for name, array in arrays.items()}

    def net(self, backend: Backend, device: Device = "auto") -> Net[Any]:
        """The net with these weights, computed by either backend."""
        settings = resolve_device(replace(self.origin.settings, backend=backend, device=device))
        net = build_net(settings, len(self.params["W1"]), len(self.params["b2"]))
        net.set_params(self.params)
        return net

    def inputs(self, pixels: Array) -> Array:
        """x (N, D) of this net's dtype from raw images (N, …) uint8, prepared as in training."""
        x = np.divide(pixels.reshape(len(pixels), -1), 255, dtype=self.origin.settings.dtype)
        return self.preparation(x) if self.preparation else x


def find(path: Path) -> Path:
    """The checkpoint of a run's folder, or the file itself; raises InputError without one."""
    try:
        file = path / NAME if path.is_dir() else path
        if file.is_file():  # not a pipe, which would wait, nor a link to itself
            return file
        if path.exists():
            reason = f"has no {NAME}" if path.is_dir() else "is not a file"
        else:
            found = sorted(each.parent.name for each in path.parent.glob(f"*/{NAME}"))
            others = f" (there are {', '.join(found[:FEW])})" if found else ""
            reason = f"there is no such run or file{others}"
    except (OSError, ValueError) as error:  # a link to itself, a name too long, a zero byte
        reason = getattr(error, "strerror", None) or str(error)
    raise InputError(f"{path}: {reason}: give the folder of a run, or its {NAME}")


def check_size(size: int, settings: Settings) -> None:
    """Raise InputError where so many bytes of arrays are more than a checkpoint holds."""
    if size > MOST_BYTES - MOST_HEADER:
        raise InputError(f"--hidden-size {settings.hidden_size}: a checkpoint holds 1 GiB at most")


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the run's checkpoint over its last one; raises InputError where it cannot.

    Raises DivergedError for weights that are not finite.
    """
    settings, arrays = checkpoint.origin.settings, checkpoint.arrays
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            what = f"{name} is no longer finite"
            raise DivergedError.at(what, checkpoint.origin.iteration, settings.lr)
    check_size(sum(array.nbytes for array in arrays.values()), settings)
    texts = written(checkpoint.origin)
    texts["digest"] = _digest(texts, arrays)
    try:
        write_atomically(folder / NAME, serialised(arrays, texts))
    except OSError as error:
        kept = "; the one before it is kept" if (folder / NAME).exists() else ""
        raise InputError(f"cannot write {folder / NAME}: {error.strerror}{kept}") from error


def load(path: Path) -> Checkpoint:
    """The checkpoint in a run's folder or a file; raises InputError for any that is not whole.

    Nothing in the file is run, and no more is read than such a file may hold.
    """
    file = find(path)
    try:
        return _load(file)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, TypeError, OverflowError, RecursionError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise InputError(f"{file} is not a checkpoint that can be used: {reason}") from error


def _load(path: Path) -> Checkpoint:
    _check_size(path)
    with safe_open(path, "numpy") as file:
        texts = file.metadata() or {}
        origin = parsed(texts)
        layout = _layout(origin)
        if set(file.keys()) != set(layout):
            raise ValueError(f"it should hold {', '.join(layout)}")
        for name, expected in layout.items():
            entry = file.get_slice(name)
            found = DTYPES.get(entry.get_dtype(), entry.get_dtype()), tuple(entry.get_shape())
            if found != expected:
                raise ValueError(f"{name} is {found}, should be {expected}")
        arrays = {name: file.get_tensor(name) for name in layout}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
    if texts.pop("digest", None) != _digest(texts, arrays):
        raise ValueError("its contents are not those that were written (their digest differs)")
    fitted = Preparation(arrays.pop("shift"), arrays.pop("scale")) if "shift" in arrays else None
    return Checkpoint(arrays, origin, fitted)


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{size:,} bytes are more than any net of this project has")
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size < 8 or header > min(MOST_HEADER, size - 8):
        raise ValueError(f"{size:,} bytes are too few, or its header claims too many")


def _layout(origin: Origin) -> Layout:
    """The dtype and shape of each array that the file must hold."""
    settings = origin.settings
    D, H, C = INPUTS, settings.hidden_size, len(origin.classes)
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    layout: Layout = {name: (settings.dtype, shape) for name, shape in shapes.items()}
    scales = {"standardise": (D,), "whiten": (D, D)}
    if settings.preprocess in scales:
        layout["shift"] = "float64", (D,)
        layout["scale"] = "float64", scales[settings.preprocess]
    return layout


def _digest(texts: dict[str, str], arrays: dict[str, Array]) -> str:
    """SHA-256 of all that the file says: a flipped bit in a weight is a weight like any other."""
    sha = hashlib.sha256(json.dumps(texts, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()
