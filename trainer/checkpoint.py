"""One file for both backends: the weights in the book's orientation, and how they came about.

A safetensors file, so that reading it runs nothing: tensors W1, b1, W2, b2 (and shift, scale
where the inputs were standardised or whitened), metadata as texts. Weights of iteration i are
those after i updates.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from trainer.errors import InputError
from trainer.files import write_whole
from trainer.functions import Array
from trainer.preprocessing import Preparation
from trainer.settings import Settings

NAME = "checkpoint.safetensors"
FORMAT = 1
INPUTS = 784
MOST_HEADER, MOST_BYTES = 2**20, 2**30  # beyond any net of this project: nothing larger is read
DTYPES = {"F32": "float32", "F64": "float64"}


@dataclass(frozen=True)
class Checkpoint:
    """A net's params W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) after so many updates, and its run."""

    params: dict[str, Array]
    iteration: int
    settings: Settings
    classes: tuple[str, ...]
    fingerprint: str  # of the data set's contents
    preparation: Preparation | None = None  # None: pixels in [0, 1] as they are
    versions: dict[str, str] = field(default_factory=dict)


def find(path: Path) -> Path:
    """The checkpoint of a run's folder, or the file itself; raises InputError without one."""
    try:
        file = path / NAME if path.is_dir() else path
        if file.is_file():  # not a pipe, which would wait, nor a link to itself
            return file
        there = path.exists()
    except (OSError, ValueError):  # a link to itself, a name too long, a zero byte
        there = False
    if not there:
        raise InputError(f"{path}: there is no such run or file")
    reason = f"the run has no {NAME} yet" if path.is_dir() else "is not a file"
    raise InputError(f"{path}: {reason}: give the folder of a run, or its {NAME}")


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the run's checkpoint over its last one; raises InputError where it cannot."""
    arrays = dict(checkpoint.params)
    if checkpoint.preparation:
        arrays |= vars(checkpoint.preparation)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(
                f"{name} is no longer finite at iteration {checkpoint.iteration} with "
                f"--lr {checkpoint.settings.lr}: the steps overshoot; try a smaller one"
            )
    if sum(array.nbytes for array in arrays.values()) > MOST_BYTES - MOST_HEADER:
        raise InputError(f"--hidden-size {checkpoint.settings.hidden_size}: too large to keep")
    metadata = _metadata(checkpoint)
    metadata["digest"] = _digest(metadata, arrays)
    try:
        write_whole(folder / NAME, serialise(arrays, metadata))
    except OSError as error:
        raise InputError(
            f"cannot write {folder / NAME}: {error.strerror}; the one before it is kept"
        ) from error


def load(path: Path) -> Checkpoint:
    """The checkpoint in a run's folder or a file; raises InputError for any that is not whole.

    Nothing in the file is run, and no more is read than it may hold.
    """
    file = find(path)
    try:
        return _load(file)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, TypeError, OverflowError, RecursionError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise InputError(f"{file} is not a checkpoint that can be used: {reason}") from error


def _load(path: Path) -> Checkpoint:
    _check_size(path)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata() or {}
        checkpoint = _parse(metadata)
        expected = _layout(checkpoint)
        if set(file.keys()) != set(expected):
            raise ValueError(f"it holds {', '.join(sorted(file.keys())) or 'nothing'[:100]}")
        for name, (dtype, shape) in expected.items():
            entry = file.get_slice(name)
            found = DTYPES.get(entry.get_dtype(), entry.get_dtype()), tuple(entry.get_shape())
            if found != (dtype, shape):
                raise ValueError(f"{name} is {found[0]} {found[1]}, should be {dtype} {shape}")
        arrays = {name: file.get_tensor(name) for name in expected}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")
    if metadata.pop("digest", None) != _digest(metadata, arrays):
        raise ValueError("its contents are not those that were written (their digest differs)")
    return _filled(checkpoint, arrays)


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes are more than any net of this project has")
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size < 8 or header > min(MOST_HEADER, size - 8):
        raise ValueError("its header does not fit into it")


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    """How the net came about, as texts: JSON where it is more than a word."""
    return {
        "format": str(FORMAT),
        "iteration": str(checkpoint.iteration),
        "settings": json.dumps(asdict(checkpoint.settings)),
        "classes": json.dumps(checkpoint.classes),
        "fingerprint": checkpoint.fingerprint,
        "versions": json.dumps(checkpoint.versions),
    }


def _parse(metadata: dict[str, str]) -> Checkpoint:
    """A checkpoint with no arrays yet; raises ValueError for metadata that are not ours."""
    number = _integer(metadata, "format")
    if number != FORMAT:
        raise ValueError(f"it has format {number}, and this version reads format {FORMAT}")
    iteration, settings = _integer(metadata, "iteration"), _settings(metadata)
    if iteration > settings.iterations:
        raise ValueError(f"iteration {iteration} of {settings.iterations}")
    classes, versions = _json(metadata, "classes", list), _json(metadata, "versions", dict)
    if not all(isinstance(name, str) for name in (*classes, *versions.values())):
        raise ValueError("its classes or versions are not texts")
    fingerprint = _text(metadata, "fingerprint")
    return Checkpoint({}, iteration, settings, tuple(classes), fingerprint, None, versions)


def _settings(metadata: dict[str, str]) -> Settings:
    given = _json(metadata, "settings", dict)
    known = {setting.name: setting for setting in fields(Settings)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"this version knows no setting {name!r}")
        kind = str if known[name].default is None else type(known[name].default)
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ValueError(f"its setting {name} is {value!r}")
    if "dataset" not in given:
        raise ValueError("it names no data set")
    return Settings(**given)


def _layout(checkpoint: Checkpoint) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The dtype and shape that each array of the file must have."""
    D, H, C = INPUTS, checkpoint.settings.hidden_size, len(checkpoint.classes)
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    layout = {name: (checkpoint.settings.dtype, shape) for name, shape in shapes.items()}
    scales = {"standardise": (D,), "whiten": (D, D)}
    if checkpoint.settings.preprocess in scales:
        layout["shift"] = "float64", (D,)
        layout["scale"] = "float64", scales[checkpoint.settings.preprocess]
    return layout


def _filled(checkpoint: Checkpoint, arrays: dict[str, Array]) -> Checkpoint:
    values = dict(vars(checkpoint))
    if "shift" in arrays:
        values["preparation"] = Preparation(arrays.pop("shift"), arrays.pop("scale"))
    return Checkpoint(**values | {"params": arrays})


def _digest(metadata: dict[str, str], arrays: dict[str, Array]) -> str:
    """SHA-256 of all that the file says: a flipped bit in a weight is a weight like any other."""
    sha = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(arrays):
        sha.update(arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes())
    return sha.hexdigest()


def _text(metadata: dict[str, str], name: str) -> str:
    if name not in metadata:
        raise ValueError(f"its metadata have no {name}")
    return metadata[name]


def _integer(metadata: dict[str, str], name: str) -> int:
    text = _text(metadata, name)
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ValueError(f"its {name} is {text[:20]!r}")
    return int(text)


def _json(metadata: dict[str, str], name: str, kind: type) -> Any:
    value = json.loads(_text(metadata, name))
    if not isinstance(value, kind):
        raise ValueError(f"its {name} are not what they should be")
    return value
