"""Format the result of a comparison as text for people and as JSON for programs."""

import math
import sys
from collections.abc import Mapping

from rich.table import Table

from trainer.auditing.audit import Verdict
from trainer.auditing.comparison import Comparison
from trainer.auditing.mistakes import MISTAKES
from trainer.common.language import join_changes
from trainer.common.language import translate as _
from trainer.common.terminal import wrap

WIDTH = 80  # columns of text


def make_ratio_table(result: Comparison) -> Table:
    """Return a table with the largest ratio of error to bound of each quantity, a column a net.

    The index of the array element that has it stands behind it.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(_("quantity"), no_wrap=True)
    for side in result.worst:
        table.add_column(side, no_wrap=True)
    for name in dict.fromkeys(name for side in result.worst.values() for name in side):
        verdicts = [verdicts.get(name) for verdicts in result.worst.values()]
        wrong = any(verdict and verdict.is_wrong for verdict in verdicts)
        table.add_row(name, *map(_format_verdict, verdicts), style="bold red" if wrong else None)
    return table


def _format_verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    mark = "  " + _("WRONG") if verdict.is_wrong else ""
    where = f" \\{list(verdict.index)}" if verdict.index and verdict.ratio else ""
    return f"{verdict.ratio:.4g}{where}{mark}"


def format_drift(result: Comparison) -> list[str]:
    """Return lines that say how far the weights of both nets differ.

    With them stands the step at which the difference first passed each power of ten.
    """
    heading = _(
        "drift of the weights: largest difference / largest weight after the last step, "
        "and the first step at which it passed each power of ten"
    )
    lines = wrap(heading, WIDTH) if result.drift else []
    for name, drift in result.drift.items():
        powers = result.passed[name].items()
        steps = (_("1e{power} at step {step}", power=p, step=step) for p, step in powers)
        passed = _("passed {steps}", steps=join_changes(steps)) if drift else ""
        lines.append(f"{name:20}{drift:<10.2g}{passed}".rstrip())
    return lines


def format_conclusion(result: Comparison, iterations: int) -> str:
    """Return a text that says that the nets agree, or which quantity is wrong first and why."""
    if result.first is None:
        text = _("numpy and torch agree: every quantity of {count} steps is within its bound")
        return text.format(count=iterations)
    step, side, verdict = result.first.step, result.first.side, result.first.verdict
    text = _("step {step}: {side}'s {quantity} is the first wrong quantity",
             step=step, side=side, quantity=verdict.quantity)  # fmt: skip
    if not math.isnan(verdict.expected):
        where = _(", at {index}", index=list(verdict.index)) if verdict.index else ""
        got, expected = _format_apart(verdict.got, verdict.expected)
        text += _(
            ", with {ratio:.2g} times the error that rounding can make{where}: {got}, expected "
            "{expected}", ratio=verdict.ratio, where=where, got=got, expected=expected,
        )  # fmt: skip
    text += _(" ({reason})", reason=verdict.reason) if verdict.reason else ""
    if result.cause:
        known = MISTAKES[result.cause]
        why, fix = _("why: {summary} (known mistake {name})"), _("fix: {hint}")
        text += "\n" + why.format(summary=_(known.summary), name=result.cause)
        text += "\n" + fix.format(hint=_(known.hint))
    return text


def _format_apart(got: float, expected: float) -> tuple[str, str]:
    """Return both numbers with 4 digits, or with more if they are equal in these."""
    for digits in range(4, 18):
        texts = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def to_json(result: Comparison, settings: Mapping[str, object]) -> dict[str, object]:
    """Return the result as values that strict JSON can hold: no NaN, no infinity."""
    first = result.first
    return {
        "agree": first is None,
        "first": first
        and {"step": first.step, "side": first.side, **_verdict_to_json(first.verdict)},
        "cause": result.cause,
        "quantities": {
            side: {name: _verdict_to_json(verdict) for name, verdict in verdicts.items()}
            for side, verdicts in result.worst.items()
        },
        "drift": {
            name: {
                "last": _none_unless_finite(drift),
                "passed": {f"1e{p}": s for p, s in result.passed[name].items()},
            }
            for name, drift in result.drift.items()
        },
        "settings": dict(settings),
    }


def _verdict_to_json(verdict: Verdict) -> dict[str, object]:
    return {
        "quantity": verdict.quantity,
        "index": list(verdict.index),
        "why": verdict.reason,
        "got": _none_unless_finite(verdict.got),
        "expected": _none_unless_finite(verdict.expected),
        "ratio": min(verdict.ratio, sys.float_info.max),  # JSON has no infinity.
    }


def _none_unless_finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
