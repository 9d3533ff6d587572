"""Read a run's event files and cut them at the checkpoint from which the run is resumed.

A file is a sequence of records (TFRecord, as TensorBoard reads it): the length of the data
(8 bytes), a checksum of the length (4), the data, and a checksum of the data (4).
"""

import re
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer import event_file_writer

from trainer.common.files import find_free_name, write_atomically
from trainer.common.text import notify

HEAD, TAIL = 12, 4  # bytes of a record before and after its data
NAME = re.compile(r"events\.out\.tfevents\.(\d{10,})\..+\.\d+\.\d+")  # second, host, pid, number


def cut_events(folder: Path, step: int) -> None:
    """Remove the events of step and later ones, which the resumed run records again.

    Also repairs damaged files: keeps each event that can be read, copies the original to another
    name, and says so on stderr. A file whose last event is incomplete, since its process was
    killed, does not count as damaged.
    """
    for path in list_event_files(folder):
        content = path.read_bytes()
        records, damaged = split_records(content)
        kept, summaries = b"", 0
        for record in records:
            event = Event.FromString(record[HEAD:-TAIL])
            if event.step >= step and not event.file_version:
                break
            kept, summaries = kept + record, summaries + event.HasField("summary")
        if damaged:
            _keep_original(path, content)
        if not summaries:  # only the file's header is left
            path.unlink()
        elif kept != content:
            write_atomically(path, kept)


def _keep_original(path: Path, content: bytes) -> None:
    """Copy the content of a damaged file to a name that TensorBoard does not read."""
    copy = find_free_name(path.with_name(path.name.replace("tfevents", "damaged")))
    write_atomically(copy, content)
    notify(
        f"{path} was damaged and is repaired: it keeps every event that can be read. "
        f"The original is now {copy.name}; you need do nothing"
    )


def list_event_files(folder: Path) -> list[Path]:
    """Return the run's event files in the order in which TensorBoard reads them."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in paths if NAME.fullmatch(p.name) and p.is_file())


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a file that can be read."""
    for record in split_records(path.read_bytes())[0]:
        yield Event.FromString(record[HEAD:-TAIL])


def split_records(content: bytes) -> tuple[list[bytes], bool]:
    """Return the intact records of an event file, and whether any other part is damaged."""
    records, damaged, start = [], False, 0
    while start < len(content):
        size = _measure_record(content, start)
        if size is None:  # damaged, unless the process was killed before it wrote the whole head
            damaged = damaged or len(content) - start >= HEAD
            start += 1  # look for the next place where a record begins
            continue
        record = content[start : start + size]
        if len(record) < size:  # the process was killed before it wrote the rest
            break
        if _is_intact(record):
            records.append(record)
        else:
            damaged = True
        start += size
    return records, damaged


def _measure_record(content: bytes, start: int) -> int | None:
    """Return the number of bytes of the record at start, or None if no record begins there."""
    head = content[start : start + HEAD]
    if len(head) < HEAD:
        return None
    length, checksum = struct.unpack("<QI", head)
    # The length is compared first, since the checksum takes a thousand times as long.
    if length > 2**40 or masked_crc32c(head[:8]) != checksum:
        return None
    return HEAD + length + TAIL


def _is_intact(record: bytes) -> bool:
    """Return whether the data of a record fit their checksum and are an event."""
    data, (checksum,) = record[HEAD:-TAIL], struct.unpack("<I", record[-TAIL:])
    if masked_crc32c(data) != checksum:
        return False
    try:
        Event.FromString(data)
    except DecodeError:
        return False
    return True


@contextmanager
def sort_new_file_last(folder: Path) -> Iterator[None]:
    """Let an event file that is opened in this context sort after those in the folder.

    TensorBoard reads a run's files in the order of their names, in which the second comes first.
    The newest file may be of this second, or of a later one if the clock was set back.
    """
    matches = [NAME.fullmatch(path.name) for path in list_event_files(folder)]
    least = max((int(match[1]) + 1 for match in matches if match), default=0)
    # The writer asks its module's clock for the second, and has no option for it.
    clock = SimpleNamespace(time=lambda: max(time.time(), least))
    event_file_writer.time = clock
    try:
        yield
    finally:
        event_file_writer.time = time
