"""Says where a line of a notebook's text is: in which cell, and where in it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer.checker.findings.comparing import Finding
from trainer.checker.findings.placing import describe_cell, replace_places
from trainer.checker.load.notebook import Notebook, read_notebook

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def place_finding(finding: Finding, path: Path, notebook: Notebook) -> Finding:
    """Return the finding with the cell and its line in place of the line of the text."""
    message = replace_places(
        finding.message, path.name, lambda line: describe_cell(*notebook.find_place(line))
    )
    if finding.line is None or finding.file != str(path):
        return replace(finding, message=message)
    cell, line = notebook.find_place(finding.line)
    return replace(finding, message=message, cell=cell, line=line)


def place_diagnosis(found: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a diagnosis with "cell", None in a file that is no notebook, and diffs of cells."""
    if path.suffix != ".ipynb":
        return found | {"cell": None}
    notebook = read_notebook(path)
    placed: dict[str, Any] = {"cell": None, "diff": _place_diff(found["diff"], path.name, notebook)}
    if found["file"] == path.name:
        placed["cell"], placed["line"] = notebook.find_place(found["line"])
    return found | placed


def _place_diff(diff: str, name: str, notebook: Notebook) -> str:
    """Return a unified diff in which each changed cell of the notebook is a file."""
    lines: list[str] = []
    is_notebook, cell, added, before = False, 0, 0, 0
    for line in diff.splitlines(keepends=True):
        hunk = HUNK.match(line)
        if line.startswith("--- a/"):
            is_notebook = line.rstrip() == f"--- a/{name}"
        if not is_notebook:
            lines.append(line)
        elif hunk:
            old, old_count, new, new_count = (int(part or 1) for part in hunk.groups())
            number, start = notebook.find_place(old)
            if number != cell:
                lines += [f"--- cell {number}\n", f"+++ cell {number}\n"]
                cell, before = number, added
            added += new_count - old_count
            counts = [f",{n}" if n != 1 else "" for n in (old_count, new_count)]
            moved = start + new - old - before
            lines.append(f"@@ -{start}{counts[0]} +{moved}{counts[1]} @@\n")
        elif not line.startswith(("--- a/", "+++ b/")):
            lines.append(line)
    return "".join(lines)
