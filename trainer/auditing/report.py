"""A comparison as text for people, and as JSON for programs."""

import math
import sys
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from trainer.auditing.audit import Verdict
from trainer.auditing.comparison import Comparison
from trainer.auditing.mistakes import MISTAKES


def make_table(found: Comparison) -> Table:
    """Return each quantity's largest error over its bound, and where; above 1 it is wrong."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("quantity", no_wrap=True)
    for side in found.worst:
        table.add_column(side, no_wrap=True)
    for name in dict.fromkeys(name for side in found.worst.values() for name in side):
        verdicts = [verdicts.get(name) for verdicts in found.worst.values()]
        wrong = any(verdict and verdict.wrong for verdict in verdicts)
        table.add_row(name, *map(_cell, verdicts), style="bold red" if wrong else None)
    return table


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    mark = "  WRONG" if verdict.wrong else ""
    where = f" \\{list(verdict.index)}" if verdict.index and verdict.ratio else ""
    return f"{verdict.ratio:.4g}{where}{mark}"


def drift_lines(found: Comparison) -> list[str]:
    """Return how far the weights of both sides are apart, and when that began."""
    lines = ["drift of the weights: largest difference / largest weight"] if found.drift else []
    for name, drift in found.drift.items():
        steps = (f"1e{power} at step {step}" for power, step in found.passed[name].items())
        passed = f"passed {', '.join(steps)}" if drift else ""
        lines.append(f"{name:20}{drift:<10.2g}{passed}".rstrip())
    return lines


def conclusion(found: Comparison, iterations: int) -> str:
    """Return what the comparison found: agreement, or the first wrong quantity and its reason."""
    if found.first is None:
        return f"numpy and torch agree: every quantity of {iterations} steps is within its bound"
    verdict = found.first.verdict
    text = f"step {found.first.step}: {found.first.side}'s {verdict.quantity} is the first wrong "
    text += "quantity"
    if not math.isnan(verdict.expected):
        where = f", at {list(verdict.index)}" if verdict.index else ""
        text += f", {verdict.ratio:.2g} times its bound{where}: "
        text += f"{verdict.got:.6g}, expected {verdict.expected:.6g}"
    text += f" ({verdict.why})" if verdict.why else ""
    if found.cause:
        text += f"\nwhy: {MISTAKES[found.cause].what} ({found.cause})"
        text += f"\nfix: {MISTAKES[found.cause].hint}"
    return text


def as_json(found: Comparison, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the comparison as values that strict JSON can hold: no NaN, no infinity."""
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
        "settings": dict(settings),
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "quantity": verdict.quantity,
        "index": list(verdict.index),
        "why": verdict.why,
        "got": _finite(verdict.got),
        "expected": _finite(verdict.expected),
        "ratio": min(verdict.ratio, sys.float_info.max),  # the largest number for infinity
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
