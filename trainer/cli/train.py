"""The command that trains the net with either backend."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.cli.options import Parser, given_settings, parse_every, settings_from
from trainer.cli.program import Program
from trainer.cli.summary import PICTURES, make_resume_words, print_summary
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Settings, option_of
from trainer.common.text import quote_command
from trainer.training.signals import Stopped

if TYPE_CHECKING:  # not imported by --help, since torch takes seconds
    from trainer.training.result import Result

NOT_OWN = ("activation", "backend", "device", "gradient", "loss")  # with --net
Start = Callable[..., "Result"]


def main(argv: list[str] | None = None, program: Program = Program("train")) -> int:
    """Start or resume a run and print a summary; return 0, or 128 + signal if it is stopped."""
    arguments = _make_parser(program).parse_args(argv)
    try:
        result = _run(arguments, program)
    except Stopped as stop:
        command = quote_command(make_resume_words(arguments, stop.folder, program))
        text = _(
            "{stopped}, which is saved; continue with: {command}", stopped=stop, command=command
        )
        program.print_error(text)
        return 128 + stop.number
    if not arguments.quiet:
        print_summary(result, program)
    return 0


def _run(arguments: argparse.Namespace, program: Program) -> "Result":
    run, resume = _find_training(arguments)
    data_dir, log_dir = arguments.data_dir, arguments.log_dir
    shown = arguments.quiet, arguments.pictures, arguments.snapshots
    if arguments.resume is None:
        return run(settings_from(arguments), data_dir, log_dir, arguments.run_name, *shown)
    if arguments.run_name is not None or log_dir != program.root / "logs":
        text = _("--resume continues in the run's folder: omit --run-name and --log-dir")
        raise InputError(text)
    return resume(arguments.resume, given_settings(arguments), data_dir, *shown)


def _find_training(arguments: argparse.Namespace) -> tuple[Start, Start]:
    """Return how to start and how to continue a run: of the project's net, or of that of --net."""
    from trainer.training.run import resume, run

    if arguments.net is None:
        return run, resume
    if given := [name for name in NOT_OWN if vars(arguments).get(name) is not None]:
        text = _("cannot be chosen for a net of --net; omit it")
        raise InputError(f"{option_of(given[0])}: {text}")
    from trainer.checker import own_training

    def start(settings: Settings, *where: Any) -> "Result":
        return own_training.train(arguments.net, *where, settings=settings)

    return start, partial(own_training.resume, arguments.net)


def _make_parser(program: Program) -> Parser:
    about = _("Train the two-layer net with either backend and record it for TensorBoard.")
    parser = Parser(program, about)
    parser.add_settings()
    parser.add_folders("data", "logs")
    add: Any = parser.add_argument
    add("--pictures", type=parse_every, default=PICTURES, metavar="N",
        help=_("iterations from one set of pictures, histograms and curves to the next, or off"),
    )  # fmt: skip
    add("--snapshots", action=argparse.BooleanOptionalAction, default=True,
        help=_("keep the weights of iterations 0, 10, 100, 1,000 and 10,000 for the command page"),
    )  # fmt: skip
    add("--net", metavar="FILE[:CLASS]",
        help=_("train the two-layer net that you wrote in this file, once it is checked, by its "
               "own gradients, and then its twin from the same weights on the same mini-batches"),
    )  # fmt: skip
    add("--run-name",
        help=_("name of the run's folder; default: <dataset>-<backend>, or the class"))  # fmt: skip
    add("--resume", type=Path, metavar="RUN",
        help=_("continue the run in this folder from its checkpoint, with its settings; "
               "--iterations may be raised; --backend, --device, --evaluation and "
               "--checkpoint-every may be changed"),
    )  # fmt: skip
    add("--quiet", action="store_true", help=_("print nothing but errors"))
    return parser
