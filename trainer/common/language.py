"""Translate what a learner reads, by gettext; a text of the sources is its own English.

`_` (translate) marks a text and translates it. `N_` only marks one that stands in a table, and is
translated where it is shown. `make translations` collects both into trainer/common/locale.
"""

import gettext
import locale
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

DOMAIN = "two-layer-net"
FOLDER = Path(__file__).resolve().parent / "locale"
CATALOGUES = {"zh": "zh_CN", "ja": "ja"}  # folders of the languages other than English
LANGUAGES = ("en", *CATALOGUES)
NAMES = {"zh": ("zh", "chinese"), "ja": ("ja", "japanese")}  # Windows writes Chinese (Simplified)
VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in gettext's order

_chosen = ["en"]  # of the process
_own: ContextVar[str | None] = ContextVar("own", default=None)  # of a context in one thread


def set_language(code: str | None) -> None:
    """Choose the language of the process from here on: en, zh, ja; None is that of the locale.

    Raises ValueError for any other code.
    """
    _chosen[0] = _resolve(code)
    _own.set(None)


@contextmanager
def use_language(code: str | None) -> Iterator[None]:
    """Choose a language as set_language does, in this thread until the context ends."""
    token = _own.set(_resolve(code))
    try:
        yield
    finally:
        _own.reset(token)


def _resolve(code: str | None) -> str:
    if code is not None and code not in LANGUAGES:
        raise ValueError(f"lang is {code!r}; give {', '.join(LANGUAGES)} or None")
    return code or find_language()


def get_language() -> str:
    """Return the code of the chosen language, English before any was chosen."""
    return _own.get() or _chosen[0]


def find_language() -> str:
    """Return the language of the locale, English where the locale has another or none."""
    named = next((value for name in VARIABLES if (value := os.environ.get(name))), None)
    known = named.split(":") if named else [locale.getlocale()[0] or ""]
    found = (_identify(each) for each in known)
    return next((code for code in found if code), "en")


def _identify(name: str) -> str | None:
    """Return the language of a locale's name, as in zh_CN.UTF-8 or Japanese_Japan."""
    start = name.lower().replace("-", "_").split("_")[0].split(".")[0].split(" ")[0]
    every = {"en": ("en", "english"), **NAMES}
    return next((code for code, names in every.items() if start in names), None)


@cache
def _read_catalogue(code: str) -> gettext.NullTranslations:
    languages = [CATALOGUES[code]] if code in CATALOGUES else []
    return gettext.translation(DOMAIN, FOLDER, languages, fallback=True)


def translate(text: str, **values: object) -> str:
    """Return a text of the sources in the chosen language, in English where it has none.

    Values take the places of its {names}, where any are given.
    """
    found = _read_catalogue(get_language()).gettext(text) if text else ""
    return found.format(**values) if values else found


def translate_plural(one: str, many: str, count: int) -> str:
    """Return the text for one thing or for several, in the chosen language."""
    return _read_catalogue(get_language()).ngettext(one, many, count)


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a text of a table for translation, and return it as it is."""
    return text


JOINTS = (N_("{first} and {last}"), N_("{first}; {last}"), N_("{first}, {last}"))


def join_words(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: "W1 and b1"."""
    return _join("{first} and {last}", words)


def join_clauses(clauses: Iterable[str]) -> str:
    """Return clauses one after the other in one sentence."""
    return _join("{first}; {last}", clauses)


def join_changes(changes: Iterable[str]) -> str:
    """Return short clauses of one kind: "b1 is unchanged, W1 is updated twice"."""
    return _join("{first}, {last}", changes)


def _join(pattern: str, parts: Iterable[str]) -> str:
    joined, *rest = [*parts] or [""]
    for part in rest:
        joined = translate(pattern).format(first=joined, last=part)
    return joined
