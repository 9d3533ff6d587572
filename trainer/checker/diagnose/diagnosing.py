"""Finds the line of a wrong net that is wrong, and a change with which every check passes."""

import ast
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from trainer.checker.check_file import restore_aliases
from trainer.checker.diagnose.applying import Candidate, make_diff
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.locating import Location, describe_location
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.quantities import has_value
from trainer.checker.diagnose.repairing import CHANGES, Fix, NetSearch
from trainer.checker.diagnose.scope import evaluate_all, list_variables
from trainer.checker.diagnose.survey import Survey, survey_net
from trainer.checker.diagnose.tidying import drop_copied
from trainer.checker.diagnose.unknown import correct_names
from trainer.checker.diagnose.verifying import Request, read_texts


@dataclass(frozen=True)
class Diagnosis:
    """The place of a mistake, what should be there, and a change with which every check passes.

    file is the name of the source, line a number from 1, column and end_column characters of the
    line code, from 0. expected is a sentence, "" if the expected value is not known. diff is a
    unified diff, "" if no change was found, and checks how many checks pass with it. left is what
    is still wrong with it.
    """

    file: str
    line: int
    column: int
    end_column: int
    code: str
    expected: str
    diff: str
    checks: int
    left: tuple[str, ...] = ()


def diagnose(request: Request, tried: Count | None = None) -> Diagnosis | None:
    """Return the wrong line of a net, with a change with which every check passes.

    Without such a change a line is named only if its inputs are right, its value is not, and with
    the right value nothing is wrong; None if there is none. tried counts the changes.
    """
    with restore_aliases():
        texts = read_texts(request)
        survey = survey_net(request, texts)
        search = NetSearch(tried or Count(CHANGES), request=request, required=survey.required)
        fix = _find_fix(request, search, survey)
        if fix is None or not is_shown(survey, fix):
            return _name_line(texts, survey)
        first, changed, left = fix
        if left:
            return describe_fix(first, texts, changed, survey.locations, 0, left)
        checks = search.count_passed(changed)
        changed = drop_copied(texts, changed, lambda fewer: search.count_passed(fewer) >= checks)
        return describe_fix(first, texts, changed, survey.locations, checks)


def is_shown(survey: Survey, fix: Fix) -> bool:
    """Return whether a fix makes all right, or is a part that begins at a line which values show to
    be wrong: with another change less may be wrong by chance.
    """
    first, _, left = fix
    return not left or (first.path, first.node.lineno) in survey.lines


def _name_line(texts: Texts, survey: Survey) -> Diagnosis | None:
    """Return the first line that must be wrong, without a fix; None if there is none."""
    for location in survey.locations:
        path = location.site.path
        if location.settles and not location.is_expected and path in texts:
            return describe_line(texts, location) if _has_right_inputs(survey, location) else None
    return None


def _has_right_inputs(survey: Survey, location: Location) -> bool:
    """Return whether all arrays that a line reads are known quantities."""
    record = location.before or location.record
    read = evaluate_all(list_variables(location.site.value), record).values()
    arrays = [value for value in read if isinstance(value, np.ndarray)]
    return all(any(has_value(q, a) for q in survey.trail.quantities) for a in arrays)


def describe_fix(
    first: Candidate, texts: Texts, changed: Texts, locations: list[Location], checks: int,
    left: Collection[str] = (),
) -> Diagnosis:  # fmt: skip
    """Return the place of the first change, and the difference of the changed texts."""
    diffs = (make_diff(p, texts[p], changed[p]) for p in texts if changed[p] != texts[p])
    found = _describe(first, texts, locations, "".join(diffs), checks)
    return replace(found, left=tuple(sorted(left)))


def describe_line(texts: Texts, location: Location) -> Diagnosis:
    """Return a line without a fix."""
    path = location.site.path
    first = Candidate(path, texts[path], location.site.value)
    return _describe(first, texts, [location], "", 0)


def describe_place(texts: Texts, path: Path, node: ast.expr) -> Diagnosis:
    """Return the line of an expression without a fix, and without what its value should be."""
    return _describe(Candidate(path, texts[path], node), texts, [], "", 0)


def _describe(
    first: Candidate, texts: Texts, locations: list[Location], diff: str, checks: int
) -> Diagnosis:
    """Return the place of the first change, and what its value should be if that is known."""
    path, node = first.path, first.node
    code = texts[path].splitlines()[node.lineno - 1]
    column = len(code.encode()[: node.col_offset].decode())
    end = len(code.encode()[: node.end_col_offset].decode())
    end = end if node.end_lineno == node.lineno else len(code)
    place = path, node.lineno
    there = [
        each
        for each in locations
        if (each.site.path, each.site.value.lineno) == place and not each.is_expected
    ]
    expected = describe_location(there[0]) if there else ""
    return Diagnosis(path.name, node.lineno, column, end, code, expected, diff, checks)


def _find_fix(request: Request, search: NetSearch, survey: Survey) -> Fix | None:
    """Return the first of some changes with which less is wrong, the texts with all of them, and
    what is still wrong then; None where no change helps.

    Names that nothing sets are corrected first, where the code raises for them: else nothing that
    it computes shows what is wrong. What then seems right is checked as a whole.
    """
    first = None
    for path in survey.texts if survey.raised else ():
        candidate = correct_names(path, survey.texts[path], survey.names)
        left = search.find_left(survey, candidate) if candidate else None
        if candidate and left is not None:
            first, texts = first or candidate, survey.change(candidate)
            if not left and search.is_fix(survey, candidate):
                return first, texts, left
            survey = survey_net(request, texts)
    return search.find_fix(survey, first)
