"""Rank the runs of a sweep in a table: mean ± deviation over the seeds, the best first."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from statistics import fmean, stdev

from rich.table import Table

from trainer.common.settings import Settings
from trainer.training.sweep_folders import name_run, read_result

ALWAYS = ("lr", "hidden_size")  # settings that are shown even if all runs have the same
# The runs that differ only in their seeds: how many diverged, and the results of the others.
Row = tuple[Settings, int, list[dict[str, float]]]


def rank_runs(runs: Sequence[Settings], folder: Path) -> list[Row]:
    """Return a row for each combination of settings, the best first; all runs must be finished."""
    groups: dict[Settings, list[dict[str, float]]] = {}
    for run in runs:
        result = read_result(folder / name_run(run), run) or {}
        groups.setdefault(replace(run, seed=0), []).append(result)
    rows = [(run, found.count({}), [r for r in found if r]) for run, found in groups.items()]
    # Fewer diverged runs count before a higher mean accuracy.
    return sorted(rows, key=lambda row: (row[1], -fmean([r["test"] for r in row[2]] or [0])))


def make_ranking_table(rows: Sequence[Row]) -> Table:
    """Return a table of the rows: settings that differ, accuracies, mean seconds of a run."""
    names = [setting.name for setting in fields(Settings)]
    differ = {name for name in names if len({getattr(run, name) for run, *_ in rows}) > 1}
    shown = [name for name in names if name in {*ALWAYS, *differ}]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in (*shown, "runs", "train accuracy", "test accuracy", "seconds", ""):
        table.add_column(name, justify="right", overflow="fold")
    for i, (run, diverged, results) in enumerate(rows):
        values = [str(getattr(run, name)) for name in shown]
        cells = ["", f"{diverged} diverged", ""] if diverged else _format_means(results)
        best = "← best" if i == 0 and results else ""
        table.add_row(*values, str(diverged + len(results)), *cells, best)
    return table


def _format_means(results: Sequence[dict[str, float]]) -> list[str]:
    """Return mean ± sample deviation of both accuracies (– for one run), and mean seconds."""
    cells = []
    for values in ([result[name] for result in results] for name in ("train", "test")):
        deviation = f"{stdev(values):.4f}" if len(values) > 1 else "–"
        cells.append(f"{fmean(values):.4f} ± {deviation}")
    return [*cells, f"{fmean(result['seconds'] for result in results):.1f}"]
