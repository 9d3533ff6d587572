"""The steps that are judged, the programs that take them, and how many values they may compute."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from trainer.checker.find.trace import Form, Trace

MOST_VALUES = 1_000_000  # of all runs of a file's steps
OF_OPTIONS = 150_000  # of those with other activations, where the file itself trains a right net
EACH_RUN = 50  # values that a run costs besides its own
LARGE = 100  # elements that cost as much as one value


class Step(Protocol):
    """A step that can be run; line is that of its loop, name the function that is called, and file
    the name of another file than the checked one that has this loop, or what the call is given.

    option is another activation than the usual one. place is the number of the program that takes
    it, and of the step in that. is_still tells that it leaves matrices of weights at 0, which they
    are at first, and is_after that it is no step, but what follows the loop of one.
    """

    line: int
    file: str
    is_still: bool
    is_after: bool
    name: str
    option: str
    place: tuple[int, int]

    def run(self, edits: Mapping[str, Any], form: Form) -> Trace:
        """Return what the step does with these values."""

    def describe(self, site: int) -> tuple[int, str]:
        """Return the line of a value, and its name or expression."""

    def is_inside(self, site: int) -> bool:
        """Return whether a value is computed in the checked file."""

    def locate(self, site: int | None = None) -> str:
        """Return the words for the line of a value, or of the loop: of a notebook, those for the
        cell and the line in it, and the name of another file than the one that is checked.
        """


class Programs(Protocol):
    """The programs that train a net, some with other activations, some later in the same run."""

    def vary(self, place: int) -> Iterable[Sequence[Step]]:
        """Return the programs that take the place of one."""

    def list_later(self, place: int) -> Iterable[Sequence[Step]]:
        """Return the programs that train later than one, in their order."""

    def list_calls(self) -> Iterable[Sequence[Step]]:
        """Return the programs that call what the file defines, none where none can vary."""


@dataclass
class Budget:
    """Counts the values of all steps of a file; what takes too many is left open."""

    most: int = MOST_VALUES
    seen: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether no more steps are run."""
        return self.seen > self.most

    def run(self, step: Step, edits: Mapping[str, Any], form: Form) -> Trace:
        """Run a step, or return that it failed where the budget is spent."""
        if self.is_spent:
            return Trace(error="budget")
        trace = step.run(edits, form)
        size = sum(np.size(value) for *_place, value in trace.events)
        self.seen += EACH_RUN + len(trace.events) + size // LARGE
        return trace
