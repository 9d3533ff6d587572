"""Train both backends in step and hold every quantity of a step against its rounding bound."""

import argparse
import json
import math
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from trainer.command import Parser, board, guarded, settings_from
from trainer.errors import InputError
from trainer.mistakes import MISTAKES
from trainer.settings import Settings

if TYPE_CHECKING:
    from trainer.audit import Verdict
    from trainer.comparison import Comparison

NAMES = (
    "device", "dataset", "preprocess", "iterations", "batch_size", "lr", "hidden_size",
    "activation", "loss", "weight_init_std", "seed", "dtype",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 the backends agree, 1 they part, 2 they could not be compared."""
    arguments = _parser().parse_args(argv)
    if arguments.list_mistakes:
        for mistake in MISTAKES.values():
            print(f"{mistake.slug:27} {mistake.what}")
        return 0
    settings = _settings(arguments)
    if arguments.audit_every < 1:
        raise InputError(f"--audit-every {arguments.audit_every}: must be more than 0")

    from trainer.compare_run import compare_run  # here, since torch takes seconds

    settings, found, folder = compare_run(
        settings, arguments.data_dir, arguments.log_dir, arguments.audit_every, arguments.plant
    )
    if arguments.json:
        print(json.dumps(_as_json(found, settings, arguments), allow_nan=False))
    else:
        _print_table(found)
        _print_drift(found)
        print(_sentence(found, settings.iterations))
        print(f"see it: {board(folder.parent)}")
    return 1 if found.first else 0


def _parser() -> Parser:
    parser = Parser(__doc__ or "")
    parser.add_settings(NAMES, iterations=1000)
    parser.add_folders("data", "logs")
    parser.add_argument("--audit-every", type=int, default=10, metavar="INT",
                        help="iterations between audits, after the first three")  # fmt: skip
    parser.add_argument("--plant", metavar="MISTAKE", help="put a mistake into the NumPy side")
    parser.add_argument("--list-mistakes", action="store_true", help="list them, and stop")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    """The settings of the flags, with those that the planted mistake needs to show."""
    settings = replace(settings_from(arguments), backend="torch")
    if arguments.plant is None:
        return settings
    if arguments.plant not in MISTAKES:
        raise InputError(f"--plant {arguments.plant}: --list-mistakes lists the mistakes")
    needs: dict[str, Any] = MISTAKES[arguments.plant].needs
    if not needs.items() <= asdict(settings).items() and not arguments.json:
        flags = " ".join(f"--{name} {value}" for name, value in needs.items())
        print(f"{arguments.plant} shows with {flags}")
    return replace(settings, **needs)


def _print_table(found: "Comparison") -> None:
    sides = list(found.worst)
    print("largest error / bound, and where; above 1 is wrong")
    print(f"{'quantity':20}" + "".join(f"{side:28}" for side in sides).rstrip())
    for name in dict.fromkeys(name for side in sides for name in found.worst[side]):
        cells = (_cell(found.worst[side].get(name)) for side in sides)
        print(f"{name:20}" + "".join(f"{cell:28}" for cell in cells).rstrip())


def _cell(verdict: "Verdict | None") -> str:
    if verdict is None:
        return "-"
    mark = "  WRONG" if verdict.wrong else ""
    where = f" {list(verdict.index)}" if verdict.index and verdict.ratio else ""
    return f"{verdict.ratio:.4g}{where}{mark}"


def _print_drift(found: "Comparison") -> None:
    if found.drift:
        print("drift of the weights: largest difference / largest weight")
    for name, drift in found.drift.items():
        steps = (f"1e{power} at step {step}" for power, step in found.passed[name].items())
        print(f"{name:20}{drift:<10.2g}" + (f"passed {', '.join(steps)}" if drift else "").rstrip())


def _sentence(found: "Comparison", iterations: int) -> str:
    if found.first is None:
        return f"numpy and torch agree: every quantity of {iterations} steps is within its bound"
    verdict = found.first.verdict
    text = f"step {found.first.step}: {found.first.side}'s {verdict.quantity} is the first wrong "
    text += "quantity"
    if not math.isnan(verdict.expected):
        where = f", at {list(verdict.index)}" if verdict.index else ""
        text += f", {verdict.ratio:.2g} times its bound{where}: "
        text += f"{verdict.got:.6g} where {verdict.expected:.6g} is right"
    text += f" ({verdict.why})" if verdict.why else ""
    if found.cause:
        text += f"\nwhy: {MISTAKES[found.cause].what} ({found.cause})"
        text += f"\nmend: {MISTAKES[found.cause].hint}"
    return text


def _as_json(found: "Comparison", settings: Settings, arguments: Any) -> dict[str, Any]:
    first = found.first
    return {
        "agree": first is None,
        "first": first and {"step": first.step, "side": first.side, **_verdict_json(first.verdict)},
        "cause": found.cause,
        "quantities": {
            side: {name: _verdict_json(verdict) for name, verdict in verdicts.items()}
            for side, verdicts in found.worst.items()
        },
        "drift": {
            name: {
                "last": _finite(drift),
                "passed": {f"1e{p}": s for p, s in found.passed[name].items()},
            }
            for name, drift in found.drift.items()
        },
        "settings": asdict(settings)
        | {"audit_every": arguments.audit_every, "plant": arguments.plant},
    }


def _verdict_json(verdict: "Verdict") -> dict[str, Any]:
    """The verdict in strict JSON: no NaN; an infinite ratio is the largest number there is."""
    values: dict[str, Any] = {
        "quantity": verdict.quantity,
        "index": list(verdict.index),
        "why": verdict.why,
    }
    values |= {"got": verdict.got, "expected": verdict.expected}
    for name in ("got", "expected"):
        values[name] = _finite(values[name])
    values["ratio"] = min(verdict.ratio, sys.float_info.max)
    return values


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


if __name__ == "__main__":
    sys.exit(guarded(main))
