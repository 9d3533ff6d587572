"""Changes of any recorded line, or of one that raises, to a value that nothing has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.enumerating import make_enumerator
from trainer.checker.diagnose.insertions import find_statement
from trainer.checker.diagnose.local import MOST_EDITS
from trainer.checker.diagnose.locating import keep_first
from trainer.checker.diagnose.quantities import Quantity, has_value
from trainer.checker.diagnose.scope import evaluate_all, list_own, list_variables
from trainer.checker.diagnose.survey import Survey
from trainer.checker.findings.comparing import as_array
from trainer.checker.load.recording import Record, Site

MAIN = ("a1", "z1", "a2", "y", "loss", "da2", "dW2", "db2", "dz1", "da1", "dW1", "db1")


def list_recorded(survey: Survey) -> Iterator[Candidate]:
    """Yield the changes with which a line that raises, or any recorded one, has the value of
    another quantity, those of its name or shape first.
    """
    for path, line in sorted(survey.raised):
        yield from _list_raised(survey, path, line)
    unlikely: list[tuple[Site, Record, list[Quantity]]] = []
    for record in keep_first(survey.trail.records):
        site, value = survey.trail.sites[record.site], as_array(record.value)
        if value is not None and not site.is_update and site.path in survey.texts:
            wrong = [q for q in survey.trail.quantities if not has_value(q, value)]
            likely = [q for q in wrong if q.value.shape == value.shape or _is_named(q, site.name)]
            yield from _list_any(survey, site, record, likely)
            if all(q in wrong for q in survey.trail.quantities if _get_base(q) in MAIN):
                unlikely.append((site, record, [q for q in wrong if q not in likely]))
    for each in unlikely:
        yield from _list_any(survey, *each)


def _list_raised(survey: Survey, path: Path, line: int) -> Iterator[Candidate]:
    """Yield the changes with which a line that raises has the value of a quantity."""
    for function in (f for p, f in survey.called if p == path):
        statement, record = find_statement(function, line), survey.trail.find_last(path, function)
        value = getattr(statement, "value", None)
        if record is not None and isinstance(value, ast.expr):
            site = Site(path, function, value, "", False)
            yield from _list_any(survey, site, record, survey.trail.quantities)


def _list_any(
    survey: Survey, site: Site, record: Record, wanted: list[Quantity]
) -> Iterator[Candidate]:
    """Yield the changes with which a line has the value of one of the quantities that no variable
    has, in any orientation.
    """
    text = survey.texts[site.path]
    own = list_own(record.scope.get("self"))
    values = evaluate_all([*list_variables(site.function), *own], record).values()
    known = {_get_base(q) for q in survey.trail.quantities if any(has_value(q, v) for v in values)}
    lacking = [q for q in wanted if _get_base(q) in MAIN and _get_base(q) not in known]
    made = make_enumerator(site, record, text)

    def is_right(value: Any) -> bool:
        return any(has_value(quantity, value) for quantity in lacking)

    found = made.list_near(is_right) or made.list_far(is_right) if made and lacking else []
    for edit in found[:MOST_EDITS]:
        yield from apply_edit(site.path, text, edit)


def _get_base(quantity: Quantity) -> str:
    """Return the name of a quantity without its orientation, sign and factor."""
    return quantity.name.strip("ᵀ−").removeprefix("N·")


def _is_named(quantity: Quantity, name: str) -> bool:
    """Return whether the name of a line is that of a quantity: z1 of self.z1, W1 of d["W1"]."""
    words = re.sub(r"\W", " ", name).split()[-1:]
    return any(quantity.name in (w + end, f"d{w}{end}") for w in words for end in ("", "1", "2"))
