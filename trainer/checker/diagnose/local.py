"""Changes of a located line with which its value, in its own scope, is the expected one."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from trainer.checker.diagnose.applying import Candidate, apply_edit, replace_all
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.edits import Edit, Root, Words
from trainer.checker.diagnose.expressions import list_products
from trainer.checker.diagnose.insertions import find_holder, list_local_insertions
from trainer.checker.diagnose.locating import Location
from trainer.checker.diagnose.quantities import has_value
from trainer.checker.diagnose.rewriting import can_write, rewrite_location
from trainer.checker.diagnose.scope import Line, list_functions, make_words
from trainer.checker.diagnose.statements import list_line_edits
from trainer.checker.diagnose.survey import Survey

MOST_MATCHING = 12  # edits of one line that are checked
EVALUATED = 20_000  # edits of all located lines that are evaluated
LIKELY = 2.2  # the cost of an edit that is tried at all lines before others are
PLAIN = 2.85  # the cost of an edit that is likelier than a statement that is missing


def list_local(survey: Survey) -> Iterator[Candidate]:
    """Yield the changes of the located lines whose value, in its own scope, is the expected one."""
    places = {(each.site, each.quantity.name): each for each in reversed(survey.locations)}
    there = [each for each in reversed(places.values()) if each.site.path in survey.texts]
    there.sort(key=lambda each: (not each.settles, not can_write(survey, each)))
    evaluated = Count(EVALUATED)
    firsts: dict[Path, dict[str, Edit]] = {}  # what gives each quantity its value
    likely, plain, odd = (
        partial(_list_matching, kind, evaluated) for kind in (_list_likely, _list_plain, _list_odd)
    )
    for list_of in (likely, plain, partial(rewrite_location, survey), odd):
        for location in there:
            path, text = location.site.path, survey.texts[location.site.path]
            for edit in list_of(location):
                if not location.settles:
                    firsts.setdefault(path, {}).setdefault(location.quantity.name, edit)
                yield from apply_edit(path, text, edit)
            if list_of is plain:
                yield from list_local_insertions(location, text)
        for path, edits in firsts.items():
            yield from _join(path, survey.texts[path], list(edits.values()))


def _join(path: Path, text: str, edits: list[Edit]) -> Iterator[Candidate]:
    """Yield the text with edits of several lines, each of which corrects one quantity."""
    edits = list({edit.node.lineno: edit for edit in reversed(edits)}.values())
    if len(edits) > 1:
        first = min(edits, key=lambda edit: edit.node.lineno)
        yield Candidate(path, replace_all(text, edits), first.node)


def _list_matching(
    list_changes: Callable[[Root, Words], list[Edit]], evaluated: Count, location: Location
) -> Iterator[Edit]:
    """Yield the first edits of a located line that give it the expected value."""
    site, count = location.site, 0
    record = location.before if site.is_update else location.record
    root: Root | None = find_holder(site.function, site.value) if site.is_update else site.value
    if record is None or root is None:
        return
    line = Line(root, record, site.name)
    words = make_words(site.function, record, list_functions(record.globals))
    pairs = [f for f in list_functions(record.globals, 2) if f != site.function.name]
    words = replace(words, pairs=pairs)
    for edit in list_changes(root, words):
        if count == MOST_MATCHING or not evaluated.spend():
            return
        if has_value(location.quantity, line.evaluate(edit.node, edit.text)):
            count += 1
            yield edit


def _list_likely(root: Root, words: Words) -> list[Edit]:
    """Return the edits of a line that people make most often."""
    return list_line_edits(root, words, LIKELY)


def _list_plain(root: Root, words: Words) -> list[Edit]:
    """Return the other edits of a line that people make."""
    return [edit for edit in list_line_edits(root, words, PLAIN) if edit.cost > LIKELY]


def _list_odd(root: Root, words: Words) -> list[Edit]:
    """Return the other edits of a line, and what may stand in place of it."""
    products = list_products(root, words) if isinstance(root, ast.expr) else []
    return [*(edit for edit in list_line_edits(root, words) if edit.cost > PLAIN), *products]
