"""The bench a net is put on: its weights set, its quantities taken, its loss differentiated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.attempts import Outcome, attempt
from trainer.checker.comparing import CLOSE, as_array, error
from trainer.checker.explaining import QUANTITIES, Case
from trainer.checker.judging import Judge
from trainer.checker.names import PARAMS
from trainer.checker.reference import FORMS, Form, get_reference
from trainer.checker.subject import Subject

Run = dict[str, Outcome]  # predict, loss, gradient
ONE_HOT, LABELS = "one-hot rows", "labels"
MOST = 300  # elements of a parameter whose derivative is taken


def silent(_quantity: str) -> None:
    """Nobody wants to know what is under way."""


@dataclass
class Bench:
    """A net and the case it is given; form and target are settled once it has been run."""

    kind: type
    subject: Subject
    case: Case
    progress: Callable[[str], None] = silent
    form: Form = FORMS[0]
    target: str = ONE_HOT
    targets: dict[str, Array] = field(init=False)

    def __post_init__(self) -> None:
        self.targets = {ONE_HOT: self.case.t, LABELS: self.case.t.argmax(axis=1)}
        self.reset()
        stored = self.subject.weights.get()
        if not same(stored, self.case.weights):  # their dtype holds others
            self.case = Case(stored, self.case.x, self.case.t)

    @property
    def t(self) -> Array:
        """The targets in the form the net takes."""
        return self.targets[self.target]

    @property
    def other(self) -> str:
        """The other form of targets."""
        return LABELS if self.target == ONE_HOT else ONE_HOT

    def right(self) -> dict[str, Any]:
        """The right numbers."""
        return get_reference(self.form, self.case)

    def reset(self, case: Case | None = None) -> None:
        """Give the net the weights of the case again, or of another."""
        with np.errstate(all="ignore"):
            self.subject.weights.set((case or self.case).weights)

    def anew(self, reg: float = 0.0) -> Subject:
        """Another instance of the class."""
        return Subject(self.kind, self.subject.D, self.subject.H, self.subject.C, reg)

    def run(self, t: Array) -> Run:
        """predict, loss and gradient, each on fresh weights."""
        subject, made = self.subject, {}
        steps: dict[str, Callable[..., Any]] = {}
        if subject.has("predict") or subject.gives_both():
            steps["predict"] = lambda x, _t: subject.predict(x)
        if subject.has("loss"):
            steps["loss"] = subject.loss
        if subject.has("gradient"):
            steps["gradient"] = subject.gradient
        for quantity, step in steps.items():
            self.progress(quantity)
            self.reset()
            made[quantity] = attempt(step, self.case.x, t)
            if not same(subject.weights.get(), self.case.weights):
                made[quantity].wrote.append("the weights")
        if subject.no_loss:
            del made["loss"]
        self.reset()
        return made

    def restless(self) -> bool:
        """Whether predict gives another output each time."""
        if not self.subject.has("predict"):
            return False
        first, second = (attempt(self.subject.predict, self.case.x) for _ in range(2))
        if first.error or second.error or first.wrote:
            return False
        return as_array(first.value) is not None and error(second.value, first.value) > CLOSE

    def differences(
        self, keys: list[str], sided: bool = False, h: float = 1e-4
    ) -> dict[str, Array]:
        """Central (or one-sided) differences of their own loss; none where it cannot be had."""
        made: dict[str, Array] = {}

        def take() -> None:
            for key in keys:
                if self.case.weights[key].size <= MOST:
                    made[key] = self._difference(key, sided, h)

        outcome = attempt(take)
        self.reset()
        return {} if outcome.error else made

    def _difference(self, key: str, sided: bool, h: float) -> Array:
        weights = {k: v.copy() for k, v in self.case.weights.items()}
        moved, grad = weights[key], np.zeros_like(weights[key])
        for i in np.ndindex(grad.shape):
            value = moved[i]
            moved[i] = value + h
            above = self._loss_at(weights)
            moved[i] = value if sided else value - h
            grad[i] = (above - self._loss_at(weights)) / (h if sided else 2 * h)
            moved[i] = value
        return grad

    def _loss_at(self, weights: dict[str, Array]) -> float:
        self.subject.weights.set(weights)
        return float(np.reshape(self.subject.loss(self.case.x.copy(), self.t.copy()), ()))

    def own_derivative(self, grads: dict[str, Any], judge: Judge) -> dict[str, Array]:
        """The derivative of their own loss, for the gradients that are not right."""
        wrong = [k for k in PARAMS if k in grads and error(grads[k], judge.get_expected(k)) > CLOSE]
        return self.differences(wrong) if wrong and self.subject.has("loss") else {}


def values(run: Run) -> dict[str, Any]:
    """Their quantities by name, gradients by W1 … b2, without those that raised."""
    made = {q: o.value for q, o in run.items() if not o.error and q != "gradient"}
    gradient = run.get("gradient")
    if gradient and not gradient.error and gradient.value:
        made |= gradient.value
    return {q: made[q] for q in QUANTITIES if q in made}


def same(a: dict[str, Array], b: dict[str, Array], tolerance: float = 0.0) -> bool:
    """Whether two sets of weights are equal."""
    return all(np.abs(a[k] - b[k]).max(initial=0.0) <= tolerance for k in b)
