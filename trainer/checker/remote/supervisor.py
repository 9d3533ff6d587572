"""Runs a command, and ends with it every process that it started: python supervisor.py COMMAND…

A process that leaves its parent and its session becomes a child of this one, which is what Linux
calls a subreaper. So none is lost. This ends too where the process that started it has ended.
"""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
SIGNALS = {signal.SIGCHLD, signal.SIGTERM}


def main(command: list[str]) -> int:
    """Run the command; return its exit status, or end by the signal that ended it."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    child = subprocess.Popen(command, preexec_fn=_unblock)
    while os.getppid() == parent:
        received = signal.sigtimedwait(SIGNALS, 0.2)
        if received and received.si_signo == signal.SIGTERM:
            break
        if child.poll() is not None:
            break
        reap(child.pid)
    while found := list_descendants():
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        reap(child.pid)
        child.poll()
    return child.wait()


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def reap(spared: int) -> None:
    """Take the exit status of each ended child but one."""
    for pid in list_children(os.getpid()):
        if pid != spared:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def list_descendants() -> list[int]:
    """Return the living processes that come from this one."""
    found, waiting = [], list_children(os.getpid())
    while waiting:
        pid = waiting.pop()
        waiting += list_children(pid)
        if not is_zombie(pid):
            found.append(pid)
    return found


def list_children(pid: int) -> list[int]:
    """Return the children of a process, of all its threads."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found


def is_zombie(pid: int) -> bool:
    """Return whether a process has ended, and nothing but its entry is left."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


if __name__ == "__main__":
    status = main(sys.argv[1:])
    if status < 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        signal.signal(-status, signal.SIG_DFL) if -status not in (9, 19) else None
        os.kill(os.getpid(), -status)
    sys.exit(status)
