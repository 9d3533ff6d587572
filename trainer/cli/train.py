"""The command that trains the net with either backend."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.cli.options import Parser, given_settings, parse_every, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Settings, option_of
from trainer.common.text import display_path, print_line, quote_command
from trainer.training.signals import Stopped

if TYPE_CHECKING:  # not imported by --help, since torch takes seconds
    from trainer.training.result import Result

NOT_OWN = ("activation", "backend", "device", "gradient", "loss")  # with --net
Start = Callable[..., "Result"]
PICTURES = 1000  # iterations from one set of pictures to the next


def main(argv: list[str] | None = None, program: Program = Program("train")) -> int:
    """Start or resume a run and print a summary; return 0, or 128 + signal if it is stopped."""
    arguments = _make_parser(program).parse_args(argv)
    try:
        result = _run(arguments, program)
    except Stopped as stop:
        command = quote_command(_make_resume_words(arguments, stop.folder, program))
        text = _(
            "{stopped}, which is saved; continue with: {command}", stopped=stop, command=command
        )
        program.print_error(text)
        return 128 + stop.number
    if not arguments.quiet:
        _print_summary(result, program)
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


def _print_summary(result: "Result", program: Program) -> None:
    count = result.settings.iterations - result.start
    if not count:
        end = result.last.iteration
        text = _("complete at iteration {number}: give a larger --iterations to continue")
        print(text.format(number=end))
    print(_("accuracy: train {train:.4f}, test {test:.4f}", **asdict(result.last)))
    if result.beside:
        print(result.beside)
    if count:
        text = _("time: {seconds:.1f} s, {speed:.0f} iterations a second")
        print(text.format(seconds=result.seconds, speed=count / result.seconds))
    print_line(_("run: {folder}", folder=display_path(result.folder)))
    print_board(result.folder.parent, "custom_scalars")
    command = program.sibling_command("page", result.folder)
    print_line(_("draw on it: {command}", command=command))


def _make_resume_words(arguments: argparse.Namespace, folder: Path, program: Program) -> list[str]:
    """Return the words of the command that continues a stopped run."""
    words = [*program.words, f"--resume={display_path(folder)}"]
    if arguments.net:
        words.append(f"--net={arguments.net}")
    if arguments.data_dir != program.root / "data":
        words.append(f"--data-dir={display_path(arguments.data_dir)}")
    if arguments.pictures != PICTURES:
        words.append(f"--pictures={arguments.pictures or 'off'}")
    if not arguments.snapshots:
        words.append("--no-snapshots")
    return words


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
