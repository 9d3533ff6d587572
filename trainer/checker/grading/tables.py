"""Writes grades.csv: a row for each student."""

import csv
import io

from rich.cells import cell_len, set_cell_size

from trainer.checker.grading.marking import Record
from trainer.common.language import N_
from trainer.common.language import translate as _
from trainer.common.text import escape

WORDS = {"right": N_("right"), "wrong": N_("wrong"), "unchecked": N_("look at it")}
NAME = 30  # columns for a name, at most
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def make_table(records: list[Record]) -> str:
    """Return the table of all records as CSV: points, each part, causes, seconds.

    Where nets were trained, the last column says whether they learn.
    """
    parts = list_parts(records)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("student", "verdict", "points", "of", *parts, "causes", "seconds", "file", "note")
    learns = {id(each): show_learned(each) for each in records if "learning" in each["check"]}
    writer.writerow((*head, "learns") if learns else head)
    for record in records:
        earned = {part["name"]: round(part["points"], 4) for part in record["parts"]}
        optional = [part for part in record["parts"] if part["verdict"] == "optional"]
        note = [*record["tried"], *(f"{part['name']}: {part['why']}" for part in optional)]
        note += [record["summary"]] if record["verdict"] == "unchecked" else []
        writer.writerow([
            guard(record["student"]), WORDS[record["verdict"]], record["points"], record["of"],
            *(earned.get(part, "") for part in parts), guard("; ".join(record["causes"])),
            record["seconds"], guard(record["file"]), guard("; ".join([*note, *record["notes"]])),
            *([guard(learns.get(id(record), ""))] if learns else []),
        ])  # fmt: skip
    return out.getvalue()


def format_row(record: Record, names: list[str]) -> str:
    """Return one line for a student: the name, the points, the verdict, and the mistakes or else
    what is wrong; the names of the class say how much room the first takes.
    """
    width = min(NAME, max(map(cell_len, names)))
    name, verdict = set_cell_size(record["student"], width), _(WORDS[record["verdict"]])
    wrong = [part["name"] for part in record["parts"] if part["verdict"] == "wrong"]
    row = f"{name}  {record['points']:6g}  {set_cell_size(verdict, 10)}  "
    return (row + ", ".join(record["causes"] or wrong)).rstrip()


def list_parts(records: list[Record]) -> list[str]:
    """Return the names of the parts of all records: files of functions have parts of their own."""
    return list(dict.fromkeys(part["name"] for record in records for part in record["parts"]))


def show_learned(record: Record) -> str:
    """Return yes, no, or no and each change that alone makes the net learn; "" if not trained."""
    found = record["check"].get("learning", {})
    if "learns" not in found:
        return ""
    if found["learns"]:
        return "yes"
    return f"no; it does with {', or '.join(found['helped'])}" if found["helped"] else "no"


def guard(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    text = escape(text)
    return f"'{text}" if text.startswith(FORMULA) else text
