"""Handle Ctrl-C and SIGTERM from the first moment of a command, also during its imports.

This module is imported before any other, so it imports nothing that takes time.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # as typing's, which takes too long to import
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

STATUS = 128  # of a command that a signal ends, plus the number of the signal
IMPORTING = "<frozen importlib._bootstrap>"  # the file name of Python's import in a stack


class Terminated(KeyboardInterrupt):
    """Raised for SIGTERM, so that contexts close and child processes end as for Ctrl-C."""


def handle_signals(name: str, at_once: bool = False) -> None:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt, or end an import with one line.

    An exception in an import can be lost or become a traceback, for example in a C extension. So a
    signal during an import ends the process at once. name is that of the command in the line.
    at_once: end the process in any case, since the command has not begun or has returned.
    """

    def handle(number: int, frame: FrameType | None) -> NoReturn:
        if at_once or _is_importing(frame):
            end_at_once(name, number)
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def end_at_once(name: str, number: int) -> NoReturn:
    """Print that the command was stopped, and end the process without any clean-up."""
    try:
        os.write(2, f"{name}: stopped\n".encode(errors="replace"))
    finally:
        os._exit(STATUS + number)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False
