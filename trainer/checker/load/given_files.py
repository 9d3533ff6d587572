"""Opens data of ours in the place of files that are missing."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from trainer.checker.load.tables import Table

POINTER = b"version https://git-lfs"  # begins a file of which Git LFS keeps the content elsewhere


class Data(Protocol):
    """Data of ours for a script that has none."""

    def give(self, name: str, has_tables: bool = True) -> Any:
        """Return the value of a name that was not set, None where it is no data."""

    def make_table(self) -> Table:
        """Return inputs and labels as one table."""

    def write(self) -> str:
        """Return the table as the text of a file."""

    def write_digits(self, name: str) -> bytes | None:
        """Return the bytes of a file of MNIST's images or labels, None for another name."""


class Archive:
    """Arrays of ours under the names that a script asks for, as an open file of NumPy has them."""

    def __init__(self, data: Data):
        self._data = data

    def __getitem__(self, name: str) -> Any:
        found = self._data.give(name)
        if found is None:
            raise KeyError(name)
        return np.array(found)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_reason: object) -> None:
        """Close nothing."""


@contextmanager
def replace_files(data: Data | None) -> Iterator[None]:
    """Let NumPy's readers return data of ours for a while, by their names, for files that are
    missing; with data, gzip opens such files too, and nothing is downloaded.
    """
    kept = {name: vars(np)[name] for name in ("loadtxt", "genfromtxt", "load", "fromfile")}
    unzip = vars(gzip)["open"]

    def read(name: str, *args: Any, **options: Any) -> Any:
        if name == "fromfile" and args and isinstance(args[0], io.BytesIO):
            return np.frombuffer(args[0].read(), *args[1:], **options)
        try:
            refuse_pointer(*args[:1])
            return kept[name](*args, **options)
        except OSError:
            if data is None or name == "fromfile":
                raise
            if str(args[0]).endswith(".npz"):
                return Archive(data)
            return _give_named(data, *args[:1]).values

    def decompress(path: Any, mode: str = "rb", *args: Any, **options: Any) -> Any:
        try:
            refuse_pointer(path)
            return unzip(path, mode, *args, **options)
        except FileNotFoundError:
            if data is None or "r" not in mode:
                raise
            return open_given(data, path, "r" if "t" in mode else "rb")

    vars(np).update({name: partial(read, name) for name in kept})
    vars(gzip)["open"] = decompress
    try:
        with nullcontext() if data is None else _download_nothing():
            yield
    finally:
        vars(np).update(kept)
        vars(gzip)["open"] = unzip


@contextmanager
def _download_nothing() -> Iterator[None]:
    """Let a download end at once for a while; the file that it should give is still missing."""
    import urllib.request  # takes as long as a third of a check's other imports
    from email.message import Message

    download = vars(urllib.request)["urlretrieve"]
    vars(urllib.request)["urlretrieve"] = lambda _url, path="", *_, **__: (path, Message())
    try:
        yield
    finally:
        vars(urllib.request)["urlretrieve"] = download


def refuse_pointer(path: Any = "") -> None:
    """Raise FileNotFoundError for a file without its content, which a clone without Git LFS has."""
    if isinstance(path, str | Path) and Path(path).is_file():
        with open(path, "rb") as file:
            if file.read(len(POINTER)) == POINTER:
                raise FileNotFoundError(path)


def read_given(data: Data, path: Any = "") -> Table:
    """Return data of ours as the table of a file: what its name says, labels as one column, or
    inputs and labels.
    """
    found = _give_named(data, path)
    return (found.reshape(-1, 1) if found.ndim == 1 else found).view(Table)


def _give_named(data: Data, path: Any = "") -> Any:
    """Return data of ours that the name of a file says, a table where it says none."""
    named = data.give(Path(str(path)).stem)
    return data.make_table() if named is None else named


def open_given(data: Data, path: Any, mode: str) -> Any:
    """Return an open file with data of ours, which are digits where its name says so."""
    if "b" not in mode:
        return io.StringIO(data.write())
    content = data.write_digits(Path(str(path)).name)
    return io.BytesIO(data.write().encode() if content is None else content)
