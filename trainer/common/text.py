"""Texts for the user that need no package: paths, notices, text from elsewhere on one line."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from trainer.common.errors import OutputError


def escape(text: str) -> str:
    """Return the text with control characters as escapes, so that it stays on its line.

    Paths, class names and messages of other people's code can hold any character.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def notify(message: str) -> None:
    """Print a message for the user as one line on stderr; do nothing if that is full or closed."""
    try:
        print(escape(message), file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 (or Python fails again at its end)


def print_line(text: str, end: str = "\n") -> None:
    """Print text as one line on stdout; raises OutputError if it cannot be written.

    A closed pipe raises BrokenPipeError, as print does.
    """
    try:
        print(escape(text), end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error.errno, error.strerror) from error


def display_path(path: Path) -> str:
    """Return a path as one would type it: relative if it is inside the current folder."""
    try:
        shown = str(path.relative_to(Path.cwd()))
    except ValueError:
        shown = str(path)
    return f"./{shown}" if shown.startswith("-") else shown  # otherwise it would be an option


def quote_command(words: Iterable[str]) -> str:
    """Return the line that runs these words in a shell; bash and zsh read control characters."""
    return " ".join(shlex.quote(w) if w.isprintable() else _quote_bytes(w) for w in words)


def _quote_bytes(word: str) -> str:
    shown = (c if c.isprintable() and c not in "\\'" else _quote_character(c) for c in word)
    return f"$'{''.join(shown)}'"


def _quote_character(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
