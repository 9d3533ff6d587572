"""Handle Ctrl-C and SIGTERM from the first moment of a command, also during its imports.

This module is imported before any other, so it imports nothing that takes time.
"""

import os
import signal
from types import FrameType

IMPORTING = "<frozen importlib._bootstrap>"  # the file name of Python's import in a stack


class Terminated(KeyboardInterrupt):
    """Raised for SIGTERM, so that contexts close and child processes end as for Ctrl-C."""


def handle_signals(name: str, at_once: bool = False) -> None:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt, or end an import with one line.

    An exception in an import can be lost or become a traceback, for example in a C extension. So a
    signal during an import ends the process at once. name is that of the command in the line.
    at_once: end the process in any case, since the command has not begun or has returned.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        stop = KeyboardInterrupt() if number == signal.SIGINT else Terminated()
        if at_once or _is_importing(frame):
            end_at_once(name, stop)
        raise stop

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def find_status(stop: KeyboardInterrupt) -> int:
    """Return the exit status of a command that a signal ends: 128 and its number."""
    return 128 + (signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)


def end_at_once(name: str, stop: KeyboardInterrupt) -> None:
    """Print that the command was stopped, and end the process without any clean-up."""
    try:
        os.write(2, f"{name}: stopped\n".encode(errors="replace"))
    finally:
        os._exit(find_status(stop))


def _is_importing(frame: FrameType | None) -> bool:
    while frame and frame.f_code.co_filename != IMPORTING:
        frame = frame.f_back
    return frame is not None
