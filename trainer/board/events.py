"""Read a run's event files and cut them at the checkpoint from which the run is resumed.

A file is a sequence of records (TFRecord, as TensorBoard reads it): the length of the data
(8 bytes), a checksum of the length (4), the data, and a checksum of the data (4).
"""

import re
import struct
import time
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from trainer.common.files import find_free_name, write_atomically
from trainer.common.language import translate as _
from trainer.common.text import notify

HEAD, TAIL = 12, 4  # bytes of a record before and after its data
NAME = re.compile(r"events\.out\.tfevents\.\d{10,}\..+\.\d+\.\d+")  # second, host, pid, number


def list_event_files(folder: Path) -> list[Path]:
    """Return the run's event files in the order in which TensorBoard reads them."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in paths if NAME.fullmatch(p.name) and p.is_file())


def cut_events(folder: Path, step: int) -> None:
    """Remove the events of step and later ones, which the resumed run records again.

    Also repairs damaged files: keeps each event that can be read, copies the original to another
    name, and says so on stderr. A file whose last event is incomplete, since its process was
    killed, does not count as damaged.
    """
    for path in list_event_files(folder):
        content = path.read_bytes()
        records, is_damaged = split_records(content)
        if is_damaged:  # keep it under a name that TensorBoard does not read
            copy = find_free_name(path.with_name(path.name.replace("tfevents", "damaged")))
            write_atomically(copy, content)
            notify(_(
                "{path} was damaged and is repaired: it keeps every event that can be read. The "
                "original is now {name}; you need do nothing", path=path, name=copy.name,
            ))  # fmt: skip
        pairs = [*takewhile(lambda pair: pair[1].step < step or pair[1].file_version, records)]
        kept = b"".join(record for record, _ in pairs)
        if not any(event.HasField("summary") for _, event in pairs):  # only the file's header
            path.unlink()
        elif kept != content:
            write_atomically(path, kept)


def split_records(content: bytes) -> tuple[list[tuple[bytes, Event]], bool]:
    """Return the intact records of an event file with their events, and whether it is damaged."""
    records, is_damaged, start = [], False, 0
    while len(content) - start >= HEAD:  # a shorter rest was written by a killed process
        length, checksum = struct.unpack_from("<QI", content, start)
        # The length is compared first, since the checksum takes a thousand times as long.
        if length > 2**40 or masked_crc32c(content[start : start + 8]) != checksum:
            is_damaged, start = True, start + 1  # look for the next place where a record begins
            continue
        end = start + HEAD + length + TAIL
        if end > len(content):  # the process was killed before it wrote the rest
            break
        if event := _parse_event(content[start + HEAD : end]):
            records.append((content[start:end], event))
        else:
            is_damaged = True
        start = end
    return records, is_damaged


def _parse_event(content: bytes) -> Event | None:
    """Return the event of a record without its head; None if it is damaged."""
    data, (checksum,) = content[:-TAIL], struct.unpack("<I", content[-TAIL:])
    try:
        return Event.FromString(data) if masked_crc32c(data) == checksum else None
    except DecodeError:
        return None


def make_clock(folder: Path) -> SimpleNamespace:
    """Return a module like time, by which a new event file sorts after those in the folder.

    TensorBoard reads a run's files in the order of their names, in which the second comes first.
    The newest file may be of this second, or of a later one if the clock was set back.
    """
    seconds = [int(path.name.split(".")[3]) for path in list_event_files(folder)]
    return SimpleNamespace(time=lambda: max([time.time(), *(second + 1 for second in seconds)]))
