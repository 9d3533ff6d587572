"""Keeps the code that is checked from what a check has no need of, as far as Python can."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.checker.load.standins import StandIn

OUTSIDE = {  # Python's events for what a script does outside of itself
    "socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system",
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.kill",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile",
    "webbrowser.open", "ftplib.connect", "smtplib.connect", "urllib.Request",
}  # fmt: skip

ON_PATHS = {
    "open", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.truncate", "os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move",
    "shutil.copyfile",
}  # fmt: skip


def make_guard(hidden: str | None) -> Callable[[str, tuple[Any, ...]], None]:
    """Return a hook that lets nothing under a folder be opened, where no cell hides it, and lets a
    script that is followed to its training change no file, start no program and use no network.

    Code that tries hard can pass it. It stops the import of a right net from this project, and
    what a script does that its author would not want in a check.
    """
    start = f"{hidden}{os.sep}"

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if StandIn.is_quiet and (event in OUTSIDE or (event == "open" and _writes(arguments))):
            raise PermissionError("a script that is checked only computes")
        is_path = event == "open" and isinstance(arguments[0], str | bytes)
        if hidden and is_path and os.path.realpath(os.fsdecode(arguments[0])).startswith(start):
            raise PermissionError("the checker's own files are not for the code it checks")

    return guard


def make_fence(folder: Path, tried: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return a hook that lets a submission write in a folder alone, start no program and use no
    network; to tried is added what it was kept from: "write", "process" or "connection".
    """
    inside = f"{os.path.realpath(folder)}{os.sep}"

    def fence(event: str, arguments: tuple[Any, ...]) -> None:
        kind = _name_kind(event, arguments, inside)
        if kind:
            tried.append(kind)
            raise PermissionError("a submission writes in its own folder only")

    return fence


def _name_kind(event: str, arguments: tuple[Any, ...], inside: str) -> str:
    """Return the kind of what an event does outside of a folder, "" for nothing."""
    if event.startswith(("socket.", "ftplib.", "smtplib.", "urllib.", "webbrowser.")):
        return "connection" if event in OUTSIDE else ""
    changes = event in OUTSIDE or (event == "open" and _writes(arguments))
    if not changes or event not in ON_PATHS:
        return "process" if changes else ""
    if not isinstance(arguments[0], str | bytes):
        return ""  # the number of an open file
    path = os.path.realpath(os.fsdecode(arguments[0]))
    return "" if path.startswith(inside) or path == os.devnull else "write"


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Return whether the arguments of Python's event open are those of a file to write."""
    _path, mode, flags = arguments
    is_named = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    return is_named or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
