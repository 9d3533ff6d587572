"""Runs a command inside bubblewrap: no network, own processes, and files that can only be read."""

import shutil
import site
import subprocess
import sys
from functools import cache
from pathlib import Path

from trainer.checker.remote.library import ROOT

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache",
          "/etc/alternatives", "/etc/localtime")  # fmt: skip
DISK = 1 << 26  # bytes that each writable folder holds
WRITABLE = ("home", "tmp", "work")


@cache
def explain_absence() -> str:
    """Return why bubblewrap cannot be used here, "" if it can."""
    if sys.platform != "linux":
        return "bubblewrap exists for Linux only"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt install bubblewrap)"
    command = ["bwrap", "--unshare-all", *_show_system(), "--proc", "/proc", "--dev", "/dev"]
    try:
        done = subprocess.run([*command, "true"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run here: {error}"
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return "" if done.returncode == 0 else f"bubblewrap does not run here: {''.join(last)}"


def make_prefix(folder: Path, environment: dict[str, str], shown: list[Path]) -> list[str]:
    """Return the words before a command that may see Python, a cell's folder and what is shown."""
    words = [
        str(shutil.which("bwrap")), "--unshare-all", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--hostname", "cell", "--clearenv",
        "--proc", "/proc", "--dev", "/dev", *_limit("/dev/shm"), *_limit("/tmp"), *_show_system(),
    ]  # fmt: skip
    for path in _list_python():
        words += ["--ro-bind", str(path), str(path)]
    words += _hide_project()
    for path in (folder / "lib", folder / "given", *shown):
        words += ["--ro-bind", str(path), str(path)]
    for name in WRITABLE:
        words += _limit(str(folder / name))
    for name, value in environment.items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", str(folder / "tmp"), "--"]


def _limit(path: str) -> list[str]:
    return ["--size", str(DISK), "--tmpfs", path]


@cache
def _show_system() -> tuple[str, ...]:
    words: list[str] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink() and path.parent == Path("/"):
            words += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            words += ["--ro-bind", name, name]
    return tuple(words)


def _list_python() -> list[Path]:
    """Return the folders of Python and its packages that no other of them contains."""
    executable = Path(sys.executable)
    names = {*map(Path, (sys.prefix, sys.base_prefix, *site.getsitepackages())),
             executable.resolve().parents[1], executable.parents[1]}  # fmt: skip
    folders = names - {Path("/"), Path("/usr")}
    folders = {f for f in folders if f.is_dir() and Path("/usr") not in f.parents}
    return sorted(f for f in folders if not folders & set(f.parents))


def _hide_project() -> list[str]:
    """Return the words that cover this project where it lies in a folder that is shown."""
    shown = [*_list_python(), Path("/usr")]
    places = {ROOT / "trainer", *(Path(name, "trainer") for name in site.getsitepackages())}
    words: list[str] = []
    for path in sorted(places):
        if path.is_dir() and any(folder in path.parents for folder in shown):
            words += ["--tmpfs", str(path)]
    return words
