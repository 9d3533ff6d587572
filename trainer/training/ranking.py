"""Rank the runs of a sweep in a table: mean ± deviation over the seeds, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from rich.table import Table

from trainer.common.settings import Settings
from trainer.training.sweep_folders import name_run, read_finished

ALWAYS = ("lr", "hidden_size")  # settings that are shown even if all runs have the same


@dataclass(frozen=True)
class Row:
    """The runs that differ only in their seeds: the results of some, and how many diverged."""

    settings: Settings
    results: list[dict[str, float]]
    diverged: int

    @property
    def sort_key(self) -> tuple[int, float]:
        """How many diverged, then minus the mean test accuracy; the best row has the least."""
        return self.diverged, -fmean(r["test"] for r in self.results) if self.results else 0.0


def rank_runs(runs: Sequence[Settings], folder: Path) -> list[Row]:
    """Return a row for each combination of settings, the best first; all runs must be finished."""
    groups: dict[Settings, list[dict[str, Any]]] = {}
    for settings in runs:
        about = read_finished(folder / name_run(settings), settings)
        groups.setdefault(replace(settings, seed=0), []).append(about or {})
    rows = []
    for settings, abouts in groups.items():
        results = [about["result"] for about in abouts if "result" in about]
        rows.append(Row(settings, results, len(abouts) - len(results)))
    return sorted(rows, key=lambda row: row.sort_key)


def make_ranking_table(rows: Sequence[Row]) -> Table:
    """Return a table of the rows: settings that differ, accuracies, mean seconds of a run."""
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
        table.add_row(*values, str(len(row.results) + row.diverged), *_format_results(row), best)
    return table


def _format_results(row: Row) -> list[str]:
    """Return a row's cells of train accuracy, test accuracy and seconds."""
    if row.diverged:
        return ["", f"{row.diverged} diverged", ""]
    accuracies = [_format_mean([r[name] for r in row.results]) for name in ("train", "test")]
    return [*accuracies, f"{fmean(result['seconds'] for result in row.results):.1f}"]


def _format_mean(values: Sequence[float]) -> str:
    """Return mean ± sample standard deviation, or mean ± – for a single value."""
    deviation = f"{stdev(values):.4f}" if len(values) > 1 else "–"
    return f"{fmean(values):.4f} ± {deviation}"
