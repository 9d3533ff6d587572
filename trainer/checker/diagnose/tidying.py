"""Takes out what a fix has made needless: the line of which it put a copy where it belongs."""

import ast
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.diagnose.patching import Texts


def drop_copied(before: Texts, after: Texts, is_right: Callable[[Texts], bool]) -> Texts:
    """Return changed texts without a line of which the change put a copy before it, where all is
    right without it: it was at the wrong place.
    """
    for path in before:
        for fewer in _list_shorter(before, after, path):
            if attempt(partial(is_right, fewer)).value:
                return fewer
    return after


def _list_shorter(before: Texts, after: Texts, path: Path) -> Iterator[Texts]:
    """Yield the texts without the next line that is the same as an added one."""
    old, new = (texts[path].splitlines(keepends=True) for texts in (before, after))
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    added = [n for kind, *_, start, end in changes if kind == "insert" for n in range(start, end)]
    for number in added:
        copied = next((i for i in range(number + 1, len(new)) if new[i] == new[number]), None)
        text = "".join(new[:copied] + new[copied + 1 :]) if copied is not None else ""
        if text and attempt(partial(ast.parse, text)).value is not None:
            yield {**after, path: text}
