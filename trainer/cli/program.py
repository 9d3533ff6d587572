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
from itertools import pairwise
from pathlib import Path

from trainer.cli.interrupts import find_status, handle_signals
from trainer.common.errors import InputError, OutputError, SettingError
from trainer.common.language import LANGUAGES, set_language
from trainer.common.language import translate as _
from trainer.common.text import display_path, notify, print_line, quote_command

PACKAGE = "two-layer-net"
ENGLISH = ("agree", "bench", "sweep")  # commands whose texts are not translated
ALL_SAMPLES = "--samples_per_plugin=scalars=1000000,images=1000"  # the default shows fewer
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

    @property
    def command(self) -> str:
        """The name of the command, such as train."""
        return self.name.split()[-1].removesuffix(".py")

    def print_error(self, message: str) -> None:
        """Print one line on stderr."""
        notify(f"{self.name}: {message}")

    def report(self, message: object) -> None:
        """Print what is wrong, as one line on stderr."""
        self.print_error(_("error: {message}", message=message))

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


def print_board(log_dir: Path, tab: str) -> None:
    """Print the command that opens TensorBoard on all of the runs in log_dir, and the address of
    the tab that shows what was made.
    """
    words = [_find_executable("tensorboard"), ALL_SAMPLES, "--logdir", display_path(log_dir)]
    print_line(_("see it: {command}", command=quote_command(words)))
    print_line(_("at: {address}", address="http://localhost:6006/#" + tab))


def choose_language(argv: list[str], command: str) -> None:
    """Speak the language of --lang among the arguments, else that of the locale; the commands for
    engineers speak English.
    """
    words = [word for each in argv for word in each.split("=", 1)]
    given = next((word for option, word in pairwise(words) if option == "--lang"), None)
    set_language("en" if command in ENGLISH else given if given in LANGUAGES else None)


def run_command(
    main: Main, argv: list[str] | None = None, program: Program = Program(PACKAGE)
) -> int:
    """Run main and return its exit status; report an exception as one line and a status.

    The status is 2 for any error, since 1 is a verdict of compare and check, 130 for Ctrl-C, 143
    for SIGTERM, 141 if a program such as head has stopped reading the output.
    """
    _open_streams()
    choose_language(sys.argv[1:] if argv is None else argv, program.command)
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    handle_signals(program.name)
    try:
        status = main(argv, program)
        print_line("", end="")  # writes what was printed, and raises an error if that fails
        return status
    except KeyboardInterrupt as stop:
        program.print_error(_("stopped"))
        return find_status(stop)
    except SystemExit as stop:
        if stop.code in (None, 0, 2):  # those of argparse
            raise
        program.report(_("a package ended the program (exit status {status})", status=stop.code))
        return 2
    except BrokenPipeError:
        _discard_stdout()
        return 141
    except Exception as error:  # any, since Python's own status of 1 would be a verdict
        program.report(_explain(error, program))
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
        return _("there is not enough memory: {reason}", reason=error)
    if isinstance(error, ImportError):
        what = ["-r", "requirements.txt"] if program.name.endswith(".py") else [".[train]"]
        command = quote_command([sys.executable, "-m", "pip", "install", *what])
        text = _("{reason}: install what is missing, in the project's folder: {command}")
        return text.format(reason=error, command=command)
    if isinstance(error, OSError):
        _discard_stdout()  # since stdout may be on the full disk
        is_output = isinstance(error, OutputError)
        text = _("cannot write the output: {reason}", reason=error.strerror)
        return text if is_output else str(error)
    for line in traceback.format_exc().splitlines():
        notify(line)
    return _("this is a bug: {kind}: {error}", kind=type(error).__name__, error=error)


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
