"""Judges predict, loss and gradient: right, right with a note, or different and why."""

from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import PARAMS
from trainer.checker.findings.comparing import (
    CLOSE,
    EXACT,
    FLOAT32,
    Finding,
    Verdict,
    as_array,
    compute_error,
    describe_difference,
)
from trainer.checker.findings.descriptions import append_mistake
from trainer.checker.measure.causes import describe_cause
from trainer.checker.measure.explaining import Case, Numbers, Pair, explain_difference, matches
from trainer.common.language import N_, join_clauses
from trainer.common.language import translate as _

Other = tuple[Case, dict[str, Any], Numbers]  # a case, the net's values on it, and the right ones
Causes = dict[str, tuple[str, str]]  # quantity → (slug, name of the factor)
OWN_DERIVATIVE = N_("the derivative of the net's own loss")
EPSILONS = [10.0**-k for k in range(2, 16)]


class Judge:
    """The comparison of their numbers with the right ones.

    scale is the factor by which both their loss and their gradient exceed the right ones. others
    are the same numbers on other inputs: a reason for a difference must hold there too.
    """

    def __init__(self, case: Case, theirs: dict[str, Any], right: Numbers, head: str):
        self.case, self.theirs, self.right, self.head = case, theirs, right, head
        self.N = len(case.x)
        self.notes: list[Finding] = []
        self.others: list[Other] = []
        self.scale = 1.0
        self._keys = [k for k in PARAMS if k in theirs]
        loss = as_array(theirs.get("loss"))
        if loss is not None and loss.size == 1 and np.isfinite(loss).all() and self._keys:
            self._settle_scale(float(loss.reshape(())))
            if self.scale == 1.0:
                self._settle_penalty(float(loss.reshape(())))
        elif "loss" not in theirs and "squared" in head and len(self._keys) == len(PARAMS):
            self._settle_factor()

    def _settle_scale(self, loss: float) -> None:
        """Accept a loss and a gradient that are the same positive multiple of the right ones."""
        ratio = loss / self.right["loss"]
        is_sum = compute_error(ratio, self.N) < CLOSE
        # 0 and −1 times are mistakes.
        is_multiple = ratio > CLOSE and compute_error(ratio, 1.0) > CLOSE
        if is_multiple and (is_sum or "squared" in self.head) and all(
            compute_error(self.theirs[k], ratio * self.right[k]) <= CLOSE for k in self._keys
        ):  # fmt: skip
            self.scale = ratio
            message = _(
                "the loss is {ratio} times the mean over the batch of ½ Σ (y − t)², and the "
                "gradient is its derivative"
            ).format(ratio=f"{ratio:.4g}")
            if is_sum:
                message = _(
                    "the loss is the sum over the batch, and the gradient is its derivative"
                )
            self._note("loss", message, "loss-sum" if is_sum else None)

    def _settle_factor(self) -> None:
        """Accept the gradient of another mean of squares, where there is no loss to compare."""
        C = self.case.sizes[2]
        for factor in {2.0, 1 / C, 2 / C} - {1.0}:
            if all(
                compute_error(self.theirs[k], factor * self.right[k]) <= CLOSE for k in self._keys
            ):
                self.scale = factor
                message = _("it is that of {factor} times the mean over the batch of ½ Σ (y − t)²")
                self._note("gradient", message.format(factor=f"{factor:.4g}"))

    def _settle_penalty(self, loss: float) -> None:
        """Accept a penalty in the loss if it is in the gradient too and nothing else is wrong."""
        if all(compute_error(self.theirs[k], self.right[k]) <= CLOSE for k in self._keys):
            return  # What the loss has more or less is then an epsilon in its logarithm.
        extra = loss - self.right["loss"]
        for keys in (("W1", "W2"), PARAMS):
            c = extra / sum(float((self.case.weights[k] ** 2).sum()) for k in keys)
            want = {k: self.right[k] + 2 * c * self.case.weights[k] * (k in keys) for k in PARAMS}
            if compute_error(loss, self.right["loss"]) > CLOSE and all(
                compute_error(self.theirs[k], want[k]) <= CLOSE for k in self._keys
            ):
                self.right = {**self.right, **want, "loss": loss}
                message = _("includes a penalty of {factor} ‖W‖²")
                if c <= 0:
                    message = _(
                        "includes a penalty of {factor} ‖W‖²: a penalty must not be negative"
                    )
                verdict: Verdict = "note" if c > 0 else "differs"
                self.notes.append(Finding("loss", verdict, message.format(factor=f"{c:.4g}")))
                return

    def _note(self, quantity: str, message: str, cause: str | None = None) -> None:
        """Add a note, unless one with the same cause exists."""
        if cause is None or all(note.cause != cause for note in self.notes):
            self.notes.append(Finding(quantity, "note", message, cause))

    def _accept_float32(self, quantity: str) -> Finding:
        self._note(quantity, _("right to the precision of float32 only"), "float32-inside")
        return Finding(quantity, "ok")

    def get_expected(self, quantity: str) -> Any:
        """Return the right value of the loss or of a gradient in their scale."""
        return self.scale * self.right[quantity]

    def is_loss_right(self) -> bool:
        """Return whether the loss is right, or right but for an epsilon or float32."""
        notes = [*self.notes]
        is_right = self._accept_loss() is not None
        self.notes = notes  # to ask says nothing: the other inputs may not be known yet
        return is_right

    def is_loss_exact(self) -> bool:
        """Return whether the loss is right to the last digits, or there is none."""
        array = as_array(self.theirs.get("loss"))
        if array is None or array.size != 1:
            return True
        want = float(self.get_expected("loss"))
        return compute_error(array, want) <= EXACT

    def judge_predict(self, causes: Causes) -> Finding:
        """Return the finding on predict, which may give probabilities, scores or class labels."""
        got = self.theirs["predict"]
        if matches("predict", got, self.right, EXACT):
            return Finding("predict", "ok")
        if matches("predict", got, self.right, FLOAT32):
            return self._accept_float32("predict")
        return self._explain("predict", got, self._expect_outputs(got, self.right), causes)

    def _expect_outputs(self, got: object, right: Numbers) -> Any:
        """Return the expected class labels, probabilities or scores, whichever got seems to be."""
        want, array = right["y"], as_array(got)
        if array is not None and array.shape == (len(want),):
            return want.argmax(axis=1)
        if array is not None and array.shape == want.shape and "cross" in self.head:
            are_probabilities = (array >= 0).all() and (array <= 1).all()
            # The rows of a multiple of probabilities have one sum.
            sums = array.sum(axis=1)
            is_multiple = compute_error(sums, np.full_like(sums, sums.mean())) <= CLOSE
            return want if are_probabilities or is_multiple else right["a2"]
        return want

    def judge_loss(self, causes: Causes) -> Finding:
        """Return the finding on the loss, which must be a single number."""
        if finding := self._accept_loss():
            return finding
        got, want = self.theirs["loss"], np.float64(self.get_expected("loss"))
        array = as_array(got)
        if array is None or array.size != 1:
            return self._explain("loss", got, want, causes)
        return self._explain("loss", float(array.reshape(())), want, causes)

    def _accept_loss(self) -> Finding | None:
        """Return the finding on a right loss, with a note for an epsilon or float32."""
        want, array = float(self.get_expected("loss")), as_array(self.theirs["loss"])
        if array is None or array.size != 1:
            return None
        value = float(array.reshape(()))
        if self.is_loss_exact():
            return Finding("loss", "ok")
        if epsilon := self._find_epsilon(value):
            message = _("the loss uses log(y + {epsilon}), but the gradient is that of log y")
            message = message.format(epsilon=f"{epsilon:.0e}")
            self._note("loss", message, "loss-log-epsilon")
            return Finding("loss", "ok")
        return self._accept_float32("loss") if compute_error(value, want) <= CLOSE else None

    def _find_epsilon(self, value: float) -> float | None:
        """Return the ε for which −Σ t log(y + ε) is their loss, here and on the other inputs."""
        if "cross" not in self.head:
            return None
        others = self.others if self.scale == 1.0 else []  # which a factor would change too
        for epsilon in EPSILONS:
            want, shift = self._add_epsilon(epsilon, self.case, self.right)
            is_here = abs(value - want) <= max(0.01 * shift, 1e-14) and shift > 1e-13
            if is_here and all(self._has_epsilon(epsilon, *other) for other in others):
                return epsilon
        return None

    def _add_epsilon(self, epsilon: float, case: Case, right: Numbers) -> tuple[float, float]:
        """Return the loss with ε in the logarithm, and how far that is from the one without."""
        terms = case.t * np.log(right["y"] + epsilon)
        if "binary" in self.head:
            terms += (1 - case.t) * np.log(1 - right["y"] + epsilon)
        want = -self.scale * float(terms.sum()) / len(case.x)
        return want, abs(want - self.scale * float(right["loss"]))

    def _has_epsilon(
        self, epsilon: float, case: Case, theirs: dict[str, Any], right: Numbers
    ) -> bool:
        value = as_array(theirs["loss"]) if theirs.get("loss") is not None else None
        if value is None or value.size != 1:
            return True  # what is not there speaks against nothing
        want, shift = self._add_epsilon(epsilon, case, right)
        return abs(float(value.reshape(())) - want) <= max(0.01 * shift, 1e-14)

    def judge_gradient(self, causes: Causes, numeric: dict[str, Array]) -> list[Finding]:
        """Return a finding for each parameter.

        numeric holds the derivative of their own loss, for the parameters where it is known.
        """
        return [self._judge_parameter(key, causes, numeric.get(key)) for key in PARAMS]

    def _judge_parameter(self, key: str, causes: Causes, numeric: Array | None) -> Finding:
        name = f"gradient {key}"
        if key not in self.theirs:
            message = _("gradient returns no {name}").format(name=key)
            return Finding(name, "differs", message, "unfinished")
        got, want = self.theirs[key], self.get_expected(key)
        if compute_error(got, want) <= CLOSE:
            return Finding(name, "ok")
        if compute_error(got, want) <= FLOAT32 and getattr(got, "dtype", None) != np.float64:
            return self._accept_float32(name)
        finding = self._explain(key, got, want, causes)
        if numeric is not None:
            is_own = compute_error(got, numeric) <= FLOAT32
            message = _("{message}; it is not the derivative of the net's own loss")
            if is_own:
                message = _("{message}; it is the derivative of the net's own loss")
            finding.message = message.format(message=finding.message)
            finding.credit = _(OWN_DERIVATIVE) if is_own and np.abs(numeric).max() > CLOSE else ""
        return finding

    def _explain(self, key: str, got: object, want: Any, causes: Causes) -> Finding:
        """Return the finding on a quantity that differs, with its cause if one is known."""
        name = f"gradient {key}" if key in PARAMS else key
        if got is None:
            message = _("is None") if key in PARAMS else _("returns None")
            return Finding(name, "differs", message, "unfinished")
        message = describe_difference(got, want)
        if key in causes:
            slug = causes[key][0]
            message = describe_cause(message, key, causes[key], self.N)
            return Finding(name, "differs", message, slug)
        pairs = self._list_pairs(key, got, want)
        if not pairs:
            return Finding(name, "differs", message)
        cause, relation = explain_difference(key, pairs, self.case.sizes[2])
        message = join_clauses([message, relation]) if relation else message
        message = append_mistake(message, cause) if cause else message
        return Finding(name, "differs", message, cause, is_explained=bool(relation))

    def _list_pairs(self, key: str, got: object, want: Any) -> list[Pair]:
        """Return got and the same quantity on other inputs, [] where got cannot be compared."""
        values = [(got, want, self.N)]
        for case, theirs, right in self.others:
            if key == "predict" and key in theirs:
                values.append((theirs[key], self._expect_outputs(theirs[key], right), len(case.x)))
            elif key in theirs:
                values.append((theirs[key], right[key], len(case.x)))
        pairs = [_make_pair(*value) for value in values]
        return [pair for pair in pairs if pair] if pairs[0] else []


def _make_pair(got: object, want: Any, N: int) -> Pair | None:
    """Return two arrays without axes of length 1, None where they cannot be compared."""
    array, wanted = as_array(got), np.asarray(want, dtype=np.float64)
    if array is None or not np.isfinite(array).all() or array.size != wanted.size:
        return None
    return Pair(np.squeeze(array), np.squeeze(wanted), N)
