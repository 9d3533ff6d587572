"""What the command lines share: flags made from the settings, errors of one line, exit status."""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from trainer.errors import InputError
from trainer.settings import Settings

ROOT = Path(__file__).resolve().parents[1]  # so that a script works from any folder


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows a default where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        none = action.default is None or action.default is False
        return action.help if none else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse with whole option names, defaults in the help, and errors of one line."""

    def __init__(self, description: str):
        super().__init__(
            description=description,
            allow_abbrev=False,
            formatter_class=_Help,
        )

    def error(self, message: str) -> NoReturn:
        """One line and exit status 2."""
        self.exit(2, f"{self.prog}: error: {message} (--help lists the options)\n")

    def add_settings(
        self, names: Iterable[str] = (), several: Iterable[str] = (), **defaults: Any
    ) -> None:
        """A flag for each field of Settings, or for the named ones; several take many values.

        Only what was typed, and what has another default here, is among the arguments.
        """
        for setting in fields(Settings):
            many = setting.name in several
            if names and setting.name not in names and not many:
                continue
            hint = None if setting.default is None else type(setting.default)
            ours = setting.name in defaults or not hint  # then argparse shows the default, if any
            default = "" if ours else f" (default: {setting.default})"
            self.add_argument(
                "--" + setting.name.replace("_", "-"),
                type=hint or str,
                nargs="+" if many else None,
                default=defaults.get(setting.name, argparse.SUPPRESS),
                choices=setting.metadata["choices"],
                metavar=hint.__name__.upper() if hint and not setting.metadata["choices"] else None,
                help=setting.metadata["help"] + default,
            )

    def add_net(self) -> None:
        """RUN_OR_FILE, --backend, --device: a trained net, and who computes it."""
        text = "a run's folder, or a checkpoint.safetensors"
        self.add_argument("run", type=Path, metavar="RUN_OR_FILE", help=text)
        self.add_settings(("backend", "device"))

    def add_folders(self, *names: str) -> None:
        """--data-dir, --log-dir: by default those of the project."""
        texts = {"data": "where the data sets are, or go", "logs": "where the runs go"}
        for name in names:
            flag = "--data-dir" if name == "data" else "--log-dir"
            self.add_argument(flag, type=Path, default=ROOT / name, metavar="DIR", help=texts[name])


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Those of the settings that were typed, by name."""
    names = {setting.name for setting in fields(Settings)}
    return {k: v for k, v in vars(arguments).items() if k in names}


def settings_from(arguments: argparse.Namespace) -> Settings:
    """The Settings that the flags give; raises InputError."""
    return Settings(**given(arguments))


class _Terminated(KeyboardInterrupt):
    """SIGTERM, to be handled as Ctrl-C is: what was begun is ended, and no child left alone."""


def guarded(main: Callable[..., int], argv: list[str] | None = None) -> int:
    """main's exit status; an InputError becomes one line and 2, Ctrl-C becomes 130, SIGTERM 143.

    What the system refuses, such as memory or a file on a full disk, is a line and 2 as well;
    141 where nobody reads what is printed.
    """
    _open_streams()
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        return main(argv)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python would fail again as it ends
        return 141
    except MemoryError as error:
        return _told(f"error: there is not enough memory: {error}", 2)
    except (InputError, OSError) as error:
        return _told(f"error: {error}", 2)
    except KeyboardInterrupt as stop:
        return _told("stopped", 143 if isinstance(stop, _Terminated) else 130)
    finally:
        signal.signal(signal.SIGTERM, before)


def _open_streams() -> None:
    """Have something to print to, and nothing that cannot be printed there."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open as long as we are)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # η on a page of code that has none


def _terminate(*_: object) -> NoReturn:
    raise _Terminated


def _told(message: str, status: int) -> int:
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    return status


def board(log_dir: Path) -> str:
    """The command that opens TensorBoard on these runs, also where no environment is active."""
    ours = Path(sys.executable).with_name("tensorboard")
    active = shutil.which("tensorboard") == str(ours) or not ours.exists()
    return f"{'tensorboard' if active else shown(ours)} --logdir {shown(log_dir)}"


def shown(path: Path) -> str:
    """A path as one would type it here: relative where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
