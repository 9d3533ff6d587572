"""The command that marks the nets of a class."""

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import Any

from trainer.checker.remote.hanging import TIMEOUT
from trainer.cli.check import add_hints, add_language, check_limits
from trainer.cli.options import Parser
from trainer.cli.program import Program
from trainer.common.errors import InputError
from trainer.common.language import join_words
from trainer.common.language import translate as _
from trainer.common.terminal import track
from trainer.common.text import display_path, notify, print_line

FORMATS = ("gradescope", "junit")


def main(argv: list[str] | None = None, program: Program = Program("grade")) -> int:
    """Mark all submissions; return 0, also where nets are wrong."""
    arguments = _make_parser(program).parse_args(argv)
    check_limits(arguments)
    if arguments.jobs < 1 and arguments.jobs != -1:
        raise InputError(_("--jobs {number}: must be 1 or more", number=arguments.jobs))

    from trainer.checker.grading.batch import take_key
    from trainer.checker.grading.marking import How
    from trainer.checker.grading.points import read_scheme
    from trainer.checker.grading.roster import list_missing
    from trainer.checker.grading.run import Grading
    from trainer.checker.grading.submissions import open_submissions
    from trainer.checker.grading.tables import format_row

    if arguments.roster:
        list_missing(arguments.roster, [])  # a file that cannot be read is refused at once
    scheme, quiet = read_scheme(arguments.points), arguments.quiet
    with open_submissions(arguments.submissions) as submissions:
        is_wrapped = _choose_sandbox(arguments)
        how = How(
            scheme, take_key(arguments.out), arguments.hints, arguments.timeout, arguments.memory,
            arguments.file, is_wrapped, arguments.anonymise, arguments.train,
        )  # fmt: skip
        grading = Grading(submissions, arguments.out, how, arguments.format or [])
        if not quiet:
            print_line(_("points: {scheme}").format(scheme=scheme.describe()))
        jobs = (os.cpu_count() or 1) if arguments.jobs == -1 else arguments.jobs
        new, done = grading.run(jobs, arguments.cluster), grading.done
        try:
            for record in track(new, _("submissions"), grading.total, done, quiet):
                if not quiet:
                    print_line(format_row(record, grading.names))
        except KeyboardInterrupt:
            left = _("grade: {number} of {total} are marked; start again to mark the others")
            notify(left.format(number=len(grading.records), total=grading.total))
            raise
        students = [each.student for each in submissions]
    if not quiet:
        _print_end(grading.records, done, arguments.out)
    if arguments.roster:
        grading.write_roster(arguments.roster)
        missing = list_missing(arguments.roster, students)
        print_line(_("not submitted: {names}").format(names=join_words(missing) or _("none")))
    return 0


def _print_end(records: list[dict[str, Any]], done: int, out: Path) -> None:
    counts = Counter(record["verdict"] for record in records)
    mean = sum(record["points"] for record in records) / max(1, len(records))
    message = _(
        "{count} submissions: {right} right, {wrong} wrong, {unchecked} to look at; {mean} points "
        "on average"
    )
    if done:
        message = _(
            "{count} submissions, {done} of them before: {right} right, {wrong} wrong, {unchecked} "
            "to look at; {mean} points on average"
        )
    numbers = {name: counts[name] for name in ("right", "wrong", "unchecked")}
    print(message.format(mean=f"{mean:.1f}", count=len(records), done=done, **numbers))
    places = {"folder": display_path(out), "page": display_path(out / "report.html")}
    print_line(_("results: {folder}, report: {page}").format(**places))


def _choose_sandbox(arguments: argparse.Namespace) -> bool:
    """Return whether bubblewrap is used; say what is not contained where it is not."""
    from trainer.checker.remote.bubblewrap import explain_absence

    absence = explain_absence()
    if absence and arguments.require_sandbox:
        raise InputError(f"--require-sandbox: {absence}")
    if absence:
        notify(_(
            "grade: {absence}: the code of a submission can read your files. It is kept from "
            "writing elsewhere, programs and the network, as far as Python can: code that tries "
            "hard passes that. It cannot give itself points", absence=absence,
        ))  # fmt: skip
    return not absence


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, _(
        "Mark the two-layer nets of a class: points for each part, a report for each student. Give "
        "a folder or a .zip with a file or a folder per student (.py and .ipynb). Each submission "
        "is judged by itself, in a cell. The results are in grades.csv, report.html and students/. "
        "Stopped and started again, the command continues where it was."
    ))  # fmt: skip
    add: Any = parser.add_argument
    add("submissions", type=Path,
        help=_("a folder or a .zip, with a file or a folder per student"))  # fmt: skip
    add("--out", type=Path, default=Path("results"), metavar="DIR",
        help=_("folder of the results"))  # fmt: skip
    add("--points", type=Path, metavar="FILE", help=_("points for each part, as TOML"))
    add("--file", metavar="PATTERN",
        help=_("name of the file to check in a student's folder: net*.py"))  # fmt: skip
    add("--roster", type=Path, metavar="FILE.csv",
        help=_("names of the class in the first column: say who has not submitted, and write "
               "roster.csv, with the points beside its own columns"))  # fmt: skip
    add("--anonymise", action="store_true",
        help=_("give students numbers; names.csv keeps their names"))  # fmt: skip
    add("--train", action="store_true",
        help=_("train each net on mnist-5k; a column says which learn, or with what"))  # fmt: skip
    add("--format", action="append", choices=FORMATS,
        help=_("write gradescope/NAME/results.json or junit.xml too; may be given twice")
    )  # fmt: skip
    add_hints(parser, default=2)
    add("--timeout", type=float, default=TIMEOUT, metavar="S",
        help=_("seconds for each submission's code"))  # fmt: skip
    add("--memory", type=int, default=2048, metavar="MIB",
        help=_("memory for each submission's code"))  # fmt: skip
    add("--jobs", type=int, default=-1, metavar="INT",
        help=_("submissions at a time; -1: one per core"))  # fmt: skip
    add("--cluster", metavar="ADDRESS",
        help=_("address of a Dask scheduler, such as HOST:8786"))  # fmt: skip
    add("--require-sandbox", action="store_true",
        help=_("refuse to run without bubblewrap"))  # fmt: skip
    add_language(parser)
    add("--quiet", action="store_true", help=_("print nothing but errors"))
    return parser
