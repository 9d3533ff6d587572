"""Compares the numbers of a changed net that were right with those it had: a fix keeps them."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.subject import make_subject
from trainer.checker.diagnose.part_locating import run_part
from trainer.checker.diagnose.screening import Changed
from trainer.checker.findings.comparing import CLOSE, compute_error
from trainer.checker.measure.trial import Trial, collect_values
from trainer.checker.parts.checking import get_rule

PENALTY = 0.1  # the strength of a weight penalty, where the net has one


class Kept:
    """The numbers of a net that are not wrong, with a weight penalty where the net has one.

    right are the quantities that were found right: the gradients of autograd are not looked at.
    If only the penalty is wrong (is_penalty), nobody knows where: numbers without it are kept.
    """

    def __init__(
        self, changed: Changed, trial: Trial, wrong: frozenset[str], right: frozenset[str],
        is_penalty: bool,
    ):  # fmt: skip
        self._changed, self._trial, self._is_penalty = changed, trial, is_penalty
        self._wrong = {quantity.split()[-1] for quantity in wrong}
        made = attempt(lambda: self._compute(changed.kind)).value
        values: dict[str, Any] = made[0] if made else {}
        self._has_penalty: dict[str, bool] = made[1] if made else {}
        known = {quantity.split()[-1] for quantity in right} - self._wrong
        self._right = {q: v for q, v in values.items() if q in known}

    def is_kept(self, path: Path, text: str) -> bool:
        """Return whether this text of a file leaves these numbers as they are.

        A change of the loss may make a wrong gradient its derivative, and is no mending of it.
        Nor is one that takes the penalty away, or leaves it in the loss or the gradient alone.
        """
        return bool(attempt(lambda: self._is_kept(path, text)).value)

    def _is_kept(self, path: Path, text: str) -> bool:
        with self._changed.change(path, text) as kind:
            now, has_penalty = self._compute(kind)
        seen = {*self._has_penalty.values(), *has_penalty.values()}
        is_touched = self._is_penalty or bool(self._wrong & has_penalty.keys())
        may_differ = has_penalty == self._has_penalty and not is_touched
        if True in seen and not all(has_penalty.values()) and not may_differ:
            return False
        return _has_values(now, self._right)

    def _compute(self, kind: type | None) -> tuple[dict[str, Any], dict[str, bool]]:
        """Return the numbers that a change has to keep, and which of loss, W1 and W2 depend on a
        penalty. Where the mistake is in the penalty, those without one are to be kept.
        """
        assert kind is not None
        values, without = (self._call(kind, reg) for reg in (PENALTY, 0.0))
        keys = [key for key in ("loss", "W1", "W2") if key in values and key in without]
        return without if self._is_penalty else values, {
            key: CLOSE < compute_error(values[key], without[key]) < np.inf for key in keys
        }

    def _call(self, kind: type, reg: float) -> dict[str, Any]:
        old = self._trial
        trial = Trial(kind, make_subject(kind, *old.case.sizes, reg), old.case)
        trial.form, trial.target = old.form, old.target
        return collect_values(trial.call_methods(trial.t))


class KeptParts:
    """The results of functions and layers that were found right, but for those that train: theirs
    depend on what else the file holds.
    """

    def __init__(self, changed: Changed, right: Collection[str]):
        self._changed, self._right = changed, right
        self._values = self._compute()

    def is_kept(self, path: Path, text: str) -> bool:
        """Return whether this text of a file leaves these results as they are.

        To make a right loss a sum is no fix of a gradient that is a sum.
        """
        with self._changed.change(path, text):
            now = self._compute()
        return _has_values(now, self._values)

    def _compute(self) -> dict[str, Any]:
        names = {quantity.split()[0] for quantity in self._right}
        parts = [part for part in self._changed.list_parts() if part.name in names]
        kept = (part for part in parts if not get_rule(part).is_relative)
        values = {
            f"{part.name} {label}".strip(): value
            for part in kept
            for label, value in run_part(part)[1].items()
        }
        return {quantity: value for quantity, value in values.items() if quantity in self._right}


def _has_values(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Return whether all values of before are the same now."""
    return all(q in now and compute_error(now[q], value) <= CLOSE for q, value in before.items())
