"""Judges the steps of a file one after the other, until one is right or wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from trainer.checker.find.steps import Form, Trace
from trainer.checker.judge.deciding import Decision, Fault, decide

MOST_VALUES = 1_000_000  # of all runs of a file's steps
EACH_RUN = 50  # values that a run costs besides its own
LARGE = 100  # elements that cost as much as one value
MORE = 5  # calls that are judged after one was right


class Step(Protocol):
    """A step that can be run; line is that of its loop, name the function that is called.

    place is the number of the program that takes it, and of the step in that.
    """

    line: int
    name: str
    place: tuple[int, int]

    def run(self, edits: Mapping[str, Any], form: Form) -> Trace:
        """Return what the step does with these values."""

    def describe(self, site: int) -> tuple[int, str]:
        """Return the line of a value, and its name or expression."""


@dataclass
class Budget:
    """Counts the values of all steps of a file; what takes too many is left open."""

    seen: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether no more steps are run."""
        return self.seen > MOST_VALUES

    def run(self, step: Step, edits: Mapping[str, Any], form: Form) -> Trace:
        """Run a step, or return that it failed where the budget is spent."""
        if self.is_spent:
            return Trace(error="budget")
        trace = step.run(edits, form)
        size = sum(np.size(value) for *_place, value in trace.events)
        self.seen += EACH_RUN + len(trace.events) + size // LARGE
        return trace


@dataclass
class Judged:
    """A step and what was decided about it; others are loops about which nothing was."""

    step: Step
    decision: Decision
    others: list[Step] = field(default_factory=list)


def judge_programs(programs: Iterable[Sequence[Step]]) -> Judged | None:
    """Return the first step that is right or wrong, else one that is open, None for none.

    The first program has the file's own data. Those of others may have a form that the file does
    not expect: a wrong step is right if it is right with some of them. Where a right step is a
    call, more of them are judged, since another may be wrong.
    """
    found: dict[tuple[int, str], Judged] = {}
    budget, more = Budget(), 0
    for number, steps in enumerate(programs):
        judged = _choose(_judge_steps(steps, budget))
        if judged and number and judged.decision.fault is Fault.GROWN:
            continue  # of data of ours, which may lie in another direction
        if judged:
            is_right = judged.decision.is_right
            if is_right is not None and (number == 0 or (is_right and judged.step.line)):
                return judged
            key = judged.step.line, judged.step.name
            found[key] = max(found.get(key, judged), judged, key=_rank)
        more += any(each.decision.is_right is not None for each in found.values())
        if more > MORE or budget.is_spent:
            break
    settled = [each for each in found.values() if each.decision.is_right is not None]
    if not settled:
        return next(iter(found.values()), None)
    best = min(settled, key=_rank)
    best.others = [j.step for j in found.values() if j.decision.is_right is None and j.step.line]
    return best


def _choose(found: Iterator[Judged]) -> Judged | None:
    """Return the first step that is right or wrong, else the first: a round may show too little."""
    first = None
    for judged in found:
        if judged.decision.is_right is not None:
            return judged
        first = first or judged
    return first


def _rank(judged: Judged) -> int:
    """Return 0 for an open step, 1 for a wrong one, and 2 for a right one."""
    is_right = judged.decision.is_right
    return 0 if is_right is None else 1 + is_right


def _judge_steps(steps: Sequence[Step], budget: Budget) -> Iterator[Judged]:
    for step in steps:
        if decision := decide(partial(budget.run, step), step.name):
            judged = Judged(step, decision)
            if _leaves_own_loss(judged):
                judged.decision = Decision(decision.model, None, decision.fit)
            if decision.fault is Fault.OTHER_LOSS and not _is_called_loss(step, decision):
                judged.decision = replace(decision, is_right=True, fault=None, wrong=[])
            yield judged


def _leaves_own_loss(judged: Judged) -> bool:
    """Return whether a call computes a loss, and goes down another one."""
    decision = judged.decision
    if not judged.step.name or not decision.is_right or (decision.fit and decision.fit.is_own):
        return False
    return _is_named(judged.step, decision, [i for g in decision.model.losses for i in g])


def _is_called_loss(step: Step, decision: Decision) -> bool:
    """Return whether the file calls a loss what is a usual one of the outputs."""
    return decision.fit is not None and _is_named(step, decision, decision.fit.shown_by)


def _is_named(step: Step, decision: Decision, events: Iterable[int]) -> bool:
    """Return whether the file has a name for a loss for one of these events."""
    sites = {decision.model.base.events[i][0] for i in events}
    texts = [step.describe(site)[1] for site in sorted(sites - {-1})]
    return any(re.search("loss|cost|entropy", text.lower()) for text in texts)
