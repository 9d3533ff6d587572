"""Writes a record in the formats of graders: Gradescope's results.json and JUnit's XML."""

import json
import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from trainer.checker.grading.marking import Record, show_why
from trainer.checker.grading.points import EARNED

SKIPPED = ("missing", "optional")
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def make_gradescope(record: Record) -> str:
    """Return results.json of Gradescope's autograder, with a test for each part.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    tests = [
        {
            "name": part["name"],
            "name_format": "text",
            "score": part["points"],
            "max_score": part["most"],
            **_show_status(part["verdict"]),
            "output": show_why(record, part),
            "output_format": "text",
            "visibility": "visible",
        }
        for part in record["parts"]
    ]
    whole: dict[str, Any] = {
        "score": record["points"],
        "execution_time": record["seconds"],
        "output": "\n".join([record["handout"], *record["notes"]]),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {k: record[k] for k in ("verdict", "causes", "tried")},
    }
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _show_status(verdict: str) -> dict[str, str]:
    """Return whether a part passed or failed, nothing for one that is to be looked at."""
    if verdict == "unchecked":
        return {}
    return {"status": "passed" if verdict in EARNED else "failed"}


def make_junit(records: list[Record]) -> str:
    """Return JUnit's XML: a suite for each student, a case for each part.

    It has what Ant's schema requires, and nothing that Jenkins's forbids.
    """
    root = ElementTree.Element("testsuites")
    for number, record in enumerate(records):
        _add_suite(root, record, number)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _add_suite(root: ElementTree.Element, record: Record, number: int) -> None:
    verdicts = [part["verdict"] for part in record["parts"]]
    suite = ElementTree.SubElement(
        root, "testsuite", name=clean(record["student"]), tests=str(len(verdicts)),
        failures=str(verdicts.count("wrong")), errors=str(verdicts.count("unchecked")),
        skipped=str(len([v for v in verdicts if v in SKIPPED])), time=f"{record['seconds']:.2f}",
        timestamp=datetime.now().isoformat(timespec="seconds"), hostname="localhost",
        package="two-layer-net", id=str(number),
    )  # fmt: skip
    ElementTree.SubElement(suite, "properties")
    for part in record["parts"]:
        case = ElementTree.SubElement(
            suite, "testcase", classname=clean(record["student"]), name=part["name"], time="0"
        )
        kinds = {"wrong": "failure", "unchecked": "error"} | dict.fromkeys(SKIPPED, "skipped")
        kind = kinds.get(part["verdict"])
        if kind:
            why = clean(part["why"]) or part["verdict"]
            found = ElementTree.SubElement(case, kind, message=why)
            if kind != "skipped":
                found.set("type", part["verdict"])
    ElementTree.SubElement(suite, "system-out").text = clean(record["report"])
    ElementTree.SubElement(suite, "system-err").text = clean("\n".join(record["tried"]))


def clean(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return ILLEGAL.sub("?", text)
