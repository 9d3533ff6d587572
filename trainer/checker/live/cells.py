"""Writes the definitions of live objects as a notebook, and names its cells as the kernel does."""

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from trainer.checker.findings.placing import describe_cell
from trainer.checker.findings.report import Report
from trainer.checker.live.reaching import Namespace, Reached

NAME = "cells.ipynb"


def write_cells(folder: Path, reached: Reached, space: Namespace) -> Path:
    """Write what some live objects need of a kernel into a notebook, and return its path.

    Each definition is at its line of its cell. Before them come the modules and values of other
    cells, in the first cell.
    """
    codes = [reached.make_prelude(space), *(cell.text for cell in reached.list_cells())]
    cells = [{"cell_type": "code", "metadata": {}, "source": code} for code in codes]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path = folder / NAME
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def name_cells(report: Report, reached: Reached) -> None:
    """Name the cells in a report on such a notebook as the kernel does, such as In[3]."""
    labels = {str(i): cell.label for i, cell in enumerate(reached.list_cells(), 2)}
    words = re.escape(describe_cell("\0", "\1"))
    place = words.replace("\0", r"(\d+)").replace("\1", r"(\d+)")

    def name(found: re.Match[str]) -> str:
        return describe_cell(labels.get(found[1], found[1]), found[2])

    rename = partial(re.sub, place, name)
    report.findings = [
        replace(each, message=rename(each.message), cell=labels.get(str(each.cell), each.cell))
        for each in report.findings
    ]
    if found := report.diagnosis:
        diff = re.sub(
            r"^(---|\+\+\+) cell (\d+)$",
            lambda match: f"{match[1]} cell {labels.get(match[2], match[2])}",
            found["diff"],
            flags=re.MULTILINE,
        )
        cell = labels.get(str(found["cell"]), found["cell"])
        report.diagnosis = found | {"diff": diff, "cell": cell}
