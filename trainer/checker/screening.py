"""Looks at changed sources quickly, so that only changes that help are checked in full."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trainer.checker.accuracy import check_accuracy
from trainer.checker.attempts import attempt
from trainer.checker.check_file import load_class
from trainer.checker.choosing import is_right
from trainer.checker.comparing import Finding
from trainer.checker.edges import check_edges
from trainer.checker.explaining import matches
from trainer.checker.judging import Judge
from trainer.checker.loading import Loader
from trainer.checker.names import PARAMS
from trainer.checker.numerical import NAME, check_numerical
from trainer.checker.patching import CannotPatchError, Patcher, Texts
from trainer.checker.reference import FORMS, Form, get_reference
from trainer.checker.subject import Subject
from trainer.checker.training import check_training
from trainer.checker.trial import Outcomes, Trial, collect_values
from trainer.checker.verifying import Request, list_wrong

Check = Callable[[Trial, Judge, Outcomes], Iterator[Finding]]
# The checks beside the core, by the quantities that they report.
CHECKS: dict[str, Check] = {
    "accuracy": lambda trial, judge, outcomes: check_accuracy(trial),
    NAME: lambda trial, judge, outcomes: check_numerical(trial, judge),
    "inputs": check_edges,
    "gradient": check_edges,
    "train": lambda trial, judge, outcomes: check_training(trial),
}


@dataclass
class Screen:
    """The checks that a net fails, on the case and in the form of its trial.

    known is what these checks find wrong in the net with the given texts.
    """

    request: Request
    texts: Texts
    trial: Trial
    checks: list[Check]
    known: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        loader = Loader(self.request.path, self.request.run_all, self.texts)
        self._kind = load_class(loader, self.request.name)[1]
        self._patcher = Patcher(self.texts, loader.list_modules())
        self.known = attempt(lambda: self._list_wrong(self._kind)).value or frozenset()

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return what these checks find wrong with this text of a file, None if not less."""
        left: frozenset[str] | None = attempt(lambda: self._list_left(path, text)).value
        return left if left is not None and left < self.known else None

    def _list_left(self, path: Path, text: str) -> frozenset[str]:
        try:
            with self._patcher.patch(path, text):
                return self._list_wrong(self._kind)
        except CannotPatchError:
            texts = {**self.texts, path: text}
            loader = Loader(self.request.path, self.request.run_all, texts)
            return self._list_wrong(load_class(loader, self.request.name)[1])

    def _list_wrong(self, kind: type | None) -> frozenset[str]:
        """Return what is wrong with a class: predict, loss, gradients, and what failed before."""
        assert kind is not None
        old = self.trial
        trial = Trial(kind, Subject(kind, *old.case.sizes), old.case)
        trial.form, trial.target = old.form, old.target
        outcomes = trial.call_methods(trial.t)
        judge, left = self._judge(trial, collect_values(outcomes))
        for check in self.checks:
            left |= list_wrong(list(check(trial, judge, outcomes)))
        return left

    def _judge(self, trial: Trial, theirs: dict[str, object]) -> tuple[Judge, frozenset[str]]:
        """Return the judge and the wrong core quantities, in the form with the fewest of them.

        Other forms than the net's own count only if predict is right in them.
        """
        forms = [f for f in FORMS if "predict" in theirs and f != trial.form]
        forms = [
            f for f in forms if matches("predict", theirs["predict"], get_reference(f, trial.case))
        ]
        found = [(form, *self._judge_form(form, trial, theirs)) for form in (trial.form, *forms)]
        trial.form, judge, wrong = min(found, key=lambda each: len(each[2]))
        return judge, wrong

    def _judge_form(
        self, form: Form, trial: Trial, theirs: dict[str, object]
    ) -> tuple[Judge, frozenset[str]]:
        judge = Judge(trial.case, theirs, get_reference(form, trial.case), form.head)
        expected = self._list_expected()
        return judge, frozenset(q for q in expected if q not in theirs or not is_right(q, judge))

    def _list_expected(self) -> list[str]:
        """Return the core quantities that the net has to give."""
        subject = self.trial.subject
        keys = PARAMS if subject.has("gradient") else ()
        return [*(q for q in ("predict", "loss") if subject.has(q)), *keys]


def make_screen(
    request: Request, trial: Trial | None, wrong: frozenset[str], texts: Texts
) -> Screen | None:
    """Return a screen for what is wrong with a net, None where it finds nothing of that."""
    if trial is None:
        return None
    checks = list(dict.fromkeys(check for name, check in CHECKS.items() if name in wrong))
    screen = Screen(request, texts, trial, checks)
    return screen if screen.known else None
