"""Measure both nets, the book's code, other libraries, and the matrix products alone."""

import json
import os
from pathlib import Path
from typing import Any

from trainer.bench.tables import CONTESTANTS, MEASURES, format_tables, parse_measurements
from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program
from trainer.common.errors import InputError

ONLY = f"measures ({', '.join(MEASURES)}) and contestants ({', '.join(CONTESTANTS)}); default: all"


def main(argv: list[str] | None = None, program: Program = Program("bench")) -> int:
    """Print tables of measurements, and write a JSON file on request; return the exit status."""
    arguments = _make_parser(program).parse_args(argv)
    if arguments.tables:
        print(format_tables(_read_json(arguments.tables)))
        return 0
    if arguments.rounds < 1:
        raise InputError(f"--rounds {arguments.rounds}: must be 1 or more")
    if arguments.json:
        _check_writable(arguments.json)

    from trainer.bench.environment import check_environment  # not above: torch takes seconds
    from trainer.bench.measure import Benchmark

    check_environment()
    only = arguments.only or ()
    names = [name for name in CONTESTANTS if name in only] or CONTESTANTS
    measures = [name for name in MEASURES if name in only] or MEASURES
    arguments.backend = "torch"  # since only torch has the choice of --device
    settings, data_dir = settings_from(arguments), arguments.data_dir
    found = Benchmark(settings, data_dir, arguments.rounds, names).measure(measures)
    print(format_tables(found))
    if arguments.json:
        try:
            arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            text = f"--json {arguments.json}: cannot write there: {error.strerror}"
            raise InputError(text) from error
    return 0


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    parser.add_settings(["dataset", "device"])
    parser.add_folders("data")
    add: Any = parser.add_argument
    add("--rounds", type=int, default=15, metavar="INT", help="times that each is measured")
    add("--only", nargs="+", metavar="NAME", choices=(*MEASURES, *CONTESTANTS), help=ONLY)
    add("--json", type=Path, metavar="FILE", help="write the numbers to a JSON file too")
    tables = "print the tables of a saved JSON file and exit"
    add("--tables", type=Path, metavar="FILE", help=tables)
    return parser


def _check_writable(path: Path) -> None:
    """Raise InputError if the file cannot be written, before minutes are spent on measuring."""
    if not path.parent.is_dir():
        raise InputError(f"--json {path}: there is no folder {path.parent}; make it first")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise InputError(f"--json {path}: cannot write there; choose another file")


def _read_json(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return parse_measurements(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--tables {path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"--tables {path}: give a file that --json wrote ({error})") from error
