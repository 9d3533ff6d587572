"""Looks at changed sources quickly, so that only changes that help are checked in full."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS
from trainer.checker.adapt.subject import Subject
from trainer.checker.check_file import load_class
from trainer.checker.diagnose.patching import CannotPatchError, Patcher, Texts
from trainer.checker.diagnose.verifying import Request, is_less_wrong, list_passed, list_wrong
from trainer.checker.findings.comparing import SINGLE, Finding
from trainer.checker.load.loading import Loader
from trainer.checker.measure.accuracy import check_accuracy
from trainer.checker.measure.book_functions import CHECKS as FUNCTIONS
from trainer.checker.measure.book_functions import check_functions
from trainer.checker.measure.choosing import is_right
from trainer.checker.measure.constructing import build_subject, check_construction
from trainer.checker.measure.edges import check_edges
from trainer.checker.measure.explaining import matches
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.numerical import NAME, check_numerical
from trainer.checker.measure.penalty import check_penalty
from trainer.checker.measure.reference import FORMS, Form, get_reference
from trainer.checker.measure.training import check_training
from trainer.checker.measure.trial import Outcomes, Trial, collect_values
from trainer.checker.parts.checking import check_part
from trainer.checker.shapes.adapting import find_names
from trainer.checker.shapes.registry import list_parts
from trainer.checker.shapes.shape import Part

Check = Callable[[Trial, Judge, Outcomes], Iterator[Finding]]
# The checks beside the core, by the quantities that they report.
CHECKS: dict[str, Check] = {
    "accuracy": lambda trial, judge, outcomes: check_accuracy(trial),
    NAME: lambda trial, judge, outcomes: check_numerical(trial, judge),
    "inputs": check_edges,
    "gradient": check_edges,
    "train": lambda trial, judge, outcomes: check_training(trial),
    **dict.fromkeys((f"gradient {k}" for k in PARAMS), lambda trial, *_: check_penalty(trial)),
}
LAST = {CHECKS["inputs"], CHECKS["gradient W1"]}  # they tell nothing of a net that is wrong anyway


class Changed:
    """The class of a net in some texts, with the text of one file changed for a while.

    names are those of the texts, and now those of the changed one.
    """

    def __init__(self, request: Request, texts: Texts):
        self._request, self._texts = request, texts
        loader = Loader(request.path, request.run_all, texts)
        self.names, self.kind = load_class(loader, request.name)
        self.now = self.names
        self._found = find_names(loader, self.names, self.kind)
        self._patcher = Patcher(texts, loader.list_modules())

    @contextmanager
    def change(self, path: Path, text: str) -> Iterator[type | None]:
        """Give the class the code of another text of a file; yield it, or one loaded from that."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self._patcher.patch(path, text))
                kind = self.kind
            except CannotPatchError:
                texts = {**self._texts, path: text}
                loader = Loader(self._request.path, self._request.run_all, texts)
                self.now, kind = load_class(loader, self._request.name)
                stack.callback(setattr, self, "now", self.names)
            yield kind

    def list_parts(self) -> list[Part]:
        """Return the functions and layers of the file that are checked by themselves."""
        return list_parts(self._found)

    def check_parts(self, names: set[str]) -> list[Finding]:
        """Return the findings on functions and layers of these names, and on those of the book."""
        parts = (part for part in self.list_parts() if part.name in names)
        own = {name: self.now[name] for name in names if name in self.now}
        of_parts = (finding for part in parts for finding in check_part(part, {}, 0))
        return [*of_parts, *check_functions(own, set(own))]


