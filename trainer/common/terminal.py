"""Print what the user sees besides results: notices, and progress as a bar or as lines."""

import re
import sys
import textwrap
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from trainer.common.language import translate as _
from trainer.common.text import notify

T = TypeVar("T")
FEW = 3  # steps after which the time left can be told
PAUSE = 2.0  # the most seconds of a computation without any output


@contextmanager
def show_activity(text: str, shown: bool = True) -> Iterator[None]:
    """Print the text on stderr if the work inside the context takes more than two seconds."""
    timer = threading.Timer(PAUSE, notify, [text])
    timer.daemon = True
    if shown:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def make_bar(detail: str = "", shown: bool = True) -> Progress:
    """Return a progress bar on stderr; detail is the name of a task field to show at its end."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        *([TextColumn("{task.fields[" + detail + "]}")] if detail else []),
    ]
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not shown, refresh_per_second=4)


class Steps:
    """A context that shows how many of total steps are done: a bar in a terminal, or lines."""

    def __init__(self, description: str, total: int, done: int = 0, quiet: bool = False):
        self._description, self._total = description, total
        is_terminal = sys.stderr.isatty()
        self._bar = make_bar(shown=is_terminal and not quiet)
        self._task = self._bar.add_task(description, total=total, completed=done)
        self._prints_lines = not is_terminal and not quiet
        self._last = self._start = time.monotonic()
        self._before = done

    def __enter__(self) -> "Steps":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, done: int) -> None:
        """Show the number of steps that are done."""
        self._bar.update(self._task, completed=done)
        now = time.monotonic()
        if self._prints_lines and now - self._last >= PAUSE:
            self._last = now
            text = _(
                "{what}: {done} of {total}", what=self._description, done=done, total=self._total
            )
            notify(text + self._describe_rest(done, now))

    def _describe_rest(self, done: int, now: float) -> str:
        """Return how long the rest will take, "" while that is not known."""
        new = done - self._before
        if new < FEW:
            return ""
        seconds = (now - self._start) / new * (self._total - done)
        left = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
        return _(", {time} left", time=left)


def track(
    items: Iterable[T], description: str, total: int, done: int = 0, quiet: bool = False
) -> Iterator[T]:
    """Yield the items and show how many are done, counting the done ones before them."""
    with Steps(description, total, done, quiet) as steps:
        for number, item in enumerate(items, done + 1):
            yield item
            steps.update(number)


def print_output(*renderables: RenderableType) -> None:
    """Print tables and texts of the library rich on stdout, wrapped to the terminal's width."""
    console = Console(soft_wrap=False, highlight=False, emoji=False)
    for each in renderables:
        console.print(each)


def print_wrapped(text: str) -> None:
    """Print each line wrapped to the terminal's width (80 in a pipe), its rest indented."""
    for line in text.splitlines():
        print("\n".join(wrap(line, Console().width, "    ")))


def wrap(line: str, width: int, indent: str = "") -> list[str]:
    """Return a line as several that take so many columns at most; all but the first are indented.

    The width of a Chinese or Japanese character is two.
    """
    return _Wrapper(width, subsequent_indent=indent, break_on_hyphens=False).wrap(line) or [""]


# Chinese and Japanese characters, and their punctuation: two columns wide.
WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60"
    "\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
OPENING, CLOSING = (
    "（「『《【〔",
    "）」』》】〕、。，．：；？！…々ーゃゅょっャュョッァィゥェォ,.:;?!)",
)
UNIT = re.compile(rf"\s+|[{OPENING}]*(?:[{WIDE}]|[^\s{WIDE}]+)[{CLOSING}]*")


class _Wrapper(textwrap.TextWrapper):
    """Wraps by columns: at spaces, and beside wide characters but not before 。 and the like."""

    def _split(self, text: str) -> list[str]:
        return [_Unit(found) for found in UNIT.findall(text)]


class _Unit(str):
    """What stays on one line; its length is its width in columns."""

    __slots__ = ()

    def __len__(self) -> int:
        return cell_len(str(self))
