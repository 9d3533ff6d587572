"""Tries changes of a wrong net, and keeps those with which every check passes."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from trainer.checker.diagnose.applying import Candidate
from trainer.checker.diagnose.candidates import list_candidates
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.survey import Survey, survey_net
from trainer.checker.diagnose.verifying import Request, count_passed, find_wrong

CHANGES = 1200  # changes that are tried for one fix
CHECKS = 60  # changes that pass the quick look and are checked in full
FULL = 20  # changes that take as long as one that is checked in full at once
SHARE = 0.5  # of the changes that are left, in which one that fixes all is sought
MORE = 12  # changes that make less wrong that are checked in full
ROUNDS = 7  # changes of one fix
Partial = tuple[Candidate, frozenset[str]]  # a change, and what is still wrong with it
Fix = tuple[Candidate, Texts, frozenset[str]]  # the first change, the texts, what is still wrong

Rank = tuple[int, int]


def _rank(left: frozenset[str]) -> Rank:
    """Return how much is wrong: what raises is worse than one of its results."""
    return len(left), sum(" " not in quantity for quantity in left)


@dataclass
class Search(ABC):
    """Tries changes; counts how many are tried and checked in full."""

    tried: Count
    checked: Count = field(default_factory=lambda: Count(CHECKS))
    seen: set[str] = field(default_factory=set)

    def find_fix(self, survey: Survey | None, first: Candidate | None = None) -> Fix | None:
        """Return the first of up to ROUNDS changes with which less is wrong, the texts with all of
        them, and what is still wrong then; None for no change.
        """
        fix: Fix | None = None
        for _ in range(ROUNDS):
            step = self.improve(survey, self.list_changes(survey)) if survey else None
            if survey is None or step is None:
                break
            candidate, left = step
            fix = first or candidate, survey.change(candidate), left
            if self.is_end(left):
                break
            first, survey = fix[0], self.survey(fix[1])
        return fix

    def is_end(self, left: frozenset[str]) -> bool:
        """Return whether no further change is sought where this is still wrong."""
        return not left

    def improve(self, survey: Survey, candidates: Iterable[Candidate]) -> Partial | None:
        """Return the first candidate with which nothing is wrong, or else one of the best others.

        The others are those that leave less wrong. One that changes right numbers is none.
        """
        end = self.tried.used + SHARE * self.tried.left
        others: list[tuple[Rank, Candidate]] = []
        for candidate in candidates:
            if self.tried.is_spent or self.checked.is_spent:
                break
            if others and self.tried.used > end:
                if step := self._improve_partly(survey, others):
                    return step
                others, end = [], inf
            left = self._screen(survey, candidate)
            if left:
                others.append((_rank(left), candidate))
            elif left is not None and (step := self._check(survey, candidate)):
                if self.is_end(step[1]):
                    return step
                others.append((_rank(step[1]), candidate))
        return self._improve_partly(survey, others)

    def _improve_partly(
        self, survey: Survey, others: list[tuple[Rank, Candidate]]
    ) -> Partial | None:
        """Return one of the candidates that leave least wrong, None if all checks find more."""
        for _, candidate in sorted(others, key=lambda each: each[0])[:MORE]:
            if step := self._check(survey, candidate):
                return step
        return None

    def _screen(self, survey: Survey, candidate: Candidate) -> frozenset[str] | None:
        """Return what a quick look finds wrong with a candidate, None if that is not less."""
        if candidate.text in self.seen:
            return None
        self.seen.add(candidate.text)
        self.tried.spend(survey.cost if survey.screen else FULL)
        if survey.screen is not None:
            return survey.screen.find_left(candidate.path, candidate.text)
        left = self.find_left(survey, candidate)
        return left if left is not None and not left >= survey.wrong else None

    def _check(self, survey: Survey, candidate: Candidate) -> Partial | None:
        """Return a candidate with what is wrong with it, None unless it is less than before."""
        if not self.checked.spend():
            return None
        left = self.find_left(survey, candidate)
        if left is None or left >= survey.wrong:
            return None
        if not left and not self.is_fix(survey, candidate):
            return None
        return candidate, left

    @abstractmethod
    def list_changes(self, survey: Survey) -> Iterable[Candidate]:
        """Return the changes that are tried, the likeliest first."""

    @abstractmethod
    def survey(self, texts: Texts) -> Survey | None:
        """Return what is wrong with changed texts, None where that is not known."""

    @abstractmethod
    def is_fix(self, survey: Survey, candidate: Candidate) -> bool:
        """Return whether a candidate with which nothing is wrong is right in all that counts."""

    @abstractmethod
    def find_left(self, survey: Survey, candidate: Candidate) -> frozenset[str] | None:
        """Return what all checks find wrong with a candidate, None if that is more than before."""


@dataclass
class NetSearch(Search):
    """Tries changes of a net; required is what a fixed one must pass."""

    request: Request = field(kw_only=True)
    required: frozenset[str] = field(kw_only=True)

    def list_changes(self, survey: Survey) -> Iterable[Candidate]:
        """Return the changes of a net that may help."""
        return list_candidates(survey)

    def survey(self, texts: Texts) -> Survey:
        """Return what is wrong with changed texts, and where."""
        return survey_net(self.request, texts)

    def is_fix(self, survey: Survey, candidate: Candidate) -> bool:
        """Return whether every check passes on other inputs too, and what was right is kept."""
        passed = self.count_passed(survey.change(candidate))
        return passed > 0 and survey.keeps_right(candidate)

    def find_left(self, survey: Survey, candidate: Candidate) -> frozenset[str] | None:
        """Return what all checks find wrong with a candidate, None if that is more than before."""
        return find_wrong(self.request, survey.change(candidate), survey.wrong, self.required)

    def count_passed(self, texts: Texts) -> int:
        """Return how many checks pass on other inputs too, 0 if one fails."""
        return count_passed(self.request, texts, self.required)