@dataclass
class PartsScreen:
    """Functions or layers that are wrong by themselves, with their wrong quantities.

    heads are those that are wrong; the others of wrong use them, and could not be checked.
    """

    changed: Changed
    wrong: frozenset[str]
    heads: frozenset[str]

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return what is wrong with this text of a file, None if that is not less."""
        left: frozenset[str] | None = attempt(lambda: self._list_left(path, text)).value
        return left if left is not None and is_less_wrong(left, self.wrong) else None

    def _list_left(self, path: Path, text: str) -> frozenset[str]:
        """Return what is left; functions that use wrong ones are looked at last."""
        first = {quantity for quantity in self.wrong if quantity.split()[0] in self.heads}
        with self.changed.change(path, text):
            left = self._check(first)
            return left | (self.wrong - first) if left else self._check(set(self.wrong - first))

    def _check(self, wanted: set[str]) -> frozenset[str]:
        """Return which of these quantities, and of those beside them, are wrong now."""
        names = {quantity.split()[0] for quantity in wanted}
        findings = self.changed.check_parts(names)
        single = {finding.quantity for finding in findings if finding.topic == SINGLE}
        return frozenset(list_wrong(findings) | single | (wanted - list_passed(findings)))


@dataclass
class ConstructionScreen:
    """A net that cannot be built, or has not the weights of a two-layer net."""

    changed: Changed

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return that nothing is wrong if the net can be built with this text of a file."""
        return frozenset() if attempt(lambda: self._is_built(path, text)).value else None

    def _is_built(self, path: Path, text: str) -> bool:
        with self.changed.change(path, text) as kind:
            return (
                kind is not None and check_construction(kind, build_subject(kind)).verdict == "ok"
            )


@dataclass
class Screen:
    """The checks that a net fails, on the case and in the form of its trial.

    known is what these checks find wrong in the net as it is. takes_unknown tells that loss and
    gradient raise, so that the kind of targets that the net takes is not known, and keeps_head that
    a known mistake of the outputs shows what they are meant to be.
    """

    changed: Changed
    trial: Trial
    checks: list[Check]
    takes_unknown: bool
    keeps_head: bool = False
    known: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.known = attempt(lambda: self._list_wrong(self.changed.kind)).value or frozenset()

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return what these checks find wrong with this text of a file, None if not less."""
        left: frozenset[str] | None = attempt(lambda: self._list_left(path, text)).value
        return left if left is not None and left < self.known else None

    def _list_left(self, path: Path, text: str) -> frozenset[str]:
        with self.changed.change(path, text) as kind:
            left = self._list_wrong(kind)
            if self.takes_unknown and left:
                left = min(left, self._list_wrong(kind, self.trial.other_target), key=len)
            return left

    def _list_wrong(self, kind: type | None, target: str | None = None) -> frozenset[str]:
        """Return what is wrong with a class: predict, loss, gradients, and what failed before."""
        assert kind is not None
        old = self.trial
        trial = Trial(kind, Subject(kind, *old.case.sizes), old.case)
        trial.form, trial.target = old.form, target or old.target
        outcomes = trial.call_methods(trial.t)
        judge, left = self._judge(trial, collect_values(outcomes))
        for check in self.checks:
            if check in LAST and left and self.known:
                left |= self.known & {name for name, each in CHECKS.items() if each is check}
                continue
            findings = list(check(trial, judge, outcomes))
            left |= list_wrong(findings)
            if check is CHECKS["train"] and not findings:  # An unknown step is no fix.
                left |= {"train"}
        return left

    def _judge(self, trial: Trial, theirs: dict[str, object]) -> tuple[Judge, frozenset[str]]:
        """Return the judge and the wrong core quantities, in the form with the fewest of them.

        Other forms than the net's own count only if predict is right in them.
        """
        forms = [f for f in FORMS if "predict" in theirs and f != trial.form]
        forms = [f for f in forms if not self.keeps_head or f.head == trial.form.head]
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


class AnyScreen(Protocol):
    """A quick look at changed sources."""

    def find_left(self, path: Path, text: str) -> frozenset[str] | None:
        """Return what is wrong with this text of a file, None if that is not less."""


def make_screen(
    changed: Changed | None, trial: Trial | None, findings: list[Finding], heads: frozenset[str]
) -> AnyScreen | None:
    """Return a screen for what is wrong with a net, None where it finds nothing of that."""
    wrong = list_wrong(findings)
    if changed is None:
        return None
    names = {part.name for part in attempt(changed.list_parts).value or ()}
    names |= FUNCTIONS.keys() & changed.names.keys() if trial is None else set()
    in_parts = frozenset(q for q in wrong if q.split()[0] in names)
    if in_parts and in_parts == wrong:
        return PartsScreen(changed, in_parts, heads)
    if changed.kind is None:
        return None
    if trial is None:
        return ConstructionScreen(changed) if "construction" in wrong else None
    checks = list(dict.fromkeys(check for name, check in CHECKS.items() if name in wrong))
    keeps_head = any(f.quantity == "predict" and f.cause for f in findings)
    screen = Screen(changed, trial, checks, wrong >= {"loss", "gradient"}, keeps_head)
    return screen if screen.known else None
