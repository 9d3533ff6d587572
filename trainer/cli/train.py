"""Train the two-layer net with either backend and record it for TensorBoard."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.cli.options import Parser, given_settings, parse_every, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.settings import option_of
from trainer.common.text import display_path, notify, print_line, quote_command
from trainer.training.signals import Stopped

if TYPE_CHECKING:  # not imported by --help, since torch takes seconds
    from trainer.training.result import Result

NOT_OWN = ("activation", "backend", "device", "gradient", "loss", "resume")  # with --net
PICTURES = 1000  # iterations from one set of pictures to the next


def main(argv: list[str] | None = None, program: Program = Program("train")) -> int:
    """Start or resume a run and print a summary; return 0, or 128 + signal if it is stopped."""
    arguments = _make_parser(program).parse_args(argv)
    try:
        result = _run(arguments, program)
    except Stopped as stop:
        command = quote_command(_make_resume_words(arguments, stop.folder, program))
        notify(f"{program.name}: {stop}, which is saved; continue with: {command}")
        return 128 + stop.number
    if not arguments.quiet:
        _print_summary(result, program)
    return 0


def _run(arguments: argparse.Namespace, program: Program) -> "Result":
    from trainer.training.run import resume, run

    data_dir, log_dir = arguments.data_dir, arguments.log_dir
    shown = arguments.quiet, arguments.pictures, arguments.snapshots
    if arguments.net is not None:
        return _train_own(arguments, data_dir, log_dir, arguments.run_name, *shown)
    if arguments.resume is None:
        return run(settings_from(arguments), data_dir, log_dir, arguments.run_name, *shown)
    if arguments.run_name is not None or log_dir != program.root / "logs":
        raise InputError("--resume continues in the run's folder: omit --run-name and --log-dir")
    return resume(arguments.resume, given_settings(arguments), data_dir, *shown)


def _train_own(arguments: argparse.Namespace, *where: Any) -> "Result":
    from trainer.checker.own_training import train

    if given := [name for name in NOT_OWN if vars(arguments).get(name) is not None]:
        raise InputError(f"{option_of(given[0])}: cannot be chosen for a net of --net; omit it")
    return train(arguments.net, *where, settings=settings_from(arguments))


def _print_summary(result: "Result", program: Program) -> None:
    count = result.settings.iterations - result.start
    if not count:
        end = result.last.iteration
        print(f"complete at iteration {end}: give a larger --iterations to continue")
    print(f"accuracy: train {result.last.train:.4f}, test {result.last.test:.4f}")
    if result.beside:
        print(result.beside)
    if count:
        print(f"time: {result.seconds:.1f} s, {count / result.seconds:.0f} iterations a second")
    print_line(f"run: {display_path(result.folder)}")
    print_board(result.folder.parent, "custom_scalars")
    print_line(f"draw on it: {program.sibling_command('page', result.folder)}")


def _make_resume_words(arguments: argparse.Namespace, folder: Path, program: Program) -> list[str]:
    """Return the words of the command that continues a stopped run."""
    words = [*program.words, f"--resume={display_path(folder)}"]
    if arguments.data_dir != program.root / "data":
        words.append(f"--data-dir={display_path(arguments.data_dir)}")
    if arguments.pictures != PICTURES:
        words.append(f"--pictures={arguments.pictures or 'off'}")
    if not arguments.snapshots:
        words.append("--no-snapshots")
    return words


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    parser.add_settings()
    parser.add_folders("data", "logs")
    add: Any = parser.add_argument
    add("--pictures", type=parse_every, default=PICTURES, metavar="N",
        help="iterations from one set of pictures, histograms and curves to the next, or off",
    )  # fmt: skip
    add("--snapshots", action=argparse.BooleanOptionalAction, default=True,
        help="keep the weights of iterations 0, 10, 100, 1,000 and 10,000 for the command page",
    )  # fmt: skip
    add("--net", metavar="FILE[:CLASS]",
        help="train the two-layer net that you wrote in this file, once it is checked, by its own "
        "gradients, and then its twin from the same weights on the same mini-batches",
    )  # fmt: skip
    add("--run-name", help="name of the run's folder; default: <dataset>-<backend>, or the class")
    add("--resume", type=Path, metavar="RUN",
        help="continue the run in this folder from its checkpoint, with its settings; "
        "--iterations may be raised; --backend, --device, --evaluation and --checkpoint-every "
        "may be changed",
    )  # fmt: skip
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser
