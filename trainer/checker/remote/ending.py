"""Ends the processes of a cell, measures them, and removes its folder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE = 2.0  # seconds for the processes of a cell to end


def kill_all(find: Callable[[], list[psutil.Process]]) -> None:
    """Kill what is found until nothing is."""
    for _ in range(100):
        alive = [process for process in find() if _is_alive(process)]
        if not alive:
            return
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=0.05)


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def stop_group(child: subprocess.Popen[bytes]) -> None:
    """Let a supervisor end its descendants, or kill the child and its group."""
    if sys.platform == "linux":
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def measure_memory(process: psutil.Process) -> int:
    """Return the bytes of memory that a process holds."""
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def measure_folder(folder: Path) -> int:
    """Return the bytes of disk that a folder takes."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total


def remove_folder(folder: Path) -> None:
    """Remove a folder, also one that forbids it; no link is followed."""
    for place, names, _ in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
