"""Try one net on one case: call its methods, restore its weights, differentiate its loss."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.book.gradient import numerical_gradient
from trainer.checker.adapt.attempts import Outcome, attempt
from trainer.checker.adapt.subject import Subject, make_subject
from trainer.checker.findings.comparing import CLOSE, as_array, compute_error
from trainer.checker.measure.cases import make_other_cases
from trainer.checker.measure.explaining import QUANTITIES, Case
from trainer.checker.measure.reference import FORMS, Form, get_reference
from trainer.common.language import N_
from trainer.common.language import translate as _

Outcomes = dict[str, Outcome]  # of predict, loss and gradient
ONE_HOT, LABELS = N_("one-hot rows"), N_("labels")  # the kinds of targets
ONLY = {ONE_HOT: "one-hot-only", LABELS: "labels-only"}  # the cause where one kind is accepted
H = 1e-4  # the step of differences of the loss
MAX_ELEMENTS = 300  # Differences of a larger parameter would take too long.


def ignore_progress(_quantity: str) -> None:
    """Do nothing with the name of the quantity that is being checked."""


@dataclass
class Trial:
    """A net and its case; form and target, the kind of targets, are set after the first calls."""

    kind: type
    subject: Subject
    case: Case
    progress: Callable[[str], None] = ignore_progress
    form: Form = FORMS[0]
    target: str = ONE_HOT
    targets: dict[str, Array] = field(init=False)

    def __post_init__(self) -> None:
        self.targets = {ONE_HOT: self.case.t, LABELS: self.to_labels(self.case.t)}
        self.reset_weights()
        stored = self.subject.weights.get()
        if not are_equal(stored, self.case.weights):  # The net's dtype has rounded them.
            self.case = Case(stored, self.case.x, self.case.t)

    @property
    def t(self) -> Array:
        """The targets in the kind that the net takes: rows (N, C) or labels (N,)."""
        return self.targets[self.target]

    @property
    def other_target(self) -> str:
        """The kind of targets that the net does not take."""
        return LABELS if self.target == ONE_HOT else ONE_HOT

    @property
    def expected(self) -> dict[str, Any]:
        """The expected numbers of the case: a2, y, the loss, and the gradient by parameter."""
        return get_reference(self.form, self.case)

    def to_labels(self, rows: Array) -> Array:
        """Return labels (N,) for rows of targets (N, C): with one output they are the targets."""
        return rows[:, 0].astype(int) if self.case.sizes[2] == 1 else rows.argmax(axis=1)

    def name_targets(self, kind: str) -> str:
        """Return what to call targets of a kind, as this net takes them."""
        if self.case.sizes[2] == 1:
            shape = "(N,)" if kind == LABELS else "(1, N)" if self.takes_columns else "(N, 1)"
            return _("targets of shape {shape}").format(shape=shape)
        return _("one-hot columns") if kind == ONE_HOT and self.takes_columns else _(kind)

    @property
    def takes_columns(self) -> bool:
        """Whether the net, or the functions it was made of, take samples as columns."""
        return self.subject.columns or getattr(self.kind, "takes_columns", False)

    def reset_weights(self, weights: dict[str, Array] | None = None) -> None:
        """Set the net's weights, by default to those of the case."""
        with np.errstate(all="ignore"):
            self.subject.weights.set(weights or self.case.weights)

    def build_subject(self, reg: float = 0.0) -> Subject:
        """Build another instance of the net's class, with reg as the strength of its penalty."""
        return make_subject(self.kind, self.subject.D, self.subject.H, self.subject.C, reg)

    def call_methods(self, t: Array) -> Outcomes:
        """Call predict, loss and gradient where they exist, each on the weights of the case."""
        subject, outcomes = self.subject, {}
        for quantity in ("predict", "loss", "gradient"):
            if not (subject.has(quantity) or (quantity == "predict" and subject.gives_both())):
                continue
            self.progress(quantity)
            self.reset_weights()
            arrays = (self.case.x,) if quantity == "predict" else (self.case.x, t)
            outcomes[quantity] = attempt(getattr(subject, quantity), *arrays)
            if not are_equal(subject.weights.get(), self.case.weights):
                outcomes[quantity].wrote.append(_("the weights"))
        if subject.no_loss:
            del outcomes["loss"]
        self.reset_weights()
        return outcomes

    def call_with_each_target(self) -> dict[str, Outcomes]:
        """Return what the methods give with each kind of targets."""
        return {target: self.call_methods(t) for target, t in self.targets.items()}

    def call_elsewhere(self) -> list[tuple[Case, dict[str, Any], dict[str, Any]]]:
        """Return other cases, one of fewer samples, with the net's values and the right ones."""
        found = []
        for case in make_other_cases(self.case.sizes):
            outcome = attempt(lambda case=case: Trial(self.kind, self.build_subject(), case))
            if not outcome.error:
                other: Trial = outcome.value
                other.form, other.target = self.form, self.target
                values = collect_values(other.call_methods(other.t))
                found.append((other.case, values, other.expected))
        return found

    def is_random(self) -> bool:
        """Return whether two calls of predict return different outputs for the same x."""
        if not self.subject.has("predict"):
            return False
        first, second = (attempt(self.subject.predict, self.case.x) for _ in range(2))
        comparable = not second.error and not first.wrote and as_array(first.value) is not None
        return comparable and compute_error(second.value, first.value) > CLOSE

    def differentiate_loss(
        self, keys: list[str], one_sided: bool = False, h: float = H
    ) -> dict[str, Array]:
        """Return central or one-sided differences of the net's own loss, by parameter.

        Left out are parameters of more than MAX_ELEMENTS, differences of the usual step that
        another one changes, which are mostly rounding errors, and all of them if the loss fails.
        """
        small = [key for key in keys if self.case.weights[key].size <= MAX_ELEMENTS]
        outcome = attempt(lambda: {key: self._differentiate(key, one_sided, h) for key in small})
        found = outcome.value or {}
        if not one_sided and h == H:
            found = {key: grad for key, grad in found.items() if self._is_settled(key, grad)}
        self.reset_weights()
        return found

    def is_small(self) -> bool:
        """Return whether the loss can be differentiated by each weight."""
        has_loss = (
            self.subject.has("loss") and not attempt(self.subject.loss, self.case.x, self.t).error
        )
        return has_loss and any(w.size <= MAX_ELEMENTS for w in self.case.weights.values())

    def _is_settled(self, key: str, grad: Array) -> bool:
        """Return whether differences of twice the step are the same."""
        wider = attempt(lambda: self._differentiate(key, False, 2 * H)).value
        return compute_error(wider, grad) <= CLOSE

    def _differentiate(self, key: str, one_sided: bool, h: float) -> Array:
        start = self.case.weights[key]

        def compute_loss(point: Array) -> float:
            # Without its lower point, a central difference is half the one-sided difference.
            point = np.maximum(point, start) if one_sided else point
            self.subject.weights.set(self.case.weights | {key: point})
            return float(np.reshape(self.subject.loss(self.case.x.copy(), self.t.copy()), ()))

        return numerical_gradient(compute_loss, start, h) * (2 if one_sided else 1)


def collect_values(outcomes: Outcomes) -> dict[str, Any]:
    """Return what was computed: predict, loss and the gradient by parameter, none that raised."""
    values = {quantity: o.value for quantity, o in outcomes.items() if not o.error}
    values |= values.pop("gradient", None) or {}
    return {q: values[q] for q in QUANTITIES if q in values}


def are_equal(a: dict[str, Array], b: dict[str, Array], tolerance: float = 0.0) -> bool:
    """Return whether the weights of b are those of a, to an absolute tolerance."""
    return all(
        a[k].shape == b[k].shape and np.abs(a[k] - b[k]).max(initial=0.0) <= tolerance for k in b
    )
