"""Run a command: how it was started, its exit status, and its errors of one line.

No package is imported, so that a missing one is such an error too.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from trainer.cli.interrupts import find_status, handle_signals
from trainer.common.errors import InputError, OutputError, SettingError
from trainer.common.text import display_path, notify, print_line, quote_command

PACKAGE = "two-layer-net"
ALL_SAMPLES = "--samples_per_plugin=scalars=0,images=0"  # 0: all; the default shows a sample
# What Python and the loader of C libraries report where memory is short.
SHORT_OF_MEMORY = ("can't start new thread", "failed to map segment", "cannot allocate memory")


@dataclass(frozen=True)
class Program:
    """How a command was started: its name in messages, the words that start it again in a shell.

    root is the folder whose data/ and logs/ are used by default.
    """

    name: str
    words: list[str] = field(default_factory=list)
    root: Path = Path()

    def print_error(self, message: str) -> None:
        """Print one line on stderr."""
        notify(f"{self.name}: {message}")

    def sibling_command(self, command: str, folder: Path) -> str:
        """Return the command line that starts another command of this project on a folder."""
        words = [_find_executable(PACKAGE), command]
        if self.name.endswith(".py"):
            script = Path(self.words[-1]).with_name(f"{command}.py")
            words = [_find_executable("python"), str(script)]
        return quote_command([*words, display_path(folder)])


Main = Callable[[list[str] | None, Program], int]


def find_program(command: str, script: str = "") -> Program:
    """Return the command of the package, which works in the current folder, or a script.

    scripts/COMMAND.py works in the project's folder.
    """
    if not script:
        return Program(f"{PACKAGE} {command}", [_find_executable(PACKAGE), command])
    file = Path(script).resolve()
    words, root = [display_path(Path(sys.executable)), display_path(file)], file.parents[1]
    return Program(file.name, words, Path() if root == Path.cwd() else root)


def _find_executable(name: str) -> str:
    """Return what starts an installed program, also if its environment is not active."""
    ours = Path(sys.executable).with_name(name)
    is_found = shutil.which(name) == str(ours) or not ours.exists()
    return name if is_found else display_path(ours)


def print_board(log_dir: Path, tab: str, what: str = "it") -> None:
    """Print the command that opens TensorBoard on all of the runs in log_dir, and the address of
    the tab that shows what was made.
    """
    words = [_find_executable("tensorboard"), ALL_SAMPLES, "--logdir", display_path(log_dir)]
    print_line(f"see {what}: {quote_command(words)}")
    print_line(f"at: http://localhost:6006/#{tab}")


def run_command(
    main: Main, argv: list[str] | None = None, program: Program = Program(PACKAGE)
) -> int:
    """Run main and return its exit status; report an exception as one line and a status.

    The status is 2 for any error, since 1 is a verdict of compare and check, 130 for Ctrl-C, 143
    for SIGTERM, 141 if a program such as head has stopped reading the output.
    """
    _open_streams()
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    handle_signals(program.name)
    try:
        status = main(argv, program)
        print_line("", end="")  # writes what was printed, and raises an error if that fails
        return status
    except KeyboardInterrupt as stop:
        program.print_error("stopped")
        return find_status(stop)
    except SystemExit as stop:
        if stop.code in (None, 0, 2):  # those of argparse
            raise
        program.print_error(f"error: a package ended the program (exit status {stop.code})")
        return 2
    except BrokenPipeError:
        _discard_stdout()
        return 141
    except Exception as error:  # any, since Python's own status of 1 would be a verdict
        program.print_error(f"error: {_explain(error, program)}")
        return 2
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explain(error: Exception, program: Program) -> str:
    """Return what went wrong, in one line; print a traceback too if it is a bug."""
    if isinstance(error, SettingError):
        return error.as_option()
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MemoryError) or any(w in str(error).lower() for w in SHORT_OF_MEMORY):
        return f"there is not enough memory: {error}"
    if isinstance(error, ImportError):
        what = ["-r", "requirements.txt"] if program.name.endswith(".py") else [".[train]"]
        command = quote_command([sys.executable, "-m", "pip", "install", *what])
        return f"{error}: install what is missing, in the project's folder: {command}"
    if isinstance(error, OSError):
        _discard_stdout()  # since stdout may be on the full disk
        is_output = isinstance(error, OutputError)
        return f"cannot write the output: {error.strerror}" if is_output else str(error)
    for line in traceback.format_exc().splitlines():
        notify(line)
    return f"this is a bug: {type(error).__name__}: {error}"


def _discard_stdout() -> None:
    """Send stdout to os.devnull, since Python flushes it once more and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_streams() -> None:
    """Open stdout and stderr if they are closed, and let them accept every character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed before Python started
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open until the process ends)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # such as η on a code page without it
