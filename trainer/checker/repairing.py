"""Tries changes of a wrong net, and keeps those with which every check passes."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from trainer.checker.applying import Candidate
from trainer.checker.patching import Texts
from trainer.checker.survey import Survey
from trainer.checker.verifying import Request, count_passed, find_wrong

MORE = 12  # candidates that are tried after one that makes less wrong
Step = tuple[Candidate, frozenset[str]]  # a change, and what is still wrong with it


@dataclass
class Search:
    """What the search may use, and the time at which it ends.

    end is in seconds of computing time.
    """

    request: Request
    required: frozenset[str]
    end: float
    seen: set[str] = field(default_factory=set)

    def is_over(self) -> bool:
        """Return whether the time is used up."""
        return time.process_time() > self.end

    def count_passed(self, texts: Texts) -> int:
        """Return how many checks pass on other inputs too, 0 if one fails."""
        return count_passed(self.request, texts, self.required)

    def improve(self, survey: Survey, candidates: Iterable[Candidate]) -> Step | None:
        """Return the first candidate with which nothing is wrong, or else the best of the others.

        After one that makes less wrong, a few more are tried.
        """
        better: list[Step] = []
        more = MORE
        for candidate in candidates:
            if self.is_over() or not more:
                break
            if candidate.text in self.seen:
                continue
            self.seen.add(candidate.text)
            if survey.screen and not survey.screen.may_help(candidate.path, candidate.text):
                continue
            more -= bool(better)
            changed = {**survey.texts, candidate.path: candidate.text}
            left = find_wrong(self.request, changed, survey.wrong, self.required)
            if left is not None and not left and self.count_passed(changed):
                return candidate, left
            if left and left < survey.wrong:
                better.append((candidate, left))
        return min(better, key=lambda step: len(step[1]), default=None)
