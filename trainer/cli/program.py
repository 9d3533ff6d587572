"""Run a command: how it was started, its exit status, and its errors of one line.

trainer.common is imported in functions, so that a missing package is such an error too.
"""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from trainer.cli.interrupts import Terminated, handle_signals

PACKAGE = "two-layer-net"
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
        """Print one line on stderr; do nothing if stderr is full or closed."""
        from trainer.common.text import escape

        try:
            print(escape(f"{self.name}: {message}"), file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (or Python fails again at its end)

    def sibling_command(self, command: str, folder: Path) -> str:
        """Return the command line that starts another command of this project on a folder."""
        from trainer.common.text import display_path, quote_command

        if not self.name.endswith(".py"):
            return quote_command([*_find_executable(PACKAGE), command, display_path(folder)])
        script = str(Path(self.words[-1]).with_name(f"{command}.py"))
        return quote_command([*_find_executable("python"), script, display_path(folder)])


Main = Callable[[list[str] | None, Program], int]


def installed_program(command: str) -> Program:
    """Return the command of the installed package, which works in the current folder."""
    return Program(f"{PACKAGE} {command}", [*_find_executable(PACKAGE), command])


def script_program(file: str) -> Program:
    """Return scripts/COMMAND.py, which works in the project's folder."""
    from trainer.common.text import display_path

    script = Path(file).resolve()
    root = script.parents[1]
    words = [display_path(Path(sys.executable)), display_path(script)]
    return Program(script.name, words, Path() if root == Path.cwd() else root)


def _find_executable(name: str) -> list[str]:
    """Return what starts an installed program, also if its environment is not active."""
    from trainer.common.text import display_path

    ours = Path(sys.executable).with_name(name)
    if shutil.which(name) == str(ours) or not ours.exists():
        return [name]
    return [display_path(ours)]


def board_command(log_dir: Path) -> str:
    """Return the command that opens TensorBoard on the runs in log_dir."""
    from trainer.common.text import display_path, quote_command

    return quote_command([*_find_executable("tensorboard"), "--logdir", display_path(log_dir)])


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
        _flush_stdout()
        return status
    except KeyboardInterrupt as stop:
        program.print_error("stopped")
        return 143 if isinstance(stop, Terminated) else 130
    except SystemExit as stop:
        if stop.code in (None, 0, 2):  # those of argparse
            raise
        program.print_error(f"error: a package ended the program (exit status {stop.code})")
        return 2
    except Exception as error:  # any, since Python's own status of 1 would be a verdict
        return _report_error(error, program)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report_error(error: Exception, program: Program) -> int:
    """Print an error as one line, and a traceback too if it is a bug; return the status."""
    from trainer.common.errors import InputError, OutputError
    from trainer.common.text import notify, quote_command

    if isinstance(error, BrokenPipeError):
        _discard_stdout()
        return 141
    if isinstance(error, InputError):
        program.print_error(f"error: {error}")
    elif _is_short_of_memory(error):
        program.print_error(f"error: there is not enough memory: {error}")
    elif isinstance(error, ImportError):
        what = ["-r", "requirements.txt"] if program.name.endswith(".py") else [PACKAGE]
        command = quote_command([sys.executable, "-m", "pip", "install", *what])
        program.print_error(f"error: {error}: install what is missing: {command}")
    elif isinstance(error, OSError):
        _discard_stdout()  # since stdout may be on the full disk
        what_failed = "cannot write the output: " if isinstance(error, OutputError) else ""
        program.print_error(f"error: {what_failed}{error.strerror if what_failed else error}")
    else:
        for line in traceback.format_exc().splitlines():
            notify(line)
        program.print_error(f"error: this is a bug: {type(error).__name__}: {error}")
    return 2


def _is_short_of_memory(error: Exception) -> bool:
    """Return whether an error says that there is not enough memory."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in SHORT_OF_MEMORY)


def _flush_stdout() -> None:
    """Write what was printed; raises OutputError if that fails, BrokenPipeError for a pipe."""
    from trainer.common.errors import OutputError

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror) from error


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
