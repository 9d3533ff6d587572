"""The process of somebody's code: loads a file and answers what the judge asks, a line each.

python -I -m trainer.checker.remote.worker, with the settings as the first line of stdin.
"""

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy  # noqa: F401 (once, before the clock starts)

from trainer.checker.adapt.loaded import restore_aliases
from trainer.checker.load.loading import Loader
from trainer.checker.load.standins import StandIn
from trainer.checker.remote.answering import Answerer
from trainer.checker.remote.limits import import_torch, limit_process
from trainer.common.language import set_language

OUTSIDE = {  # Python's events for what a script does outside of itself
    "socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system",
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.kill",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile",
    "webbrowser.open", "ftplib.connect", "smtplib.connect", "urllib.Request",
}  # fmt: skip


def main() -> int:
    """Answer questions until the judge closes its end."""
    pipes = Pipes()
    settings = pipes.read()
    path = Path(settings["path"])
    set_language(settings["language"])
    prepare_folder(settings, path)
    import_torch(path)
    limit_process(settings["memory"], settings["seconds"])
    sys.argv = [str(path)]
    is_own = Path(settings["hidden"]) in path.parents
    sys.addaudithook(make_guard(None if is_own else settings["hidden"]))
    pipes.write({"ready": True})
    with restore_aliases() as removed:
        answerer = Answerer(Loader(path, settings["run_all"]), removed, pipes.ask)
        while True:
            question = pipes.read()
            pipes.write(answerer.answer(question) | {"to": question["number"]})


def prepare_folder(settings: dict[str, Any], path: Path) -> None:
    """Copy the submission to where it may write, and work there."""
    if settings["copy_from"]:
        import shutil

        shutil.copytree(settings["copy_from"], settings["copy_to"], dirs_exist_ok=True)
    os.chdir(path.parent)


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


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Return whether the arguments of Python's event open are those of a file to write."""
    _path, mode, flags = arguments
    is_named = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    return is_named or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


class Pipes:
    """The two ends of the judge's pipes, under numbers of their own.

    From here on stdin is empty, and stdout is stderr. The process ends with the judge.
    """

    def __init__(self) -> None:
        self._in, self._out = os.dup(0), os.dup(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        with os.fdopen(self._in, "rb", buffering=1 << 16) as pipe:
            for line in pipe:
                self._lines.put(line)
        os._exit(1)

    def read(self) -> dict[str, Any]:
        """Return the judge's next line."""
        found: dict[str, Any] = json.loads(self._lines.get())
        return found

    def write(self, answer: dict[str, Any]) -> None:
        """Send a line."""
        data = json.dumps(answer).encode("ascii") + b"\n"
        while data:
            data = data[os.write(self._out, data) :]

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask the judge, who waits for an answer, and return what it says."""
        self.write(question)
        return self.read()


if __name__ == "__main__":
    sys.exit(main())
