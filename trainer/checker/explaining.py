"""Which mistake of trainer/mistakes.py gives the numbers that a net gave."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from trainer.auditing.mistakes import MISTAKES
from trainer.auditing.plant import plant
from trainer.book.functions import Array
from trainer.checker.comparing import CLOSE, as_array, compute_error

QUANTITIES = ("predict", "loss", "W1", "b1", "W2", "b2")
# A factor between theirs and the right one, N being the batch, and what it is called.
FACTORS = {"-1": -1.0, "N": np.nan, "1/N": np.nan, "2": 2.0, "1/2": 0.5, "-N": np.nan}
BY_FACTOR = {"-1": "gradient-sign", "N": "batch-mean-missing", "1/N": "batch-mean-twice"}
# What shows elsewhere, and would be named wrongly for numbers that it shares.
ELSEWHERE = {
    "stale-gradient", "inputs-mutated", "bias-stored-twice", "bias-not-updated", "update-sign",
    "bias-updated-twice", "float32-inside", "softmax-overflow", "loss-log-epsilon",
    "numerical-one-sided", "numerical-step", "numerical-not-restored", "relu-grad-at-zero",
    "w2-updated-before-backward", "one-hot-only", "labels-only",
}  # fmt: skip


@dataclass(frozen=True, eq=False)  # by identity, so that what follows from it is kept
class Case:
    """The weights, inputs and one-hot targets that a net was given."""

    weights: dict[str, Array]
    x: Array
    t: Array

    @property
    def sizes(self) -> tuple[int, int, int]:
        """D, H, C."""
        return (*self.weights["W1"].shape, self.weights["W2"].shape[1])

    @property
    def parts(self) -> tuple[dict[str, Array], Array, Array]:
        """Weights, x, t."""
        return self.weights, self.x, self.t


def planted(slug: str, activation: str, loss: str, case: Case) -> Any:
    """The hand-written net with that mistake, in float64, holding the case's weights."""
    return _holding(plant(slug), activation, loss, case)


def _holding(kind: type, activation: str, loss: str, case: Case) -> Any:
    net = kind(*case.sizes, activation=activation, loss=loss, dtype="float64")
    net.params = {key: value.copy() for key, value in case.weights.items()}
    return net


@cache
def simulate(slug: str, activation: str, loss: str, case: Case) -> dict[str, Any]:
    """a2, y, loss and gradients of the mistaken net; what it cannot make is left out."""
    return made_by(plant(slug), activation, loss, case)


def made_by(kind: type, activation: str, loss: str, case: Case) -> dict[str, Any]:
    """The same of any class with the hand-written net's interface."""
    made: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        net = _holding(kind, activation, loss, case)
        x = case.x.copy()
        with suppress(Exception):
            made["a2"] = net._forward(x)[2]
            made["y"] = net.predict(x)
        with suppress(Exception):
            made["loss"] = net.loss(x, case.t)
        with suppress(Exception):
            made |= net.gradient(x, case.t)
    return made


def matches(quantity: str, got: Any, made: dict[str, Any], tolerance: float = CLOSE) -> bool:
    """Whether a quantity of theirs is that of the numbers made: predict may give any form."""
    if quantity != "predict":
        return quantity in made and compute_error(got, made[quantity]) <= tolerance
    forms, got = [made[k] for k in ("a2", "y") if k in made], as_array(got)
    if forms and got is not None and got.shape == (len(forms[0]),):
        forms = [form.argmax(axis=1) for form in forms]
    return any(compute_error(got, form) <= tolerance for form in forms)


@cache
def slugs(activation: str, loss: str) -> tuple[str, ...]:
    """The mistakes that can show in the numbers of such a net."""
    setting = {"activation": activation, "loss": loss, "dtype": "float64"}
    return tuple(
        slug
        for slug, mistake in MISTAKES.items()
        if slug not in ELSEWHERE and all(setting[k] == v for k, v in mistake.needs.items())
    )


