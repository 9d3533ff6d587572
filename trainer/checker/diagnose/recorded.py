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
    unlikely: list[tuple[Line, list[Quantity]]] = []
    for record in keep_first(survey.trail.records):
        site, value = survey.trail.sites[record.site], as_array(record.value)
        if value is not None and not site.is_update and site.path in survey.texts:
            recorded = Line(survey, site, record)
            wrong = [q for q in survey.trail.quantities if not has_value(q, value)]
            likely = [q for q in wrong if q.value.shape == value.shape or _is_named(q, site.name)]
            yield from recorded.list_changed(likely)
            if all(q in wrong for q in survey.trail.quantities if _get_base(q) in MAIN):
                unlikely.append((recorded, [q for q in wrong if q not in likely]))
    for recorded, others in unlikely:
        yield from recorded.list_changed(others)


def _list_raised(survey: Survey, path: Path, line: int) -> Iterator[Candidate]:
    """Yield the changes with which a line that raises has the value of a quantity."""
    for function in (f for p, f in survey.called if p == path):
        statement, record = find_statement(function, line), survey.trail.find_last(path, function)
        value = getattr(statement, "value", None)
        if record is not None and isinstance(value, ast.expr):
            site = Site(path, function, value, "", False)
            yield from Line(survey, site, record).list_changed(survey.trail.quantities)


class Line:
    """A recorded line, which may be meant to compute what no variable has, in any orientation."""

    def __init__(self, survey: Survey, site: Site, record: Record):
        self._path, self._text = site.path, survey.texts[site.path]
        self._made = make_enumerator(site, record, self._text)
        own = list_own(record.scope.get("self"))
        values = evaluate_all([*list_variables(site.function), *own], record).values()
        found = (q for q in survey.trail.quantities if any(has_value(q, v) for v in values))
        self._known = {_get_base(quantity) for quantity in found}

    def list_changed(self, wanted: list[Quantity]) -> Iterator[Candidate]:
        """Yield the texts in which the line has the value of one of the quantities."""
        bases = {name for name in MAIN if name not in self._known}
        lacking = [quantity for quantity in wanted if _get_base(quantity) in bases]

        def is_right(value: Any) -> bool:
            return any(has_value(quantity, value) for quantity in lacking)

        found = self._made.list_edits(is_right) if self._made and lacking else []
        for edit in found[:MOST_EDITS]:
            yield from apply_edit(self._path, self._text, edit)


def _get_base(quantity: Quantity) -> str:
    """Return the name of a quantity without its orientation, sign and factor."""
    return quantity.name.strip("ᵀ−").removeprefix("N·")


def _is_named(quantity: Quantity, name: str) -> bool:
    """Return whether the name of a line is that of a quantity: z1 of self.z1, W1 of d["W1"]."""
    words = re.sub(r"\W", " ", name).split()[-1:]
    return any(quantity.name in (w + end, f"d{w}{end}") for w in words for end in ("", "1", "2"))
