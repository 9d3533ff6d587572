"""Train each combination of the listed values and compare lazy with full evaluation."""

import itertools
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from trainer.cli.options import Parser
from trainer.cli.program import Program, run_command
from trainer.common.settings import Settings

LISTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "backend": (str, "numpy"),
    "activation": (str, "sigmoid,relu"),
    "loss": (str, "cross-entropy,squared-error"),
    "lr": (float, "0.001,0.1,3"),
    "dtype": (str, "float32,float64"),
    "seed": (int, "0,1,2"),
}


def main(argv: list[str] | None = None, _: Program = Program("lazy_check.py")) -> int:
    """Options → a line for each run; exit status 1 if an image differs."""
    parser = Parser(Program("lazy_check.py"), __doc__)
    for name, (kind, values) in LISTS.items():
        parser.add_argument(
            f"--{name}",
            type=partial(_parse_list, kind),
            default=values,
            metavar="A,B",
            help="values",
        )
    parser.add_settings(("dataset", "iterations", "eval_every"))
    parser.add_folders("data")
    arguments = parser.parse_args(argv)
    wrong = sum(
        _check_run(settings, arguments.data_dir) for settings in _combine_settings(arguments)
    )
    print("all equal" if not wrong else f"NOT equal: {wrong} classes or accuracies differ")
    return 1 if wrong else 0


def _parse_list(kind: Callable[[str], Any], text: str) -> list[Any]:
    try:
        return [kind(value) for value in text.split(",")]
    except ValueError:
        number = "whole numbers" if kind is int else "numbers"
        raise ArgumentTypeError(f"{text}: must be {number} with commas between") from None


def _combine_settings(arguments: Namespace) -> list[Settings]:
    """Return all settings before the first run, so that a wrong value is reported at once."""
    given = vars(arguments)
    shared = {k: given[k] for k in ("dataset", "iterations", "eval_every") if k in given}
    values = itertools.product(*(given[name] for name in LISTS))
    return [
        Settings(device="cpu", **shared, **dict(zip(LISTS, chosen, strict=True)))
        for chosen in values
    ]


def _check_run(settings: Settings, data_dir: Path) -> int:
    """Compare one run and print a line; return how many classes and accuracies differ."""
    from lazy_equality import compare

    from trainer.data.digits import load_digits, prepare_digits

    digits = prepare_digits(load_digits(settings.dataset, data_dir, settings.dtype), "normalise")
    results = list(_report_differences(compare(settings, digits)))
    wrong = sum(one.wrong for one in results)
    evaluated = np.mean([one.fraction for one in results])
    lazy, full = (
        sum(getattr(one, f"{kind}_seconds") for one in results) for kind in ("lazy", "full")
    )
    print(
        *(f"{getattr(settings, name)}" for name in LISTS),
        f"{digits.name}: {len(results)} evaluations, {wrong} differ, evaluated {evaluated:.3f} "
        f"of the images in {lazy / full:.2f} of the time",
        flush=True,
    )
    return wrong


def _report_differences(results: Iterator[Any]) -> Iterator[Any]:
    """Yield the results; print the first five iterations that differ as they come."""
    reported = 0
    for one in results:
        if one.wrong and reported < 5:
            reported += 1
            print(f"iteration {one.iteration}: {one.wrong} differ", flush=True)
        yield one


if __name__ == "__main__":
    sys.exit(run_command(main))
