"""The runs of a sweep as a table: mean ± deviation over the seeds, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from rich.table import Table

from trainer.common.settings import Settings
from trainer.training.sweep import finished, name_of

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


def make_table(rows: Sequence[Row]) -> Table:
    """Return a table of the rows: settings in which they differ, accuracies, seconds of a run."""
    names = [
        setting.name
        for setting in fields(Settings)
        if setting.name in ALWAYS or len({getattr(row.settings, setting.name) for row in rows}) > 1
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in (*names, "runs", "train accuracy", "test accuracy", "seconds", ""):
        table.add_column(name, justify="right", overflow="fold")
    for number, row in enumerate(rows):
        values = [str(getattr(row.settings, name)) for name in names]
        best = "← best" if number == 0 and row.results else ""
        table.add_row(*values, str(len(row.results) + row.diverged), *_measured(row), best)
    return table


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
