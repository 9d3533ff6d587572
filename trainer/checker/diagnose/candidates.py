"""Lists the changes of a wrong net that are tried, the likeliest first."""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path

from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.applying import Candidate, apply_edit, list_repeated
from trainer.checker.diagnose.definitions import list_attributes, list_definitions
from trainer.checker.diagnose.edits import Edit, list_spellings
from trainer.checker.diagnose.layer_slips import list_layer_slips
from trainer.checker.diagnose.local import list_local
from trainer.checker.diagnose.parameters import list_parameters
from trainer.checker.diagnose.patching import Function
from trainer.checker.diagnose.penalties import list_penalties
from trainer.checker.diagnose.recorded import list_recorded
from trainer.checker.diagnose.scope import make_words
from trainer.checker.diagnose.screening import PartsScreen
from trainer.checker.diagnose.siblings import list_sibling_changes, list_signs
from trainer.checker.diagnose.slips import list_repeated_keys, list_slips
from trainer.checker.diagnose.statements import (
    list_condition_edits,
    list_line_edits,
    list_range_edits,
    list_roots,
    list_swapped_returns,
)
from trainer.checker.diagnose.survey import Survey
from trainer.checker.diagnose.unused import list_copies, list_left_out, list_unused, list_uses

CHEAP = 2.3  # the cost of edits that are tried at any line
LIKELY = 1.5  # the cost of an edit that is tried on several lines that do the same
MOST_SIBLINGS = 2  # functions whose lines are changed together
NAMED = 0.4  # how much likelier an edit is in a function whose own name is a wrong quantity
HELPER = 0.3  # how much unlikelier an edit is in a file that is only imported
SHARED = 0.3  # how much unlikelier an edit is in a function that right quantities call too
TURN = 300  # changes of one kind, before the next kind has its turn
MOST_USES = 40  # changes that use a variable that no line uses, before all others
UPDATE = re.compile("train|fit|step|update|optimi", re.IGNORECASE)  # functions that train
EditsOf = Callable[[Path, Function], list[Edit]]


def list_candidates(survey: Survey) -> Iterator[Candidate]:
    """Yield the changes of a net that may help, the likeliest first."""
    left = list(_list_families(survey))
    while left:
        for family in [*left]:
            count = 0
            for candidate in islice(family, TURN):
                count += 1
                yield candidate
            if count < TURN:
                left.remove(family)


def _list_families(survey: Survey) -> Iterator[Iterator[Candidate]]:
    """Yield the kinds of changes, those that fix most mistakes first, some for several turns."""
    heads = _list_heads(survey)
    # The cheap edits of a function are needed several times, and it takes long to list them.
    edits_of = cache(partial(_list_function_edits, survey=survey))
    local = list_local(survey)
    yield _list_few(survey)
    yield islice(_list_uses(survey, edits_of), MOST_USES)
    if heads:
        yield local  # the right results of a function alone show what its lines should be
    yield _list_first(survey, edits_of, heads)
    if survey.wrong == {"train"}:  # most often the same is wrong for several parameters
        updates = [(p, f) for p, f in survey.called if UPDATE.search(f.name)]
        yield _list_siblings(survey, edits_of, updates)
    yield _list_conditions(survey)
    if any(location.settles for location in survey.locations):
        yield local  # a turn more, and earlier: one of these lines explains everything
    slips = _list_slips(survey, [*survey.called, *survey.others])
    yield from (slips, slips)
    if survey.raised:
        yield _list_cheap(survey, edits_of, survey.called, survey.raised)
    yield local
    yield _list_siblings(survey, edits_of, survey.called[:MOST_SIBLINGS])
    if survey.wrong & {"predict", "loss", "gradient", *(f"gradient {key}" for key in PARAMS)}:
        yield list_recorded(survey)
    if survey.lines:
        yield _list_cheap(survey, edits_of, survey.called, survey.lines)
    called = _list_cheap(survey, edits_of, survey.called)
    yield from (called, called, called)
    yield _list_cheap(survey, edits_of, survey.others)


def _list_heads(survey: Survey) -> list[tuple[Path, Function]]:
    """Return the functions that are wrong by themselves, if nothing else is wrong."""
    if not isinstance(survey.screen, PartsScreen):
        return []
    return [(p, f) for p, f in survey.called if not f.col_offset and f.name in survey.heads]


