"""Draw the error of a difference quotient against its step h: the V of gradient checks."""

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.checker.findings.quotient_table import find_worst
from trainer.common.errors import InputError
from trainer.common.language import translate as _

if TYPE_CHECKING:
    from trainer.checker.findings.report import Report

COLOURS = {"float64": "#1f77b4", "float32": "#d62728"}
SMALLEST = 1e-17  # an error of 0 has no logarithm


def draw_quotients(report: "Report", path: Path) -> None:
    """Write a picture of the worst entry's error for each h, beside its limits.

    Raises InputError if there is none, or if the file cannot be written.
    """
    from matplotlib.figure import Figure  # not above, since check needs no matplotlib

    if not report.curves:
        text = _("no gradient of this file can be drawn")
        raise InputError(f"--plot {path}: {text}")
    worst = find_worst(report.quotients or ())
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for dtype, errors in report.curves.items():
        points = [max(error, SMALLEST) for error in errors.values()]
        axes.loglog(list(errors), points, "o", color=COLOURS[dtype], label=dtype)
        limits = [worst.limit_for(h, dtype) for h in errors]
        axes.loglog(list(errors), limits, "--", color=COLOURS[dtype], label=f"limit, {dtype}")
    if report.own_step:
        axes.axvline(report.own_step, color="#666666", label=f"h of the file: {report.own_step:g}")
    axes.set(title=f"{worst.weight} at {list(worst.index)}", xlabel="h", ylabel="relative error")
    axes.set_ylim(top=10)
    axes.legend()
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        text = _("cannot be written: {reason}", reason=error)
        raise InputError(f"--plot {path}: {text}") from error
