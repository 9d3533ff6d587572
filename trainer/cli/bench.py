"""Measure both nets beside the book's code, other libraries, and the bare matrix products."""

import json
from pathlib import Path
from typing import Any

from trainer.bench.tables import CONTESTANTS, MEASURES, RESULTS, markdown
from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program
from trainer.common.errors import InputError

ONLY = f"measures ({', '.join(MEASURES)}) and contestants ({', '.join(CONTESTANTS)}); default: all"


def main(argv: list[str] | None = None, program: Program = Program("bench")) -> int:
    """Flags → measurements → tables, and a JSON file where one is asked for."""
    parser = Parser(program, __doc__)
    parser.add_settings(["dataset", "device"])
    parser.add_folders("data")
    parser.add_argument("--rounds", type=int, default=15, metavar="INT", help="each in turn")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=(*MEASURES, *CONTESTANTS),
        help=ONLY,
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    parser.add_argument("--tables", type=Path, metavar="FILE", help="measure nothing; show that")
    arguments = parser.parse_args(argv)
    if arguments.tables:
        print(markdown(_read(arguments.tables)))
        return 0
    if arguments.rounds < 1:
        raise InputError(f"--rounds {arguments.rounds}: must be 1 or more")
    if arguments.json and not arguments.json.parent.is_dir():
        raise InputError(f"--json {arguments.json}: there is no folder {arguments.json.parent}")

    from trainer.bench.report import prepared  # here, since torch takes seconds

    only = arguments.only or ()
    names = [name for name in CONTESTANTS if name in only] or CONTESTANTS
    measures = [name for name in MEASURES if name in only] or MEASURES
    arguments.backend = "torch"  # whom --device is for
    bench = prepared(settings_from(arguments), arguments.data_dir, arguments.rounds, names)
    report = bench.report(measures)
    print(markdown(report))
    if arguments.json:
        _write(arguments.json, report)
    return 0


def _write(path: Path, report: dict[str, dict[str, Any]]) -> None:
    try:
        path.write_text(json.dumps(report, indent=2) + "\n")
    except OSError as error:
        raise InputError(f"--json {path}: cannot write there: {error.strerror}") from error


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        report = json.loads(path.read_text())
        return {key: report[key] for key in ("environment", *RESULTS)}
    except OSError as error:
        raise InputError(f"--tables {path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"--tables {path}: is not what --json writes ({error})") from error
