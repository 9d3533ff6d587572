"""Verdicts on predict, loss and gradient: ok, a note, or differs and why."""

from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.comparing import (
    CLOSE,
    EXACT,
    FLOAT32,
    Finding,
    as_array,
    compute_error,
    describe_difference,
)
from trainer.checker.explaining import Case, by_constant, matches
from trainer.checker.names import PARAMS
from trainer.checker.telling import told_of

Causes = dict[str, tuple[str, str]]  # quantity → slug, and by what factor
EPSILONS = [10.0**-k for k in range(2, 16)]


class Judge:
    """Holds their numbers against the right ones; causes says which mistake gives which.

    scale: what both their loss and their gradient are times the right ones.
    """

    def __init__(self, case: Case, theirs: dict[str, Any], right: dict[str, Any], head: str):
        self.case, self.theirs, self.right, self.head = case, theirs, right, head
        self.N = len(case.x)
        self.notes: list[Finding] = []
        self.scale = 1.0
        self._settle_scale()
        if self.scale == 1.0:
            self._settle_penalty()

    def _grad_keys(self) -> list[str]:
        return [k for k in PARAMS if k in self.theirs]

    def _settle_scale(self) -> None:
        loss = as_array(self.theirs.get("loss"))
        if loss is None or loss.size != 1 or not self._grad_keys():
            return
        ratio = float(loss.reshape(())) / self.right["loss"]
        allowed = abs(ratio / self.N - 1) < CLOSE or "cross" not in self.head
        if abs(ratio - 1) > CLOSE and allowed and all(
            compute_error(self.theirs[k], ratio * self.right[k]) <= CLOSE for k in self._grad_keys()
        ):  # fmt: skip
            self.scale = ratio
            name = "the sum over the batch" if abs(ratio / self.N - 1) < CLOSE else (
                f"{ratio:.4g} times the mean over the batch of ½ Σ (y − t)²"
            )  # fmt: skip
            cause = "loss-sum" if "sum" in name else None
            message = f"the loss is {name}, and the gradient is its own"
            self.notes.append(Finding("loss", "note", message, cause))

    def _settle_penalty(self) -> None:
        """A penalty in loss and gradient alike, where nothing else is wrong."""
        loss = as_array(self.theirs.get("loss"))
        if loss is None or loss.size != 1:
            return
        extra = float(loss.reshape(())) - self.right["loss"]
        for keys in (("W1", "W2"), PARAMS):
            c = extra / sum(float((self.case.weights[k] ** 2).sum()) for k in keys)
            wanted = {k: self.right[k] + 2 * c * self.case.weights[k] * (k in keys) for k in PARAMS}
            given = self._grad_keys()
            if (
                abs(extra) > 1e-6
                and given
                and all(compute_error(self.theirs[k], wanted[k]) <= CLOSE for k in given)
            ):
                self.right = {**self.right, **wanted, "loss": float(loss.reshape(()))}
                self.notes.append(Finding("loss", "note", f"holds a penalty of {c:.4g} ‖W‖²"))
                return

    def want(self, quantity: str) -> Any:
        """The right value in their scale."""
        return self.scale * self.right[quantity]

    def loss_is_right(self) -> bool:
        """Whether the loss is right, or right but for an epsilon or float32."""
        return self.loss({}).verdict == "ok"

    def predict(self, causes: Causes) -> Finding:
        """Probabilities, scores or class labels."""
        got = self.theirs["predict"]
        if got is None:
            return Finding("predict", "differs", "returns None", "unfinished")
        if matches("predict", got, self.right, EXACT):
            return Finding("predict", "ok")
        if matches("predict", got, self.right, FLOAT32):
            self._note_precision("predict")
            return Finding("predict", "ok")
        y = self.right["y"]
        array = as_array(got)
        want = y.argmax(axis=1) if array is not None and array.shape == (self.N,) else y
        if array is not None and array.shape == y.shape and "cross" in self.head:
            likely = (array >= 0).all() and (array <= 1).all()
            want = y if likely else self.right["a2"]
        return self._differs("predict", got, want, causes)

    def _note_precision(self, quantity: str) -> None:
        message = "right to the precision of float32 only"
        if not any(n.cause == "float32-inside" for n in self.notes):
            self.notes.append(Finding(quantity, "note", message, "float32-inside"))

    def loss(self, causes: Causes) -> Finding:
        """A single number."""
        got = self.theirs["loss"]
        if got is None:
            return Finding("loss", "differs", "returns None", "unfinished")
        array = as_array(got)
        if array is None or array.size != 1:
            return self._differs("loss", got, self.want("loss"), causes)
        value = float(array.reshape(()))
        want = float(self.want("loss"))
        if abs(value - want) <= EXACT * abs(want):
            return Finding("loss", "ok")
        epsilon = self._epsilon(value)
        if epsilon:
            message = f"the logarithm is of y + {epsilon:.0e}: the gradient is of log y"
            if not any(n.cause == "loss-log-epsilon" for n in self.notes):
                self.notes.append(Finding("loss", "note", message, "loss-log-epsilon"))
            return Finding("loss", "ok")
        if abs(value - want) <= CLOSE * abs(want):
            if abs(value - want) > 1e-7 * abs(want):
                self._note_precision("loss")
            return Finding("loss", "ok")
        return self._differs("loss", value, np.float64(want), causes)

    def _epsilon(self, value: float) -> float | None:
        """The ε of −Σ t log(y + ε), where that is their loss."""
        if "cross" not in self.head:
            return None
        y, t = self.right["y"], self.case.t
        for epsilon in EPSILONS:
            want = -self.scale * float((t * np.log(y + epsilon)).sum()) / self.N
            shift = abs(want - float(self.want("loss")))
            if abs(value - want) <= max(0.01 * shift, 1e-14) and shift > 1e-13:
                return epsilon
        return None

    def gradient(self, causes: Causes, numeric: dict[str, Array]) -> list[Finding]:
        """A finding a parameter; numeric is the derivative of their own loss, where known."""
        findings = []
        for key in PARAMS:
            name = f"gradient {key}"
            if key not in self.theirs:
                findings.append(
                    Finding(
                        name, "differs", f"is not among what gradient gives: no {key}", "unfinished"
                    )
                )
                continue
            got, want = self.theirs[key], self.want(key)
            if compute_error(got, want) <= CLOSE:
                findings.append(Finding(name, "ok"))
            elif compute_error(got, want) <= FLOAT32 and getattr(got, "dtype", None) != np.float64:
                self._note_precision(name)
                findings.append(Finding(name, "ok"))
            else:
                finding = self._differs(key, got, want, causes)
                if key in numeric:
                    own = compute_error(got, numeric[key]) <= 10 * CLOSE
                    finding.message += "; it is " + ("" if own else "not ") + (
                        "the derivative of the net's own loss"
                    )  # fmt: skip
                findings.append(finding)
        return findings

    def _differs(self, key: str, got: Any, want: Any, causes: Causes) -> Finding:
        name = f"gradient {key}" if key in PARAMS else key
        shown = f"grads['{key}']" if key in PARAMS else key
        if got is None:
            return Finding(name, "differs", "is None", "unfinished")
        message = describe_difference(got, want)
        if key in causes:
            slug, times = causes[key]
            times = {"1": ""}.get(times, f"{times} times ")
            if times.startswith("with "):
                other = times.split()[1]
                message += f"; two mistakes at once, the other being that {told_of(other)}"
                times = ""
            told = f"{shown} is {times}what you get when {told_of(slug)}"
            return Finding(name, "differs", f"{message}; {told}", slug)
        array = as_array(got)
        if array is None or not np.isfinite(array).all() or array.size != np.size(want):
            return Finding(name, "differs", message)
        slug_or_none, text = by_constant(key, np.squeeze(array), np.squeeze(want), self.N)
        told = f"{text}: {told_of(slug_or_none)}" if slug_or_none else text
        return Finding(name, "differs", f"{message}; {told}", slug_or_none)
