"""The process of somebody's code: loads a file and answers what the judge asks, a line each.

python -I -m trainer.checker.worker.main, with the settings as the first line of stdin.
"""

import json
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import numpy  # noqa: F401 (once, before the clock starts)

from trainer.checker.adapt.loaded import restore_aliases
from trainer.checker.load.arguments import Arguments, fill_arguments
from trainer.checker.load.loading import Loader
from trainer.checker.worker.answering import Answerer
from trainer.checker.worker.fence import make_fence, make_guard
from trainer.checker.worker.limits import import_torch, limit_process
from trainer.common.language import set_language


def main() -> int:
    """Answer questions until the judge closes its end."""
    pipes = Pipes()
    settings = pipes.read()
    path = Path(settings["path"])
    set_language(settings["language"])
    prepare_folder(settings, path)
    import_torch(path)
    limit_process(settings["memory"], settings["seconds"])
    sys.argv = Arguments([str(path)])
    fill_arguments()
    is_own = Path(settings["hidden"]) in path.parents
    tried: list[str] = []
    sys.addaudithook(make_guard(None if is_own else settings["hidden"]))
    if settings["copy_from"]:
        sys.addaudithook(make_fence(Path(settings["copy_to"]).parent, tried))
    pipes.write({"ready": True})
    with restore_aliases() as removed:
        answerer = Answerer(Loader(path, settings["run_all"]), removed, pipes.ask, tried)
        while True:
            question = pipes.read()
            pipes.write(answerer.answer(question) | {"to": question["number"]})


def prepare_folder(settings: dict[str, Any], path: Path) -> None:
    """Copy the submission to where it may write, and work there."""
    if settings["copy_from"]:
        import shutil

        shutil.copytree(settings["copy_from"], settings["copy_to"], dirs_exist_ok=True)
    os.chdir(path.parent)


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
