"""How a command was started, its exit status, and its errors of one line."""

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

PACKAGE = "two-layer-net"


@dataclass(frozen=True)
class Program:
    """name stands before errors and in the help; words start the command again in a shell.

    root is the folder whose data/ and logs/ are used by default.
    """

    name: str
    words: list[str] = field(default_factory=list)
    root: Path = Path()

    def print_error(self, message: str) -> None:
        """Print one line on stderr; a full or closed stderr is no further error."""
        from trainer.common.terminal import escape

        try:
            print(escape(f"{self.name}: {message}"), file=sys.stderr, flush=True)
        except OSError:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (Python would fail again as it ends)


Main = Callable[[list[str] | None, Program], int]


def installed_program(command: str) -> Program:
    """Return the command of the installed package, which works in the current folder."""
    return Program(f"{PACKAGE} {command}", [*_executable(PACKAGE), command])


def script_program(file: str) -> Program:
    """Return scripts/COMMAND.py, which works in the project's folder."""
    from trainer.common.terminal import display_path

    script = Path(file).resolve()
    root = script.parents[1]
    words = [display_path(Path(sys.executable)), display_path(script)]
    return Program(script.name, words, Path() if root == Path.cwd() else root)


def _executable(name: str) -> list[str]:
    """Return how to start an installed program, also where its environment is not active."""
    from trainer.common.terminal import display_path

    ours = Path(sys.executable).with_name(name)
    if shutil.which(name) == str(ours) or not ours.exists():
        return [name]
    return [display_path(ours)]


def board_command(log_dir: Path) -> str:
    """Return the command that opens TensorBoard on these runs."""
    from trainer.common.terminal import display_path, join_words

    return join_words([*_executable("tensorboard"), "--logdir", display_path(log_dir)])


class _Terminated(KeyboardInterrupt):
    """SIGTERM, handled like Ctrl-C: what was begun is ended, and no child process is left."""


def run_command(
    main: Main, argv: list[str] | None = None, program: Program = Program(PACKAGE)
) -> int:
    """Return main's exit status; every exception becomes one line and a status.

    2 for an error, whatever it is, since 1 is a verdict of compare and check; 130 for Ctrl-C,
    143 for SIGTERM, 141 where nobody reads what is printed.
    """
    _open_streams()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        status = main(argv, program)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt as stop:
        program.print_error("stopped")
        return 143 if isinstance(stop, _Terminated) else 130
    except Exception as error:  # of any kind: its status must not be a verdict
        return _report(error, program)
    finally:
        signal.signal(signal.SIGTERM, before)


def _report(error: Exception, program: Program) -> int:
    """Print one line about the error, and a traceback too if it is a bug; return the status."""
    from trainer.common.errors import InputError

    if isinstance(error, BrokenPipeError):
        _discard_stdout()
        return 141
    if isinstance(error, InputError):
        program.print_error(f"error: {error}")
    elif isinstance(error, MemoryError):
        program.print_error(f"error: there is not enough memory: {error}")
    elif isinstance(error, ImportError):
        program.print_error(
            f"error: {error}: install what is missing: {sys.executable} -m pip install "
            f"{'-r requirements.txt' if program.name.endswith('.py') else PACKAGE}"
        )
    elif isinstance(error, OSError):
        _discard_stdout()  # if it is the full one
        program.print_error(f"error: {error}")
    else:
        traceback.print_exc()
        program.print_error(f"error: this is a bug: {type(error).__name__}: {error}")
    return 2


def _discard_stdout() -> None:
    """Let Python's last flush go nowhere, where it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_streams() -> None:
    """Make stdout and stderr usable: open if they were closed, for every character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open as long as we are)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # η on a code page that has none


def _terminate(*_: object) -> NoReturn:
    raise _Terminated
