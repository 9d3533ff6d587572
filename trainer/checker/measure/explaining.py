"""Finds which known mistake gives the numbers that a net gave."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from trainer.auditing.mistakes import MISTAKES
from trainer.book.functions import Array
from trainer.checker.findings.comparing import CLOSE, as_array, compute_error
from trainer.checker.measure.variants import get_settings, list_unlike, plant_form
from trainer.common.language import translate as _
from trainer.nets.numpy_net import TwoLayerNet

QUANTITIES = ("predict", "loss", "W1", "b1", "W2", "b2")
BY_FACTOR = {"-1": "gradient-sign", "N": "batch-mean-missing", "1/N": "batch-mean-twice"}
# These mistakes show in other checks. Here they would be named for numbers that others give too.
ELSEWHERE = {
    "stale-gradient", "inputs-mutated", "bias-stored-twice", "bias-not-updated", "update-sign",
    "bias-updated-twice", "float32-inside", "softmax-overflow", "loss-log-epsilon",
    "numerical-one-sided", "numerical-step", "numerical-not-restored", "relu-grad-at-zero",
    "w2-updated-before-backward", "one-hot-only", "labels-only",
}  # fmt: skip
FORWARD = (
    "bias-missing-forward", "bias-missing-output", "activation-missing", "sigmoid-before-softmax",
    "softmax-axis", "softmax-whole-batch", "double-softmax",
)  # fmt: skip
Numbers = dict[str, Any]  # a2 and y (N, C), loss, and gradients by the names of the parameters


@dataclass(frozen=True, eq=False)  # Hashed by identity, so that results for it can be cached.
class Case:
    """The weights, inputs x (N, D) and one-hot targets t (N, C) that a net is given."""

    weights: dict[str, Array]
    x: Array
    t: Array

    @property
    def sizes(self) -> tuple[int, int, int]:
        """D, H, C."""
        return (*self.weights["W1"].shape, self.weights["W2"].shape[1])


def build_mistaken_net(case: Case, activation: str, loss: str, *slugs: str) -> TwoLayerNet:
    """Return the hand-written net with those mistakes, in float64, with the case's weights.

    Raises ValueError if two mistakes change the same line.
    """
    hidden, output = get_settings(activation, loss)
    kind = plant_form(activation, loss, *slugs)
    net = kind(*case.sizes, activation=hidden, loss=output, dtype="float64")
    net.set_params(case.weights)
    return net


def simulate_net(case: Case, activation: str, loss: str, *slugs: str) -> Numbers:
    """Return a2, y, loss and gradients of such a net, without those whose computation raises."""
    made: Numbers = {}
    with np.errstate(all="ignore"):
        net = build_mistaken_net(case, activation, loss, *slugs)
        x = case.x.copy()
        with suppress(Exception):
            made["a2"] = net._forward(x)[2]
            made["y"] = net.predict(x)
        with suppress(Exception):
            made["loss"] = net.loss(x, case.t)
        with suppress(Exception):
            made |= net.gradient(x, case.t)
    return made


@cache
def simulate_mistakes(case: Case, activation: str, loss: str) -> dict[str, Numbers]:
    """Return the numbers that each mistake gives in a net of that form, by slug."""
    slugs = select_slugs(activation, loss)
    return {slug: simulate_net(case, activation, loss, slug) for slug in slugs}


@cache
def select_slugs(activation: str, loss: str) -> tuple[str, ...]:
    """Return the mistakes that can show in the numbers of such a net."""
    hidden, output = get_settings(activation, loss)
    setting = {"activation": hidden, "loss": output, "dtype": "float64"}
    return tuple(
        slug
        for slug, mistake in MISTAKES.items()
        if slug not in ELSEWHERE | list_unlike(activation, loss)
        and all(setting[k] == v for k, v in mistake.needs.items())
    )


def matches(quantity: str, got: object, made: Numbers, tolerance: float = CLOSE) -> bool:
    """Return whether got, from the checked net, equals the quantity of made within the tolerance.

    made are the numbers of a right net, or of one with a known mistake. A checked predict may
    return scores, probabilities, class labels, or 0 and 1 for each output.
    """
    if quantity != "predict":
        return quantity in made and compute_error(got, made[quantity]) <= tolerance
    forms, got = [made[k] for k in ("a2", "y") if k in made], as_array(got)
    if forms and got is not None and got.shape == (len(forms[0]),):
        forms = [form.argmax(axis=1) for form in forms]
    elif got is not None and "y" in made and np.isin(got, (0, 1)).all():  # two for each output
        forms = [made["y"] > 0.5]
    return any(compute_error(got, form) <= tolerance for form in forms)


def find_causes(
    theirs: dict[str, Any], right: Numbers, simulated: dict[str, Numbers], N: int
) -> dict[str, tuple[str, str]]:
    """Return for each wrong quantity of theirs the slug that gives it, and the factor's name.

    Chooses the fewest mistakes: each round takes the one that explains most of what is left, less
    what is right and would be wrong with it; none that does not explain more. Mistakes times a
    factor are tried after all others.
    """
    fine = [q for q, got in theirs.items() if matches(q, got, right)]
    found: dict[str, tuple[str, str]] = {}
    for factors in ({"1": 1.0}, list_factors(N)):
        while left := [q for q in theirs if q not in found and q not in fine]:
            best: dict[str, tuple[str, str]] = {}
            most = 0.0
            for slug, made in simulated.items():
                names = {q: _name_mistake_factor(q, theirs[q], made, right, factors) for q in left}
                explained = {q: (slug, name) for q, name in names.items() if name}
                against = sum(not matches(q, theirs[q], made) for q in fine) if explained else 0
                if len(explained) - against > most:
                    best, most = explained, len(explained) - against
            if not best:
                break
            found |= best
    return found


def _name_mistake_factor(
    quantity: str, got: object, made: Numbers, right: Numbers, factors: dict[str, float]
) -> str | None:
    """Return the name of the factor by which got is a multiple of what the mistake gives."""
    if quantity == "predict":
        return "1" if matches(quantity, got, made) else None
    if quantity not in made or find_factor(made[quantity], right[quantity], factors):
        return None  # A mistake that is itself a factor is left to explain_difference.
    return find_factor(got, made[quantity], factors)


def find_pair(activation: str, loss: str, case: Case, outputs: object) -> tuple[str, str] | None:
    """Return the two mistakes of the forward pass that together give these outputs, if any do."""
    known = [slug for slug in FORWARD if slug in select_slugs(activation, loss)]
    for pair in combinations(known, 2):
        with suppress(ValueError):  # Both mistakes may change the same line.
            if matches("predict", outputs, simulate_net(case, activation, loss, *pair)):
                return pair
    return None


def list_factors(N: int) -> dict[str, float]:
    """Return the factors that people leave in, by name, for a batch of N."""
    return {"1": 1.0, "-1": -1.0, "N": N, "1/N": 1 / N, "2": 2.0, "1/2": 0.5, "-N": -N}


def find_factor(got: object, want: Array | float, factors: dict[str, float]) -> str | None:
    """Return the name of the factor by which got is a multiple of want, if it is one of these."""
    want = np.asarray(want, dtype=np.float64)
    return next(
        (name for name, c in factors.items() if compute_error(got, c * want) <= CLOSE), None
    )


@dataclass(frozen=True)
class Pair:
    """A value of the net and the expected one, of equal size, for a batch of N."""

    got: Array
    want: Array
    N: int


def explain_difference(quantity: str, pairs: list[Pair], C: int) -> tuple[str | None, str]:
    """Return (slug or None, how got is related to want), the same for the pairs of all inputs.

    A factor is reported only if it is a simple number that a cause explains. The text is "" where
    no relation is known.
    """
    if not any(pair.got.any() for pair in pairs):
        return ("bias-grad-missing" if quantity[0] == "b" else None), _("it is 0")
    name = _find_common_factor(pairs, C)
    if name is None:
        return None, _describe_relation(pairs[0].got, pairs[0].want)
    N = pairs[0].N
    text = _("it is {factor} times the expected one")
    if name.strip("-12/"):
        text = _("it is {factor} times the expected one ({name}; N = {N} samples, C = {C} classes)")
    factor = f"{_list_named_factors(N, C)[name]:.4g}"
    return _find_cause_of_factor(quantity, name), text.format(factor=factor, name=name, N=N, C=C)


def _list_named_factors(N: int, C: int) -> dict[str, float]:
    return list_factors(N) | {
        "N/2": N / 2, "2/N": 2 / N, "C": C, "1/C": 1 / C, "C/2": C / 2, "2/C": 2 / C,
    }  # fmt: skip


def _find_common_factor(pairs: list[Pair], C: int) -> str | None:
    """Return the name of the factor of all pairs; batches of two sizes tell 7 from N."""
    for name in _list_named_factors(pairs[0].N, C):
        wanted = [_list_named_factors(pair.N, C)[name] * pair.want for pair in pairs]
        if all(compute_error(p.got, w) <= CLOSE for p, w in zip(pairs, wanted, strict=True)):
            return name
    return None


def _find_cause_of_factor(quantity: str, name: str) -> str | None:
    if quantity in ("predict", "loss"):
        return "loss-sum" if (quantity, name) == ("loss", "N") else None
    return "bias-grad-mean" if (quantity[0], name) == ("b", "1/N") else BY_FACTOR.get(name)


def _describe_relation(got: Array, want: Array) -> str:
    if got.size == 1:
        return ""
    if got.shape == want.shape and want.any():
        ratio = np.vdot(got, want) / np.vdot(want, want)
        if compute_error(got, ratio * want) <= CLOSE:
            return _("all its values differ by the same factor, whose cause is unknown")
    if got.ndim == 2 and got.shape == want.shape[::-1] and compute_error(got.T, want) <= CLOSE:
        return _("it is the transpose of the expected one")
    if got.shape == want.shape and compute_error(got - np.mean(got - want), want) <= CLOSE:
        number = f"{np.mean(got - want):.4g}"
        return _("it is the expected one plus {number}").format(number=number)
    return ""
