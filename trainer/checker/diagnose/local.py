"""Changes of located lines with which their value, in its own scope, is the expected one."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.enumerating import Enumerator, make_enumerator
from trainer.checker.diagnose.insertions import list_local_insertions
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.quantities import has_value
from trainer.checker.diagnose.survey import Survey

MOST_EDITS = 12  # of one line
RIGHT = 4  # tokens by which a line is unlikelier that computes another right quantity
Lines = dict[tuple[int, int], Enumerator | None]  # by the code of a line, and its record
Found = list[tuple[Location, list[Edit]]]


def list_local(survey: Survey) -> Iterator[Candidate]:
    """Yield the changes with which a located line has its expected value, those first with which
    everything may be right.
    """
    places = {(each.site, each.quantity.name): each for each in reversed(survey.locations)}
    there = [each for each in reversed(places.values()) if each.site.path in survey.texts]
    lines: Lines = {}
    for settles in (True, False):
        chosen = [each for each in there if each.settles is settles]
        stages = [(each, _list_stages(survey, each, lines)) for each in chosen]
        near = [(each, next(edits)[:MOST_EDITS]) for each, edits in stages]
        yield from _apply(survey, near)
        far = [(each, next(edits)[:MOST_EDITS]) for each, edits in stages]
        yield from _apply(survey, far)
        for each in chosen:
            yield from list_local_insertions(each, survey.texts[each.site.path])
        if not settles:
            yield from _join(survey, [*near, *far])


def _list_stages(survey: Survey, location: Location, lines: Lines) -> Iterator[list[Edit]]:
    """Return the small edits with which a located line has its expected value, and then others."""
    made = _make(survey, location, lines)
    is_expected = partial(has_value, location.quantity)
    return made.list_stages(is_expected) if made else iter(([], []))


def _make(survey: Survey, location: Location, lines: Lines) -> Enumerator | None:
    """Return what writes a located line otherwise: one for all that it may be meant to compute."""
    site, record = location.site, location.before or location.record
    key = id(site.value), id(record.scope)
    if key not in lines:
        lines[key] = make_enumerator(site, record, survey.texts[site.path])
    return lines[key]


def _apply(survey: Survey, found: Found) -> Iterator[Candidate]:
    """Yield the texts with each edit, the nearest to what is written first, then by how likely
    their lines are.
    """
    edits = [(round(edit.cost) + RIGHT * each.is_expected, each.site.path, edit)
             for each, edits in found for edit in edits]  # fmt: skip
    for _, path, edit in sorted(edits, key=lambda each: each[0]):
        yield from apply_edit(path, survey.texts[path], edit)


def _join(survey: Survey, found: Found) -> Iterator[Candidate]:
    """Yield each text with edits of several lines, each of which corrects one quantity."""
    firsts: dict[Path, dict[str, Edit]] = {}
    for location, edits in found:
        for edit in edits[:1]:
            firsts.setdefault(location.site.path, {}).setdefault(location.quantity.name, edit)
    for path, chosen in firsts.items():
        edits = list({edit.node.lineno: edit for edit in reversed(chosen.values())}.values())
        if len(edits) > 1:
            first = min(edits, key=lambda edit: edit.node.lineno)
            yield Candidate(path, replace_all(survey.texts[path], edits), first.node)
