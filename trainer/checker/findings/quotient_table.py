"""Show gradients beside their difference quotients, and how small an error is small enough.

They are those of trainer.checker.judge.quotients.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from rich.cells import cell_len

from trainer.common.language import translate as _

STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)  # that people take for h
SMALLEST = 2.0**-53  # in the place of a limit of 0
COLUMNS = 60  # of a table; names of weights are cut to what is left of 80


def show_quotients(found: Sequence[Any], loss: str) -> list[str]:
    """Return the lines of a table, and of the limits for other h and float32 of its worst row."""
    if not found:
        return [_("its gradients cannot be compared entry by entry: no loss fits a plain step")]
    heading = _(
        "gradients beside (f(w + h) − f(w − h)) / 2h, where f is {loss} and h 1e-5 of the largest "
        "weight:"
    )
    width = max(len(_shorten(each.weight)) for each in found)
    wide = max(9, *(len(str(list(each.index))) for each in found))
    titles = (_("gradient"), _("quotient"), _("error"), _("limit"))
    lines = [heading.format(loss=loss), _row(" " * width, " " * wide, *titles)]
    for each in found:
        numbers = (
            f"{each.gradient:.4g}",
            f"{each.quotient:.4g}",
            _show(each.error),
            _show(each.limit),
        )
        mark = "" if each.is_right else "  " + _("WRONG")
        name, index = f"{_shorten(each.weight):{width}}", f"{list(each.index)!s:{wide}}"
        lines.append(_row(name, index, *numbers) + mark)
    worst = find_worst(found)
    text = _(
        "an error up to its limit can come from truncation and rounding, a larger one cannot; the "
        "limit for {weight} at {index} with other h, where the loss is float64 or float32:"
    )
    lines.append(text.format(weight=worst.weight, index=list(worst.index)))
    lines.append("h        float64  float32")
    for h in STEPS:
        limits = (_show_limit(worst.limit_for(h, dtype)) for dtype in ("float64", "float32"))
        lines.append(f"{_show(h):8} {next(limits):8} {next(limits)}")
    return lines


def show_own_step(
    found: Sequence[Any], curves: Mapping[str, Mapping[float, float]], h: float | None
) -> list[str]:
    """Return the line on the step of the file's own numerical gradient, if it has one."""
    if h is None or not curves:
        return []
    worst = find_worst(found)
    numbers = {
        f"{name}{dtype[-2:]}": show(value)
        for dtype in ("float64", "float32")
        for name, show, value in (
            ("error", _show, curves[dtype][h]),
            ("limit", _show_limit, worst.limit_for(h, dtype)),
        )
    }
    text = _(
        "the file's own h is {h}: there the error is {error64} in float64, where the limit is "
        "{limit64}, and {error32} in float32, where it is {limit32}"
    )
    lines = [text.format(h=_show(h), **numbers)]
    if worst.limit_for(h, "float32") >= 1:
        lines.append(
            _("in float32 rounding hides the gradient at this h: take a larger h, or float64")
        )
    return lines


def find_worst(found: Sequence[Any]) -> Any:
    """Return the entry whose error is the largest in units of its limit."""
    return max(found, key=lambda each: each.error / (each.limit or SMALLEST))


def list_quotients(found: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the same for JSON."""
    return [
        {
            "weight": each.weight, "shape": list(each.shape), "index": list(each.index),
            "gradient": keep_finite(each.gradient), "quotient": keep_finite(each.quotient),
            "h": each.h, "error": keep_finite(each.error), "limit": keep_finite(each.limit),
            "right": each.is_right,
        }
        for each in found
    ]  # fmt: skip


def keep_finite(number: float) -> float | None:
    """Return the number, or None for infinity and nan, which JSON has not."""
    return number if isfinite(number) else None


def _row(*cells: str) -> str:
    name, index, *numbers = cells
    # cell_len: a Chinese character takes two columns of a terminal.
    return f"{name}  {index} " + " ".join(" " * (10 - cell_len(n)) + n for n in numbers)


def _shorten(weight: str) -> str:
    return weight if len(weight) <= 80 - COLUMNS else f"…{weight[-(79 - COLUMNS) :]}"


def _show_limit(limit: float) -> str:
    return _show(limit) if limit < 1 else _("any")


def _show(number: float) -> str:
    return f"{number:.1e}".replace("e-0", "e-").replace("e+0", "e+").replace(".0e", "e")
