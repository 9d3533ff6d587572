"""Read the names of a class, to say who has not submitted."""

import csv
from collections.abc import Iterable
from pathlib import Path

from trainer.common.errors import InputError

HEADS = ("student", "name", "id", "login", "username", "学号", "姓名")


def list_missing(roster: Path, students: Iterable[str]) -> list[str]:
    """Return the names in the first column of a CSV file that no submission has.

    A first row that is a heading is left out. Raises InputError for a file that cannot be read.
    """
    try:
        text = roster.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"--roster {roster}: cannot be read: {reason}") from error
    names = [row[0].strip() for row in csv.reader(text.splitlines()) if row and row[0].strip()]
    names = names[1:] if names and names[0].lower() in HEADS else names
    known = set(students)
    return [name for name in names if name not in known]
