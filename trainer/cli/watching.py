"""Check a file again whenever it changes, until Ctrl-C."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from trainer.cli.interrupts import Terminated
from trainer.cli.program import Program
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.terminal import print_wrapped

PAUSE = 0.3  # seconds between two looks at the file
CLEAR = "\033[2J\033[3J\033[H"  # the screen, what was scrolled away, and the cursor to the top


def watch(path: Path, check: Callable[[], int], program: Program, is_quiet: bool = False) -> int:
    """Check a file now and after each change; return the last status when Ctrl-C comes.

    A change may make a file that cannot be read: its status is 2. is_quiet leaves out all but what
    check prints itself. A terminal is cleared before each check.
    """
    status, show = 0, sys.stdout.isatty() and not is_quiet
    try:
        while True:
            seen, started = _read_state(path), time.monotonic()
            print(CLEAR if show else "", end="", flush=True)
            try:
                status = check()
            except InputError as error:
                program.report(error)
                status = 2
            if not is_quiet:
                print_wrapped(_describe_end(path, time.monotonic() - started))
            sys.stdout.flush()
            _wait_for_change(path, seen)
    except Terminated:
        raise
    except KeyboardInterrupt:
        return status


def _describe_end(path: Path, seconds: float) -> str:
    message = _("checked at {time} in {seconds} s; waits for a change of {file}; Ctrl-C ends it")
    now = f"{datetime.now():%H:%M:%S}"
    return message.format(time=now, seconds=f"{seconds:.1f}", file=path.name)


def _read_state(path: Path) -> tuple[int, int] | None:
    """Return the time and the size of a file; None while an editor replaces it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _wait_for_change(path: Path, seen: tuple[int, int] | None) -> None:
    """Wait until the file is another one, and for one pause has been the same: it is written."""
    before, now = None, _read_state(path)
    while now is None or now == seen or now != before:
        time.sleep(PAUSE)
        before, now = now, _read_state(path)
