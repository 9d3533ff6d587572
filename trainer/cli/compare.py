"""The command that holds both backends against each other."""

import argparse
import json
from dataclasses import asdict, replace
from typing import Any

from trainer.auditing.mistakes import MISTAKES
from trainer.cli.options import Parser, settings_from
from trainer.cli.program import Program, print_board
from trainer.common.errors import InputError
from trainer.common.language import translate as _
from trainer.common.settings import Settings, option_of
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
            print(f"{mistake.slug:27} {_(mistake.summary)}")
        return 0
    settings = _read_settings(arguments)
    if arguments.audit_every < 1:
        text = _("--audit-every {number}: must be 1 or more", number=arguments.audit_every)
        raise InputError(text)

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
        print(_("largest error / bound on rounding, and its index; above 1 is wrong"))
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
        text = _("choose one that --list-mistakes lists")
        raise InputError(f"--plant {arguments.plant}: {text}")
    needs: dict[str, Any] = MISTAKES[arguments.plant].needs
    if not needs.items() <= asdict(settings).items() and not arguments.json:
        options = " ".join(f"{option_of(name)} {value}" for name, value in needs.items())
        text = _("{name} shows only with {options}, which are set")
        print(text.format(name=arguments.plant, options=options))
    return replace(settings, **needs)


def _make_parser(program: Program) -> Parser:
    parser = Parser(program, _(
        "Train both backends in step and compare every quantity of a step with its rounding bound."
    ))  # fmt: skip
    parser.add_settings(NAMES, iterations=1000)
    parser.add_folders("data", "logs")
    parser.add_argument("--audit-every", type=int, default=10, metavar="INT",
                        help=_("iterations between audits, after the first three"))  # fmt: skip
    parser.add_argument("--plant", metavar="MISTAKE", help=_("put a mistake into the NumPy net"))
    parser.add_argument(
        "--list-mistakes", action="store_true", help=_("list the mistakes and exit")
    )
    parser.add_argument("--json", action="store_true", help=_("print one JSON object instead"))
    return parser