def _list_first(
    survey: Survey, edits_of: EditsOf, heads: list[tuple[Path, Function]]
) -> Iterator[Candidate]:
    """Yield the changes of functions that are wrong by themselves."""
    for path, function in heads:
        likely = [edit for edit in edits_of(path, function) if edit.cost <= LIKELY]
        yield from chain.from_iterable(apply_edit(path, survey.texts[path], e) for e in likely)
    yield from _list_slips(survey, heads)
    yield from _list_cheap(survey, edits_of, heads)


def _list_few(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts with the other sign in all gradients or all updates of a function, with a
    missing key in place of one that is set twice, or with a line as its siblings are: few.
    """
    for path, function in survey.called:
        text = survey.texts[path]
        yield from list_signs(path, text, function)
        for edit in list_repeated_keys(function):
            yield from apply_edit(path, text, edit)
        yield from list_sibling_changes(path, text, function, ())


def _list_uses(survey: Survey, edits_of: EditsOf) -> Iterator[Candidate]:
    """Yield the texts in which a line uses a variable that no line uses."""
    for path, function in survey.called:
        text = survey.texts[path]
        yield from list_left_out(path, text, function)
        yield from list_copies(path, text, function)
        if list_unused(function):
            edits = edits_of(path, function)
            placed = sorted(edits, key=lambda e: (path, e.node.lineno) not in survey.lines)
            yield from list_uses(path, text, function, placed)


def _list_conditions(survey: Survey) -> Iterator[Candidate]:
    """Yield the texts in which a loop has other rounds, a condition holds in other cases, or two
    results are swapped.
    """
    for path, function in survey.called:
        edits = list_range_edits, list_condition_edits, list_swapped_returns
        for edit in chain.from_iterable(list_of(function) for list_of in edits):
            yield from apply_edit(path, survey.texts[path], edit)


def _list_slips(survey: Survey, functions: list[tuple[Path, Function]]) -> Iterator[Candidate]:
    """Yield changes of names that are misspelt, and of what is often forgotten or repeated."""
    for path, function in functions:
        text = survey.texts[path]
        yield from list_penalties(path, text, function)
        for root in list_roots(function) if survey.raised else ():
            for edit in list_spellings(root, survey.identifiers):
                if (path, edit.node.lineno) in survey.raised:
                    yield from apply_edit(path, text, edit)
        for candidate in list_repeated(path, text, function):
            if (path, candidate.node.lineno) not in survey.raised:  # to leave it out hides it
                yield candidate
        yield from list_parameters(path, text, function)
        yield from list_layer_slips(path, text, function)
        yield from list_slips(path, text, function)
    for place, name in survey.lacking:
        yield from list_attributes(survey.texts, survey.called, place, name)
    for place, name in survey.unknown:
        yield from list_definitions(survey.texts, survey.called, place, name)


def _list_siblings(
    survey: Survey, edits_of: EditsOf, functions: list[tuple[Path, Function]]
) -> Iterator[Candidate]:
    """Yield the texts in which lines that do the same are changed together."""
    for path, function in functions:
        likely = [edit for edit in edits_of(path, function) if edit.cost <= LIKELY]
        yield from list_sibling_changes(path, survey.texts[path], function, likely)


def _list_cheap(
    survey: Survey,
    edits_of: EditsOf,
    functions: list[tuple[Path, Function]],
    lines: frozenset[tuple[Path, int]] = frozenset(),
) -> Iterator[Candidate]:
    """Yield the cheap edits of functions, all or those of some lines; values are unknown.

    Those of functions that are wrong quantities themselves, such as accuracy, come earlier, and
    later those that right quantities call as well.
    """
    wrong, main = {quantity.split()[0] for quantity in survey.wrong}, next(iter(survey.texts), None)
    found = [
        (
            edit.cost
            - NAMED * (function.name in wrong)
            + HELPER * (path != main)
            + SHARED * ((path, function.lineno) in survey.shared),
            path,
            edit,
        )
        for path, function in functions
        for edit in edits_of(path, function)
        if (edit.text != "pass" or (path, edit.node.lineno) not in survey.raised)
        and (not lines or (path, edit.node.lineno) in lines)
    ]
    for _, path, edit in sorted(found, key=lambda each: each[0]):
        yield from apply_edit(path, survey.texts[path], edit)


def _list_function_edits(path: Path, function: Function, survey: Survey) -> list[Edit]:
    """Return the cheap edits of all parts of a function, the likeliest first."""
    record = survey.trail.find_last(path, function)
    words = make_words(function, record, survey.functions, survey.attributes)
    return list_line_edits(function, words, CHEAP)
