"""Train both backends in step and compare every quantity of a step with its rounding bound."""

import argparse
import json
from dataclasses import asdict, replace
from typing import Any

from trainer.auditing.mistakes import MISTAKES
from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.settings import Settings
from trainer.common.terminal import print_output

NAMES = (
    "device", "dataset", "preprocess", "iterations", "batch_size", "lr", "hidden_size",
    "activation", "loss", "weight_init_std", "seed", "dtype",
)  # fmt: skip


def main(argv: list[str] | None = None, program: Program = Program("compare")) -> int:
    """Compare the backends and return 0 if they agree, 1 if they disagree."""
    arguments = _make_parser(program).parse_args(argv)
    if arguments.list_mistakes:
        for mistake in MISTAKES.values():
            print(f"{mistake.slug:27} {mistake.summary}")
        return 0
    settings = _read_settings(arguments)
    if arguments.audit_every < 1:
        raise InputError(f"--audit-every {arguments.audit_every}: must be 1 or more")

    from trainer.auditing import report
    from trainer.training.compare_run import compare_run  # not above, since torch takes seconds

    result = compare_run(
        settings, arguments.data_dir, arguments.log_dir, arguments.audit_every, arguments.plant
    )
    found = result.comparison
    if arguments.json:
        extra = {"audit_every": arguments.audit_every, "plant": arguments.plant}
        print(json.dumps(report.to_json(found, asdict(result.settings) | extra), allow_nan=False))
    else:
        print("largest error / bound on rounding, and its index; above 1 is wrong")
        print_output(report.make_ratio_table(found))
        print(*report.format_drift(found), sep="\n")
        print(result)
        print_board(result.folder.parent, "custom_scalars")
    return 0 if result.agree else 1


def _read_settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings of the options, and those without which the mistake does not show."""
    arguments.backend = "torch"  # the one that Settings checks --device with
    settings = settings_from(arguments)
    if arguments.plant is None:
        return settings
    if arguments.plant not in MISTAKES:
        raise InputError(f"--plant {arguments.plant}: choose one that --list-mistakes lists")
    needs: dict[str, Any] = MISTAKES[arguments.plant].needs
    if not needs.items() <= asdict(settings).items() and not arguments.json:
        options = " ".join(f"--{name} {value}" for name, value in needs.items())
        print(f"{arguments.plant} shows only with {options}, which are set")
    return replace(settings, **needs)


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, __doc__)
    parser.add_settings(NAMES, iterations=1000)
    parser.add_folders("data", "logs")
    parser.add_argument("--audit-every", type=int, default=10, metavar="INT",
                        help="iterations between audits, after the first three")  # fmt: skip
    parser.add_argument("--plant", metavar="MISTAKE", help="put a mistake into the NumPy net")
    parser.add_argument("--list-mistakes", action="store_true", help="list the mistakes and exit")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    return parser
