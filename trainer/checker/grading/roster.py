"""Read the names of a class: who has not submitted, and the points beside its own columns."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from trainer.checker.grading.marking import Record
from trainer.checker.grading.tables import WORDS, guard
from trainer.common.errors import InputError
from trainer.common.language import translate as _

HEADS = ("student", "name", "id", "login", "username", "学号", "姓名")
COLUMNS = ("two-layer net (points)", "verdict")


def read_rows(roster: Path) -> list[list[str]]:
    """Return the rows of a CSV file that have a name in the first column.

    Raises InputError for a file that cannot be read.
    """
    try:
        text = roster.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        text = _("cannot be read: {reason}", reason=reason)
        raise InputError(f"--roster {roster}: {text}") from error
    return [row for row in csv.reader(text.splitlines()) if row and row[0].strip()]


def has_heading(rows: list[list[str]]) -> bool:
    """Return whether the first row has the names of the columns."""
    return bool(rows) and rows[0][0].strip().lower() in HEADS


def list_missing(roster: Path, students: Iterable[str]) -> list[str]:
    """Return the names in the first column of a CSV file that no submission has."""
    rows, known = read_rows(roster), set(students)
    names = [row[0].strip() for row in rows[has_heading(rows) :]]
    return [name for name in names if name not in known]


def add_points(roster: Path, records: list[Record]) -> str:
    """Return a CSV file with the points beside its own columns.

    A gradebook that was exported with its columns, such as Canvas's ID and SIS User ID or Moodle's
    email address, can so be imported again. What is to be looked at has no points yet.
    """
    rows = read_rows(roster)
    found = {record["student"]: record for record in records}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, row in enumerate(rows):
        record = found.get(row[0].strip())
        is_marked = record is not None and record["verdict"] != "unchecked"
        points = record["points"] if record and is_marked else ""
        marks = [points, WORDS[record["verdict"]] if record else ""]
        own = [guard(cell) for cell in row]
        writer.writerow([*own, *(COLUMNS if i == 0 and has_heading(rows) else marks)])
    return out.getvalue()
