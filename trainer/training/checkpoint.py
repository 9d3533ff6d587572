"""Write and read checkpoints: a net's weights and where they come from, for either backend.

A checkpoint is a safetensors file, so reading it runs no code. Its tensors are W1 (D, H), b1 (H,),
W2 (H, C), b2 (C,) for D inputs, H hidden neurons and C classes, and shift and scale if the inputs
were standardised or whitened. Its metadata are texts. Iteration i has the weights after i updates.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from trainer.book.functions import Array
from trainer.book.preprocessing import Preparation
from trainer.common.errors import DivergedError, InputError
from trainer.common.files import build_removed_error, write_atomically
from trainer.common.language import translate as _
from trainer.common.settings import Backend, Device, Settings
from trainer.nets.build import build_net, resolve_device
from trainer.nets.net import Net
from trainer.training.metadata import Origin, format_origin, parse_origin

NAME = "checkpoint.safetensors"
INPUTS = 784
# The most bytes of a header and of a file. Larger files are not read; no net here needs more.
MOST_HEADER, MOST_BYTES = 2**20, 2**30
MOST_NAMES = 5  # the most runs to list in the message that a run does not exist
DTYPES = {"F32": "float32", "F64": "float64"}  # NumPy's name for each of safetensors's


@dataclass(frozen=True)
class Checkpoint:
    """A net's params W1 (D, H), b1 (H,), W2 (H, C), b2 (C,), and where they come from."""

    params: dict[str, Array]
    origin: Origin
    preparation: Preparation | None = None  # None: the inputs are pixels in [0, 1]

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays of the file, in C order."""
        arrays = self.params | (vars(self.preparation) if self.preparation else {})
        return {name: np.ascontiguousarray(array) for name, array in arrays.items()}

    def restore_net(self, backend: Backend, device: Device = "auto") -> Net[Any]:
        """Return the net with these weights, computed by either backend."""
        settings = replace(self.origin.settings, backend=backend, device=device)
        settings = resolve_device(replace(settings, gradient="backprop"))  # it trains no more
        net = build_net(settings, len(self.params["W1"]), len(self.params["b2"]))
        net.set_params(self.params)
        return net

    def prepare_inputs(self, pixels: Array) -> Array:
        """Return x (N, D) in the net's dtype from images (N, …) uint8, prepared as in training."""
        x = np.divide(pixels.reshape(len(pixels), -1), 255, dtype=self.origin.settings.dtype)
        return self.preparation(x) if self.preparation else x


def find_checkpoint(path: Path) -> Path:
    """Return path, or the checkpoint in the folder path; raises InputError if it is missing."""
    try:
        file = path / NAME if path.is_dir() else path
        if file.is_file():  # false for a pipe, where reading would block
            return file
        if path.exists():
            reason = _("has no {name}", name=NAME) if path.is_dir() else _("is not a file")
        else:
            runs = sorted(each.parent.name for each in path.parent.glob(f"*/{NAME}"))
            reason = _("no such run or file")
            if runs:
                reason += _(" (runs in that folder: {names})", names=", ".join(runs[:MOST_NAMES]))
    except (OSError, ValueError) as error:  # a link to itself, a name too long, a zero byte
        reason = getattr(error, "strerror", None) or str(error)
    text = _("{path}: {reason}; give the folder of a run, or its {name}")
    raise InputError(text.format(path=path, reason=reason, name=NAME))


def check_size(size: int, settings: Settings) -> None:
    """Raise InputError if arrays of size bytes do not fit in a checkpoint."""
    if size > MOST_BYTES - MOST_HEADER:
        text = _("a checkpoint holds 1 GiB at most; give a smaller number")
        raise InputError(f"--hidden-size {settings.hidden_size}: {text}")


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the run's checkpoint atomically in place of the previous one.

    Raises InputError if it cannot be written, DivergedError if a weight is not finite.
    """
    settings, arrays = checkpoint.origin.settings, checkpoint.arrays
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            what = _("{name} is no longer finite", name=name)
            raise DivergedError.at(what, checkpoint.origin.iteration, settings.lr)
    check_size(sum(array.nbytes for array in arrays.values()), settings)
    texts = format_origin(checkpoint.origin)
    texts["digest"] = _compute_digest(texts, arrays)
    try:
        write_atomically(folder / NAME, serialise(arrays, texts))
    except OSError as error:
        if not folder.is_dir():
            raise build_removed_error(folder) from error
        text = _("cannot write {path}: {reason}", path=folder / NAME, reason=error.strerror)
        kept = _("; the previous checkpoint is kept") if (folder / NAME).exists() else ""
        raise InputError(text + kept) from error


def load(path: Path) -> Checkpoint:
    """Return the checkpoint in a run's folder or a file; raises InputError if it is damaged."""
    file = find_checkpoint(path)
    try:
        return _load(file)
    except OSError as error:
        text = _("cannot read {path}: {reason}", path=file, reason=error.strerror or error)
        raise InputError(text) from error
    except (ValueError, TypeError, OverflowError, RecursionError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        text = _("{path} cannot be used as a checkpoint: {reason}; give another")
        raise InputError(text.format(path=file, reason=reason)) from error


def load_run(
    folder: Path | str, backend: Backend | None = None, device: Device = "auto"
) -> Net[Any]:
    """Return the net in the folder of a run, or in a checkpoint.safetensors.

    backend: the one that it was trained with by default. Raises InputError if there is none.
    """
    found = load(Path(folder))
    return found.restore_net(backend or found.origin.settings.backend, device)


def _load(path: Path) -> Checkpoint:
    _check_file_size(path)
    with safe_open(path, "numpy") as file:
        texts = file.metadata() or {}
        origin = parse_origin(texts)
        layout = _derive_layout(origin)
        if set(file.keys()) != set(layout):
            raise ValueError(f"expected the arrays {', '.join(layout)} and no others")
        for name, (dtype, shape) in layout.items():
            entry = file.get_slice(name)
            found = DTYPES.get(entry.get_dtype(), entry.get_dtype()), tuple(entry.get_shape())
            if found != (dtype, shape):
                raise ValueError(f"{name} is {found[0]} {found[1]}, expected {dtype} {shape}")
        arrays = {name: file.get_tensor(name) for name in layout}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
    if texts.pop("digest", None) != _compute_digest(texts, arrays):
        raise ValueError("its contents have changed since they were written (the digest differs)")
    preparation = (
        Preparation(arrays.pop("shift"), arrays.pop("scale")) if "shift" in arrays else None
    )
    return Checkpoint(arrays, origin, preparation)


def _check_file_size(path: Path) -> None:
    """Raise ValueError if the file or its header is too large, or the file is too short."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes, more than any checkpoint")
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size < 8 or header > min(MOST_HEADER, size - 8):
        raise ValueError(f"its {size:,} bytes are too few, or its header is too long")


def _derive_layout(origin: Origin) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the dtype and shape of each array that the file must hold, by name."""
    settings = origin.settings
    D, H, C = INPUTS, settings.hidden_size, len(origin.classes)
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    layout: dict[str, tuple[str, tuple[int, ...]]]
    layout = {name: (settings.dtype, shape) for name, shape in shapes.items()}
    if settings.preprocess != "normalise":
        layout["shift"] = "float64", (D,)
        layout["scale"] = "float64", (D, D) if settings.preprocess == "whiten" else (D,)
    return layout


def _compute_digest(texts: dict[str, str], arrays: dict[str, Array]) -> str:
    """Return the SHA-256 of all contents, by which load notices a single changed bit."""
    sha = hashlib.sha256(json.dumps(texts, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()
