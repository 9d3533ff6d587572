"""Rewrites the lines of a wrong net: a quantity of the book, from what the line has in scope."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from trainer.book.functions import Array
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.formulas import TEMPLATES, get_base, list_formulas, list_known
from trainer.checker.diagnose.insertions import (
    find_statement,
    has_return,
    insert_after,
    insert_before,
)
from trainer.checker.diagnose.locating import Location, keep_first
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.quantities import Quantity, has_value
from trainer.checker.diagnose.scope import Scope, make_scope
from trainer.checker.diagnose.survey import Survey
from trainer.checker.findings.comparing import as_array
from trainer.checker.load.recording import Record, Site

Place = tuple[Scope, dict[str, list[str]]]  # a line's scope, and how it names each quantity
EACH = 3  # texts of one quantity at one line that are tried


def list_rewritten(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts with one line that computes a quantity, or sets an unknown name to it."""
    for place, name in survey.unknown:
        for statement, text in _write_at(survey, *place):
            changed = insert_before(survey.texts[place[0]], statement, f"{name} = {text}")
            yield Candidate(place[0], changed, statement)
    for path, line in survey.raised:
        for statement, text in _write_at(survey, path, line):
            value = getattr(statement, "value", None)
            if isinstance(value, ast.expr):
                yield from apply_edit(path, survey.texts[path], Edit(value, text, 0.0))
    yield from _return_quantities(survey)
    yield from _rewrite_recorded(survey)


def rewrite_location(survey: Survey, location: Location) -> Iterator[Edit]:
    """Yield the edits with which a located line computes the expected quantity."""
    site = location.site
    if not site.is_update:
        place = _find_place(survey, site.path, site.function, location.record)
        yield from (Edit(site.value, text, 0.0) for text in _write(place, [location.quantity]))


def _return_quantities(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts with a quantity returned at the end of a function that returns nothing."""
    for path, function in survey.called:
        if not has_return(function) and function.name != "__init__":
            last = function.body[-1]
            for _, text in _write_at(survey, path, last.lineno):
                yield Candidate(
                    path, insert_after(survey.texts[path], last, f"return {text}"), last
                )


def _rewrite_recorded(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts in which a recorded value becomes another quantity.

    Those of its shape or its name come first, at all lines.
    """
    unlikely: list[tuple[Site, Place, list[Quantity]]] = []
    for record in keep_first(survey.trail.records):
        site, value = survey.trail.sites[record.site], as_array(record.value)
        if value is None or site.is_update or site.path not in survey.texts:
            continue
        place = _find_place(survey, site.path, site.function, record)
        wrong = [q for q in survey.trail.quantities if not has_value(q, value)]
        likely = _list_likely(site, value, wrong)
        unlikely.append((site, place, [q for q in wrong if q not in likely]))
        yield from _rewrite(survey, site, place, likely)
    for site, place, others in unlikely:
        yield from _rewrite(survey, site, place, others)


def _rewrite(
    survey: Survey, site: Site, place: Place, wanted: list[Quantity]
) -> Iterator[Candidate]:
    for text in _write(place, wanted):
        yield from apply_edit(site.path, survey.texts[site.path], Edit(site.value, text, 0.0))


def _list_likely(site: Site, value: Array, wrong: list[Quantity]) -> list[Quantity]:
    """Return the quantities that a line may have been meant to compute, by its name or shape."""
    word = re.sub(r"\W", " ", site.name).split()[-1:]  # z1 of self.z1, W1 of grads["W1"]
    names = {name for w in word for name in (w, f"d{w}", f"{w}1", f"{w}2", f"d{w}1", f"d{w}2")}
    named = [q for q in wrong if q.name in names]
    return [*named, *(q for q in wrong if q.value.shape == value.shape and q.name not in names)]


def can_write(survey: Survey, location: Location) -> bool:
    """Return whether the expected value of a line follows from what is in scope there."""
    site = location.site
    place = _find_place(survey, site.path, site.function, location.record)
    return any(_write(place, [location.quantity]))


def _write_at(survey: Survey, path: Path, line: int) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the statement at a line with each quantity that is not known there."""
    for function in (f for p, f in survey.called if p == path):
        statement, record = find_statement(function, line), survey.trail.find_last(path, function)
        if statement is None or record is None:
            continue
        place = _find_place(survey, path, function, record)
        missing = [q for q in survey.trail.quantities if get_base(q) not in place[1]]
        yield from ((statement, text) for text in _write(place, missing))


@lru_cache(maxsize=100)  # most records are asked for several times
def _find_place(survey: Survey, path: Path, function: Function, record: Record) -> Place:
    """Return what can be written at a record, and which quantities are known there."""
    scope = make_scope(function, record, survey.texts[path])
    return scope, list_known(scope.values, survey.trail.quantities)


def _write(place: Place, wanted: list[Quantity]) -> Iterator[str]:
    """Yield how to write those of the wanted quantities that what is known gives."""
    scope, known = place
    for quantity in wanted:
        if get_base(quantity) in TEMPLATES:
            yield from islice(list_formulas(scope, quantity, known), EACH)
