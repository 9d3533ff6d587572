"""The command that checks a net that somebody wrote."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from trainer.auditing.mistake_pages import explain_mistake
from trainer.checker.findings.quotient_plot import draw_quotients
from trainer.checker.learn.images import load_rows
from trainer.checker.load.source import split_class
from trainer.checker.remote.hanging import TIMEOUT
from trainer.cli.options import Parser
from trainer.cli.program import Program
from trainer.cli.watching import watch
from trainer.common.errors import InputError
from trainer.common.language import LANGUAGES
from trainer.common.language import translate as _
from trainer.common.terminal import print_wrapped, show_activity
from trainer.common.text import escape

A_DAY, LEAST, A_TEBIBYTE = 86_400, 64, 2**20  # in seconds and MiB


def main(argv: list[str] | None = None, program: Program = Program("check")) -> int:
    """FILE[:CLASS] → a line for each quantity; 0 right, 1 wrong, 2 could not be checked."""
    arguments = _parser(program).parse_args(argv)
    if arguments.explain:
        print(explain_mistake(arguments.explain))
        return 0
    if arguments.file is None:
        text = _("give the file to check: FILE.py or FILE.ipynb, or FILE.py:CLASS")
        raise InputError(text)
    path, name = split_class(arguments.file)
    check_limits(arguments)
    _check_files(arguments)
    check = partial(_check, arguments, path, name, program)
    return watch(path, check, program, arguments.json) if arguments.watch else check()


def _check(arguments: argparse.Namespace, path: Path, name: str | None, program: Program) -> int:
    """Check a file, print the report, and return the status."""
    from trainer.checker.process import check_in_child

    data = arguments.data or (None, None)
    rows = load_rows(*data) if arguments.train else None
    activity = _("{program}: checking {file}, at most {seconds} s").format(
        program=program.name, file=path.name, seconds=f"{arguments.timeout:g}"
    )
    with show_activity(activity, shown=not arguments.json):
        report, printed = check_in_child(
            path, name, timeout=arguments.timeout, memory=arguments.memory,
            run_all=arguments.run_all, seed=arguments.seed, hints=arguments.hints,
            gradients=arguments.gradients or arguments.plot is not None, rows=rows,
            rows_name=data[0].name if data[0] else "mnist-5k",
        )  # fmt: skip
    if arguments.verbose and printed:
        for line in printed.expandtabs().rstrip("\n").split("\n"):
            print(escape(line), file=sys.stderr if arguments.json else sys.stdout)
    if arguments.json:
        print(report.as_json())
    else:
        print_wrapped(report.as_text())
    if arguments.plot:
        draw_quotients(report, arguments.plot)
    return report.status


def _check_files(arguments: argparse.Namespace) -> None:
    """Raise InputError for files that would be used too late, or never."""
    plot = arguments.plot
    if arguments.data and not arguments.train:
        raise InputError(_("--data: is for --train; add that"))
    if plot and plot.suffix.lower() not in (".png", ".svg", ".pdf"):
        text = _("give a name that ends in .png, .svg or .pdf")
        raise InputError(f"--plot {plot}: {text}")
    if plot and not plot.parent.is_dir():
        text = _("there is no folder {folder}", folder=plot.parent)
        raise InputError(f"--plot {plot}: {text}")


def _parser(program: Program) -> Parser:
    parser = Parser(program, _(
        "Check a net that you wrote, of any depth and form, and say what is wrong with it. "
        "Checking runs code from the file, in a process of its own with a time and a memory limit: "
        "its definitions, imports and constants, the methods of the class, and the file as a "
        "script until its first step of training."
    ))  # fmt: skip
    add: Any = parser.add_argument
    add("file", nargs="?", metavar="FILE[:CLASS]",
        help=_("the file or notebook, and the class if it has several"))  # fmt: skip
    add("--watch", action="store_true", help=_("check again whenever the file changes"))
    add("--json", action="store_true", help=_("print one JSON object instead"))
    add("--gradients", action="store_true",
        help=_("show each gradient beside a difference quotient of the loss, and how large an "
               "error rounding explains"))  # fmt: skip
    add("--train", action="store_true",
        help=_("train the net on mnist-5k, and say what would make it learn"))  # fmt: skip
    add("--data", nargs=2, type=Path, metavar=("X.npy", "T.npy"),
        help=_("rows and labels to train on instead"))  # fmt: skip
    add("--plot", type=Path, metavar="FILE.png",
        help=_("draw the error of the worst gradient's quotient against its step h"))  # fmt: skip
    add("--verbose", action="store_true", help=_("show what the code prints"))
    add("--run-all", action="store_true", help=_("run all top-level statements too"))
    add("--timeout", type=float, default=TIMEOUT, metavar="S",
        help=_("seconds for the code, and three times as many for a fix"))  # fmt: skip
    add("--memory", type=int, default=2048, metavar="MIB", help=_("memory that the code may take"))
    add_hints(parser, default=3)
    add("--explain", metavar="ID", help=_("explain a mistake of the catalogue and exit"))
    add("--seed", type=int, default=0, help=_("seed of the weights and inputs"))
    add_language(parser)
    return parser


def add_hints(parser: Parser, default: int) -> None:
    """Add the option for how much of a mistake is said."""
    text = _("1: say what is wrong; 2: name the line too; 3: show a fix too")
    parser.add_argument("--hints", type=int, choices=(1, 2, 3), default=default, help=text)


def add_language(parser: Parser) -> None:
    """Add the option for the language of what learners read."""
    text = _("language of the messages; that of the locale if not given")
    parser.add_argument("--lang", choices=LANGUAGES, help=text)


def check_limits(arguments: argparse.Namespace) -> None:
    """Raise InputError for a time or a memory limit, or a seed, that cannot be used."""
    if not 0 < arguments.timeout <= A_DAY:
        text = _("must be more than 0, at most {most}", most=A_DAY)
        raise InputError(f"--timeout {arguments.timeout:g}: {text}")
    if not LEAST <= arguments.memory <= A_TEBIBYTE:  # less than the check itself takes
        text = _("must be {least} … {most}", least=LEAST, most=A_TEBIBYTE)
        raise InputError(f"--memory {arguments.memory}: {text}")
    if getattr(arguments, "seed", 0) < 0:
        raise InputError(_("--seed {number}: must be 0 or more", number=arguments.seed))
