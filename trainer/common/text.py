"""Texts for the user that need no package: paths, notices, text from elsewhere on one line."""

import sys
from pathlib import Path


def escape(text: str) -> str:
    """Return the text with control characters as escapes, so that it stays on its line.

    Paths, class names and messages of other people's code can hold any character.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def notify(message: str) -> None:
    """Print a message for the user as one line on stderr."""
    print(escape(message), file=sys.stderr, flush=True)


def display_path(path: Path) -> str:
    """Return a path as one would type it: relative if it is inside the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
