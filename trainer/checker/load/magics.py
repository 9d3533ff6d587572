"""Turns a cell of a notebook, with the commands of IPython in it, into Python of as many lines."""

import ast
import re
import warnings
from collections.abc import Callable

# Commands at the top of a cell whose other lines are Python that runs in the notebook itself.
PYTHON_CELLS = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug", "pylab"}
COMMAND = re.compile(
    r"\s*([%!?]|[,;/]\w|[\w, ]+=\s*[%!]|[^#]*\?\s*$"
    r"|(cd|ls|ll|pwd|pip3?|conda|mkdir|rm|rmdir|cp|mv|cat|git|wget|unzip|python3?|apt|apt-get|clear"
    r"|less|man|run|time|timeit|matplotlib|pylab|load_ext|reload_ext|autoreload|env|who|whos)\b)"
)
CERTAIN = re.compile(r"\s*[%!]")  # a command, or a line inside brackets that continues with %
ASSIGNED = re.compile(r"(\s*[\w, ]+=)\s*[%!]")
TIMED = re.compile(r"(\s*)%?(?:time|timeit(?:\s+-\S+(?:\s+\d+)?)*)\s+(?=\w)(?!-)")
RUN = re.compile(r"(\s*)%?run\s+(?:-\w\s+)*[\"']?(?:\./)?([\w/]+)\.(?:py|ipynb)\b")
PYLAB = "import numpy, numpy as np; from numpy import *; from matplotlib.pyplot import *"
Parse = Callable[[str], object]


def parse_quietly(text: str) -> ast.Module:
    """Return the tree of Python 3; raises SyntaxError or ValueError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Such as those on an old escape: they are not checked.
        return ast.parse(text)


def remove_commands(cell: str, parse: Parse = parse_quietly) -> str:
    """Return the Python of a cell, without the commands of IPython, each line where it was.

    parse raises SyntaxError for text that is not of the language. A cell in another language
    becomes empty lines. Raises SyntaxError where what is left is not Python.
    """
    lines = cell.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        words = lines[first][2:].split()
        if not words or words[0] not in PYTHON_CELLS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    lines = [line.removeprefix(indent) for line in lines]  # Jupyter takes an indented cell too.
    for _ in range(len(lines) + 1):
        try:
            parse("\n".join(lines))
            break
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            if not (0 <= number < len(lines)) or not COMMAND.match(lines[number]):
                return _remove_all(lines, parse)
            _replace_command(lines, number)
    return "\n".join(lines)


def _remove_all(lines: list[str], parse: Parse) -> str:
    """Return the lines without all that look like commands; raises SyntaxError if not Python."""
    changed = list(lines)
    for number, line in enumerate(lines):
        if CERTAIN.match(line):
            _replace_command(changed, number)
    text = "\n".join(changed)
    parse(text)
    return text


def _replace_command(lines: list[str], number: int) -> None:
    """Replace a command by Python, and the lines to which a backslash continues it by nothing."""
    following, is_continued = number + 1, lines[number].endswith("\\")
    while is_continued and following < len(lines):
        is_continued, lines[following] = lines[following].endswith("\\"), ""
        following += 1
    lines[number] = _translate_command(lines[number])


def _translate_command(line: str) -> str:
    """Return the Python that sets the names which a command sets."""
    indent = line[: len(line) - len(line.lstrip())]
    if assigned := ASSIGNED.match(line):
        return f"{assigned[1]} get_ipython()"
    if run := RUN.match(line):
        return f"{run[1]}from {run[2].strip('/').replace('/', '.')} import *"
    if re.match(r"\s*%?pylab\b", line):
        return indent + PYLAB
    timed = TIMED.match(line)
    return indent + line[timed.end() :] if timed else f"{indent}pass"
