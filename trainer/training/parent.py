"""End a worker process of a sweep soon after the sweep itself was killed."""

import os
import signal
import threading
import time

import psutil

POLL = 0.5  # seconds between two looks at the parent
GRACE = 10.0  # seconds that a run has to finish its step and write a checkpoint
STATUS = 128 + signal.SIGTERM  # the exit status of such a worker
_watched: set[int] = set()  # the parents that this process watches already


def end_with_parent(parent: int) -> None:
    """Let this process end when the process parent, which has started it, has ended.

    A run is stopped as by SIGTERM, so it writes a checkpoint, and no other run begins. Does nothing
    in the process parent.
    """
    if parent == os.getpid():
        return
    if not _is_running(parent):
        os._exit(STATUS)
    if parent not in _watched:
        _watched.add(parent)
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _is_running(parent: int) -> bool:
    return os.getppid() == parent and psutil.pid_exists(parent)


def _watch(parent: int) -> None:
    while _is_running(parent):
        time.sleep(POLL)
    if os.name == "posix":  # Windows would end the process at once
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
    os._exit(STATUS)
