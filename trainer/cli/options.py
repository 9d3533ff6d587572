"""Make the options that several commands share, from the settings and their defaults."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from trainer.cli.program import Program
from trainer.common.language import N_, translate_plural
from trainer.common.language import translate as _
from trainer.common.settings import Settings, option_of
from trainer.common.terminal import wrap

FOLDERS = {
    "data": N_("folder of the data sets"),
    "logs": N_("folder of the runs"),
    "sweeps": N_("folder of the sweeps; not logs, so that the board of logs stays small"),
}


DEFAULT = N_(" (default: %(default)s)")
# Other texts of argparse, which it translates by the names _ and ngettext of its module.
OWN_TEXTS = (
    N_("usage: "), N_("positional arguments"), N_("options"),
    N_("show this help message and exit"), N_("unrecognized arguments: %s"),
    N_("the following arguments are required: %s"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid %(type)s value: %(value)r"), N_("expected one argument"),
    N_("expected at least one argument"),
)  # fmt: skip
vars(argparse).update(_=_, ngettext=translate_plural)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the default of an option that has one, and wraps by columns: Chinese takes two."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_none = action.default is None or action.default is False
        text = action.help if has_none else super()._get_help_string(action)
        return text and text.replace(DEFAULT, _(DEFAULT))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


class Parser(argparse.ArgumentParser):
    """argparse with whole option names, defaults in the help, and errors of one line."""

    def __init__(self, program: Program, description: str | None):
        super().__init__(
            prog=program.name, description=description, allow_abbrev=False, formatter_class=_Help
        )
        self._program = program

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with status 2."""
        self._program.report(message + _(" (--help lists the options)"))
        raise SystemExit(2)

    def add_settings(
        self, names: Iterable[str] = (), several: Iterable[str] = (), **defaults: Any
    ) -> None:
        """Add an option for each named setting, or for all; those in several take lists.

        The result of parsing has only options that were typed or are in defaults.
        """
        for setting in fields(Settings):
            name, choices = setting.name, setting.metadata["choices"]
            if names and name not in (*names, *several):
                continue
            kind = None if setting.default is None else type(setting.default)
            word = name if kind is str else getattr(kind, "__name__", "")
            text = _(setting.metadata["help"])
            if name not in defaults and kind:  # argparse shows the default of all others
                text += _(DEFAULT) % {"default": setting.default}
            self.add_argument(
                option_of(name),
                type=kind or str,
                nargs="+" if name in several else None,
                default=defaults.get(name, argparse.SUPPRESS),
                choices=choices,
                metavar=word.upper() if kind and not choices else None,
                help=text,
            )

    def add_run(self) -> None:
        """Add RUN_OR_FILE, a trained net."""
        text = _("a run's folder, or a checkpoint.safetensors")
        self.add_argument("run", type=Path, metavar="RUN_OR_FILE", help=text)

    def add_folders(self, *names: str) -> None:
        """Add --data-dir for "data", and --log-dir for "logs" or "sweeps".

        The default is the folder of that name in the program's folder. Another --data-dir must
        exist, since a misspelt one would get a new data set.
        """
        for name in names:
            option = "--data-dir" if name == "data" else "--log-dir"
            default = self._program.root / name
            kind = partial(_parse_data_dir, default) if name == "data" else Path
            self.add_argument(option, type=kind, default=default, metavar="DIR",
                              help=_(FOLDERS[name]))  # fmt: skip


def _parse_data_dir(default: Path, text: str) -> Path:
    """Return an existing folder, or the default; raises ArgumentTypeError for any other path."""
    try:
        os.stat(text)
        reason = "" if os.path.isdir(text) else _("it is not a folder")
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        reason = getattr(error, "strerror", None) or str(error)
    if reason and Path(text) != default:
        hint = _("make this folder first, or give the one that has the data sets")
        raise argparse.ArgumentTypeError(f"{text}: {reason}; {hint}")
    return Path(text)


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings among the arguments, by name."""
    names = Settings.__dataclass_fields__
    return {name: value for name, value in vars(arguments).items() if name in names}


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Return the Settings of the arguments; raises InputError for an unusable value."""
    return Settings(**given_settings(arguments))


def parse_every(text: str) -> int:
    """Return a number of iterations, 1 or more, or 0 for "off"; raises ArgumentTypeError."""
    if text != "off" and (not text.isdecimal() or int(text) == 0):
        reason = _("must be a number of iterations or off")
        raise argparse.ArgumentTypeError(f"{text}: {reason}")
    return 0 if text == "off" else int(text)