def hypotheses(case: Case, activation: str, loss: str) -> dict[str, dict[str, Any]]:
    """The numbers of each mistake in that form, by slug."""
    return {s: simulate(s, activation, loss, case) for s in slugs(activation, loss)}


def causes(
    theirs: dict[str, Any], right: dict[str, Any], made: dict[str, dict[str, Any]], N: int
) -> dict[str, tuple[str, str]]:
    """For each quantity of theirs that is not right, the slug that gives it, and by what factor.

    The fewest mistakes: each time the one that explains most of what is left, and least
    contradicts what is right. A mistake times a factor counts once nothing else does.
    """
    wrong = [q for q, got in theirs.items() if not matches(q, got, right)]
    found: dict[str, tuple[str, str]] = {}
    for scaled in (False, True):
        while left := [q for q in wrong if q not in found]:
            best: dict[str, tuple[str, str]] = {}
            score = 0.0
            for slug, numbers in made.items():
                given = {q: _gives(q, theirs[q], numbers, right, N if scaled else 0) for q in left}
                these = {q: (slug, name) for q, name in given.items() if name}
                against = [
                    q for q in theirs if q not in wrong and not matches(q, theirs[q], numbers)
                ]
                points = len(these) - 0.1 * len(against)
                if these and points > score:
                    best, score = these, points
            if not best:
                break
            found |= best
    return found


def _gives(quantity: str, got: Any, made: dict[str, Any], right: dict[str, Any], N: int) -> str:
    """By what factor the mistake gives theirs: "1", with N another, "" where it does not."""
    if quantity == "predict":
        return "1" if not N and matches(quantity, got, made) else ""
    if quantity not in made or compute_error(made[quantity], right[quantity]) <= CLOSE:
        return ""
    if not N:
        return "1" if matches(quantity, got, made) else ""
    if factor(made[quantity], right[quantity], N):
        return ""  # a factor itself: by_constant says it better
    return factor(got, made[quantity], N) or ""


def factor(got: Any, want: Any, N: int) -> str | None:
    """The constant by which got is want, by name, if it is one of those that people leave in."""
    values = FACTORS | {"N": float(N), "1/N": 1 / N, "-N": -float(N)}
    want = np.asarray(want, dtype=np.float64)
    return next((name for name, c in values.items() if compute_error(got, c * want) <= CLOSE), None)


def by_constant(quantity: str, got: Any, want: Any, N: int) -> tuple[str | None, str]:
    """(slug or None, what theirs is): a factor, a transpose, a shift, or what was ruled out."""
    array = np.asarray(got, dtype=np.float64)
    name = factor(got, want, N)
    if name:
        slug = BY_FACTOR.get(name)
        if quantity[0] == "b" and name == "1/N":
            slug = "bias-grad-mean"
        if quantity == "loss":
            slug = "loss-sum" if name == "N" else None
        return slug, f"it is {name} times the right one (N, the batch, is {N})"
    if not array.any():
        return ("bias-grad-missing" if quantity[0] == "b" else None), "it is 0"
    want = np.asarray(want)
    ratio = float(np.vdot(array, want) / np.vdot(want, want)) if array.shape == want.shape else 0.0
    if ratio and compute_error(array, ratio * want) <= CLOSE:
        return None, f"it is {ratio:.6g} times the right one"
    if (
        array.ndim == 2
        and array.shape == want.shape[::-1]
        and compute_error(array.T, want) <= CLOSE
    ):
        return None, "it is the transpose of the right one"
    if array.shape == want.shape and array.size > 1 and np.ptp(array - want) <= CLOSE:
        return None, f"it is the right one plus {np.mean(array - want):.6g}"
    return None, (
        "no mistake of the catalogue gives these numbers; ruled out: a constant factor, a sign, "
        "a transpose, a shift, a mean for a sum"
    )
