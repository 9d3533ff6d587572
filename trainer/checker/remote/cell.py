"""The cell in which somebody's code runs: its folders, its environment, its limits and its end."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from trainer.checker.remote.bubblewrap import make_prefix
from trainer.checker.remote.ending import (
    kill_all,
    measure_folder,
    measure_memory,
    remove_folder,
    stop_group,
)
from trainer.checker.remote.library import ROOT, write_library

TOKEN = "TWO_LAYER_NET_CELL"  # names the cell in the environment of each of its processes
PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT",
          "WINDIR", "PATHEXT", "COMSPEC", "NUMBER_OF_PROCESSORS",
          "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # fmt: skip
SET = {
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",  # CUDA reserves more address space than the limit leaves
}  # fmt: skip
# Finders of packages that are installed in place would find all of this project.
BOOT = """import sys
sys.path[:] = [{library!r}, *(p for p in sys.path if p != {root!r})]
sys.meta_path[:] = [f for f in sys.meta_path if not f.__module__.startswith("__editable__")]
"""
MAIN = "from trainer.checker.worker.main import main\nmain()\n"
SUPERVISOR = Path(__file__).with_name("supervisor.py")
MOST_DISK = 1 << 28  # bytes of files that the code may write
MOST_PROCESSES = 80
PREFIX = "two-layer-net-"  # of a cell's folder, before the judge's process id


@dataclass
class Cell:
    """A temporary folder and the processes that run in it; a context, which ends both.

    memory is in MiB. given is the folder of a submission, which is copied; without it the code
    runs where it is. is_wrapped says whether bubblewrap keeps the code inside. parent is the
    folder in which the temporary folder is made.
    """

    memory: int
    given: Path | None = None
    is_wrapped: bool = False
    parent: Path | None = None
    folder: Path = field(init=False)
    _token: str = field(default_factory=lambda: secrets.token_hex(16))
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _seen: dict[int, psutil.Process] = field(default_factory=dict)

    def __enter__(self) -> "Cell":
        remove_abandoned(self.parent)
        prefix = f"{PREFIX}{os.getpid()}-"
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=self.parent)).resolve()
        write_library(self.folder / "lib")
        for name in ("home", "tmp", "work", "given"):
            (self.folder / name).mkdir()
        if self.given:
            shutil.copytree(self.given, self.folder / "given", dirs_exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        remove_folder(self.folder)

    def locate(self, relative: Path) -> Path:
        """Return where the code finds a file of the submission."""
        return self.folder / "work" / relative

    def make_settings(self) -> dict[str, Any]:
        """Return what a process of the cell has to copy before it runs the code."""
        copied = self.given is not None
        return {
            "copy_from": str(self.folder / "given") if copied else "",
            "copy_to": str(self.folder / "work"),
        }

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start the process that answers the judge's questions."""
        code = BOOT.format(library=str(self.folder / "lib"), root=choose_hidden(ROOT)) + MAIN
        return self._start([sys.executable, "-P", "-s", "-B", "-X", "utf8", "-c", code], {}, [])

    def start_hints(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start the process that looks for a wrong line, which has all of the project."""
        # -P: a random.py beside the file, or in the current folder, is not Python's random.
        command = [sys.executable, "-P", "-m", "trainer.checker.child", *arguments]
        return self._start(command, {"PYTHONPATH": str(ROOT)}, [ROOT / "trainer"])

    def _start(
        self, command: list[str], more: dict[str, str], shown: list[Path]
    ) -> subprocess.Popen[bytes]:
        """Start a process of the cell: in bubblewrap, or on Linux under a supervisor."""
        environment = self._make_environment() | more
        if self.is_wrapped:
            command = [*make_prefix(self.folder, environment, shown), *command]
        elif sys.platform == "linux":
            command = [sys.executable, "-I", "-S", str(SUPERVISOR), *command]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, start_new_session=True, cwd=self.folder / "tmp",
        )  # fmt: skip
        self._started.append(child)
        return child

    def _make_environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        home, temporary = str(self.folder / "home"), str(self.folder / "tmp")
        return passed | SET | {
            "PATH": os.defpath, "HOME": home, "USERPROFILE": home, "TMPDIR": temporary,
            "TEMP": temporary, "TMP": temporary, TOKEN: self._token,
        }  # fmt: skip

    def watch(self) -> str:
        """Return which limit the cell's processes exceed: "memory", "processes", "files" or ""."""
        found = self._list_processes()
        if sum(map(measure_memory, found)) > self.memory * 2**20:
            return "memory"
        if len(found) > MOST_PROCESSES:
            return "processes"
        return "files" if self._measure_disk() > MOST_DISK else ""

    def _list_processes(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for child in self._started:
            with suppress(psutil.Error):
                process = psutil.Process(child.pid)
                found += [process, *process.children(recursive=True)]
        self._seen |= {process.pid: process for process in found}
        return found

    def _measure_disk(self) -> int:
        folders = (self.folder / name for name in ("home", "tmp", "work"))
        return sum(measure_folder(folder) for folder in folders)

    def kill(self) -> None:
        """End every process that the code started, also those that left their parents."""
        self._list_processes()
        for child in self._started:
            stop_group(child)
        for find in (lambda: list(self._seen.values()), self._find_by_token):
            kill_all(find)
        for child in self._started:
            child.wait()
        self._started.clear()
        self._seen.clear()

    def _find_by_token(self) -> list[psutil.Process]:
        """Return the processes whose environment names the cell."""
        if self.is_wrapped:  # its process namespace has ended with all that was in it
            return []
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(TOKEN) == self._token:
                    found.append(process)
        return found


def choose_hidden(root: Path) -> str:
    """Return the folder that leaves the worker's path: the project's, "" where it is installed.

    There NumPy lies beside it. The library comes before it.
    """
    return "" if root.name in ("site-packages", "dist-packages") else str(root)


def remove_abandoned(parent: Path | None) -> None:
    """Remove the cells of judges that were killed, in a folder or where temporary files are."""
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            with suppress(OSError):
                if folder.stat().st_uid == (os.getuid() if hasattr(os, "getuid") else 0):
                    remove_folder(folder)
