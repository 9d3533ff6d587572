"""The runs of a sweep as a table: mean ± deviation over the seeds, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from trainer.settings import Settings
from trainer.sweep import finished, name_of

ALWAYS = ("lr", "hidden_size")  # shown also where all runs have the same


@dataclass(frozen=True)
class Row:
    """The runs that differ in nothing but their seeds: their results, and how many diverged."""

    settings: Settings
    results: list[dict[str, float]]
    diverged: int

    @property
    def rank(self) -> tuple[int, float]:
        """Lower is better: first those of which none diverged, by test accuracy."""
        return self.diverged, -fmean(r["test"] for r in self.results) if self.results else 0.0


def rank(runs: Sequence[Settings], folder: Path) -> list[Row]:
    """A row for each combination of settings, the best first. All runs must be finished."""
    groups: dict[Settings, list[dict[str, Any]]] = {}
    for settings in runs:
        about = finished(folder / name_of(settings), settings) or {}
        groups.setdefault(replace(settings, seed=0), []).append(about)
    rows = []
    for settings, abouts in groups.items():
        results = [about["result"] for about in abouts if "result" in about]
        rows.append(Row(settings, results, len(abouts) - len(results)))
    return sorted(rows, key=lambda row: row.rank)


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of text: settings in which the rows differ, accuracies, seconds of a run."""
    names = [
        setting.name
        for setting in fields(Settings)
        if setting.name in ALWAYS or len({getattr(row.settings, setting.name) for row in rows}) > 1
    ]
    cells = [[*names, "runs", "train accuracy", "test accuracy", "seconds", ""]]
    for row in rows:
        values = [str(getattr(row.settings, name)) for name in names]
        cells.append([*values, str(len(row.results) + row.diverged), *_measured(row), ""])
    if rows[0].results:
        cells[1][-1] = "← best"
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.rjust, line, widths)).rstrip() for line in cells]


def _measured(row: Row) -> list[str]:
    if row.diverged:
        return ["", f"{row.diverged} diverged", ""]
    seconds = fmean(result["seconds"] for result in row.results)
    return [
        *(_mean([r[name] for r in row.results]) for name in ("train", "test")),
        f"{seconds:.1f}",
    ]


def _mean(values: Sequence[float]) -> str:
    """Mean ± sample deviation, which one value alone has not."""
    deviation = f"{stdev(values):.4f}" if len(values) > 1 else "–"
    return f"{fmean(values):.4f} ± {deviation}"
