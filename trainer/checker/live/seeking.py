"""Seeks the wrong line of a live object, and a fix, in the text of its cells.

Changed code may loop forever or write anywhere. It is thus tried in a process of its own, on a
notebook that holds nothing but the definitions that are needed.
"""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from trainer.checker.findings.comparing import Finding
from trainer.checker.live.loader import LiveLoader
from trainer.checker.process import check_in_child

Diagnosis = dict[str, Any]
Sought = tuple[Diagnosis | None, Diagnosis | None]  # the diagnosis, and what the search was


def seek_fix(loader: LiveLoader, findings: list[Finding], seed: int, timeout: float) -> Sought:
    """Return the diagnosis of wrong live objects, and what the search was.

    The text must give the same wrong quantities as the live objects: otherwise it is not theirs.
    """
    name = loader.kind.__name__ if loader.kind else None
    if loader.reached.lost:
        return None, None
    if loader.has_file:
        return _diagnose(loader.path, name, findings, seed, timeout)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.ipynb"
        path.write_text(_make_notebook(loader), encoding="utf-8")
        found, search = _diagnose(path, name, findings, seed, timeout)
    return _place(found, loader) if found else None, search


def _diagnose(
    path: Path, name: str | None, findings: list[Finding], seed: int, timeout: float
) -> Sought:
    report, _ = check_in_child(path, name, seed=seed, timeout=timeout)
    is_same = _list_wrong(report.findings) == _list_wrong(findings)
    return (report.diagnosis, report.search) if is_same else (None, None)


def _list_wrong(findings: list[Finding]) -> set[tuple[str, str | None]]:
    return {(f.quantity, f.cause) for f in findings if f.verdict in ("differs", "raises")}


def _make_notebook(loader: LiveLoader) -> str:
    """Return a notebook of the needed definitions, each at its line, after the names they use."""
    prelude = loader.reached.make_prelude(loader.space)
    codes = [prelude, *(cell.text for cell in loader.reached.list_cells())]
    cells = [{"cell_type": "code", "metadata": {}, "source": code} for code in codes]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def _place(found: Diagnosis, loader: LiveLoader) -> Diagnosis:
    """Return the diagnosis with the labels of the cells in place of their numbers."""
    labels = {str(i): cell.label for i, cell in enumerate(loader.reached.list_cells(), 2)}
    diff = re.sub(
        r"^(---|\+\+\+) cell (\d+)$",
        lambda match: f"{match[1]} cell {labels.get(match[2], match[2])}",
        found["diff"],
        flags=re.MULTILINE,
    )
    cell = found["cell"]
    return found | {"diff": diff, "cell": labels.get(str(cell), cell) if cell else None}
