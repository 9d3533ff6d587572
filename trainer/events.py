"""The event files of a run that goes on: what lies beyond its checkpoint is taken out."""

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

HEAD, TAIL = 12, 4  # around each event: its length and that number's check sum; its own


def forget(folder: Path, step: int) -> None:
    """Take all events of that step and later, and torn ones, out of the run's event files.

    The step is recorded again by the run that goes on, so that no point is there twice.
    """
    for path in files(folder):
        end, summaries = 0, 0
        for event, after in read(path):
            if event.step >= step and not event.file_version:
                break
            end, summaries = after, summaries + event.HasField("summary")
        if summaries:
            os.truncate(path, end)
        else:  # a start and nothing more
            path.unlink()


def files(folder: Path) -> list[Path]:
    """The run's event files in the order in which TensorBoard reads them."""
    return sorted(folder.glob("events.out.tfevents.*"))


def read(path: Path) -> Iterator[tuple[Event, int]]:
    """Each whole event of a file, with the offset at which it ends."""
    size, end = path.stat().st_size, 0
    with path.open("rb") as file:
        while len(head := file.read(HEAD)) == HEAD:
            (length,) = struct.unpack("<Q", head[:8])
            end += HEAD + length + TAIL
            if end > size:  # a kill came before its end
                return
            try:
                event = Event.FromString(file.read(length))
            except DecodeError:
                return
            file.seek(TAIL, os.SEEK_CUR)
            yield event, end


def wait_for_next_name(folder: Path) -> None:
    """Let the second pass that the newest event file has in its name.

    TensorBoard reads a run's files in the order of their names, and those begin with the second.
    """
    seconds = [int(path.name.split(".")[3]) for path in files(folder)]
    if seconds and time.time() < max(seconds) + 1 < time.time() + 2:
        time.sleep(max(seconds) + 1 - time.time())
