"""Words for places in the checked code, in the chosen language, and where a text has them."""

import re
import sys
from collections.abc import Callable

from trainer.common.language import translate as _


def describe_place(file: str, line: object) -> str:
    """Return the words for a line of a file."""
    return _("{file}, line {line}").format(file=file, line=line)


def describe_cell(cell: object, line: object) -> str:
    """Return the words for a line of a notebook's cell."""
    return _("cell {cell}, line {line}").format(cell=cell, line=line)


def describe_line(line: object) -> str:
    """Return the words for a line of a file that needs no name."""
    return _("line {line}").format(line=line)


def replace_places(text: str, file: str, describe: Callable[[int], str]) -> str:
    """Return the text with other words for each line of a file that it names.

    Python's own messages name lines in English, whatever the language is.
    """
    words = {describe_place(file, "\0"), f"{file}, line \0"}
    patterns = (re.escape(each).replace(re.escape("\0"), r"(\d+)") for each in sorted(words))
    return re.sub(
        "|".join(patterns), lambda found: describe(int(found[found.lastindex or 0])), text
    )


def describe_invalid(place: str, error: str) -> str:
    """Return that code at a place is not valid in this Python: it may be in a newer one."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    message = _("{place}: not valid Python {version}: {error}")
    return message.format(place=place, version=version, error=error)
