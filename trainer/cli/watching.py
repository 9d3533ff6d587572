"""Does something again whenever a file changes, until Ctrl-C."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from trainer.cli.interrupts import Terminated
from trainer.common.language import translate as _
from trainer.common.terminal import print_wrapped

PAUSE = 0.3  # seconds between two looks at the file
CLEAR = "\033[2J\033[3J\033[H"  # the screen, what was scrolled away, and the cursor to the top


def watch(path: Path, check: Callable[[], int], is_quiet: bool = False) -> int:
    """Check a file now and after each change; return the last status when Ctrl-C comes.

    is_quiet leaves out all but what check prints itself. A terminal is cleared before each check.
    """
    status = 0
    try:
        while True:
            seen = _read_state(path)
            if sys.stdout.isatty() and not is_quiet:
                print(CLEAR, end="", flush=True)
            started = time.monotonic()
            status = check()
            if not is_quiet:
                _report_time(path, time.monotonic() - started)
            sys.stdout.flush()
            _wait_for_change(path, seen)
    except Terminated:
        raise
    except KeyboardInterrupt:
        return status


def _report_time(path: Path, seconds: float) -> None:
    message = _("checked at {time} in {seconds} s; waits for a change of {file}; Ctrl-C ends it")
    now = f"{datetime.now():%H:%M:%S}"
    print_wrapped(message.format(time=now, seconds=f"{seconds:.1f}", file=path.name))


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
