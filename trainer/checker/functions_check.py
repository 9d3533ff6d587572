"""The book's functions, where a file defines them by name, against ours."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array
from trainer.checker.attempts import attempt, raised
from trainer.checker.comparing import CLOSE, Finding, as_array, describe, error

BATCH = np.array([[0.3, -1.2, 2.1], [1.5, 0.4, -0.7]])  # nothing at a kink
ROW = BATCH[0]
Y = functions.softmax(BATCH)
LABELS = np.array([2, 1])
ROWS = np.eye(3)[LABELS]


def check_functions(module: dict[str, Any], defined: set[str]) -> Iterator[Finding]:
    """A finding for each function of the book among the names that the file defines."""
    for name, check in CHECKS.items():
        function = module.get(name)
        if name in defined and callable(function) and not isinstance(function, type):
            yield check(name, function)


def _elementwise(name: str, function: Callable[..., Any]) -> Finding:
    """On a batch; sigmoid_grad may be one that takes σ(a) itself, a note."""
    want = getattr(functions, name)(BATCH)
    outcome = attempt(function, BATCH)
    if outcome.error:
        return raised(name, outcome.error)
    if outcome.wrote:
        return Finding(name, "differs", "writes to its argument", "inputs-mutated")
    if error(outcome.value, want) <= CLOSE:
        return Finding(name, "ok")
    if name == "sigmoid_grad" and error(outcome.value, BATCH * (1 - BATCH)) <= CLOSE:
        return Finding(name, "note", "takes σ(a), not a: its caller must give it z")
    return Finding(name, "differs", describe(outcome.value, want))


def _softmax(name: str, function: Callable[..., Any]) -> Finding:
    """On one sample and on a batch; then on large inputs, which is a note."""
    outcome = attempt(function, BATCH)
    alone = attempt(function, ROW)
    if outcome.error and alone.error:
        return raised(name, outcome.error)
    row_right = not alone.error and error(alone.value, functions.softmax(ROW)) <= CLOSE
    if outcome.error or error(outcome.value, Y) > CLOSE:
        whole = np.exp(BATCH) / np.exp(BATCH).sum()
        down = np.exp(BATCH) / np.exp(BATCH).sum(axis=0)
        cause: str | None = None
        for slug, form in (("softmax-whole-batch", whole), ("softmax-axis", down)):
            if not outcome.error and error(outcome.value, form) <= CLOSE:
                cause = slug
        if row_right and (outcome.error or cause == "softmax-whole-batch"):
            message = "right for one sample (C,) only: a batch is normalised as a whole"
            return Finding(name, "note", message, cause)
        return Finding(name, "differs", describe(outcome.value, Y), cause)
    large = attempt(function, BATCH * 1000)
    if large.error or not np.isfinite(as_array(large.value)).all():  # type: ignore[arg-type]
        return Finding(name, "note", "overflows for inputs of 1000", "softmax-overflow")
    if not row_right:
        return Finding(name, "note", "takes a batch (N, C) only, not one sample (C,)")
    return Finding(name, "ok")


def _squares(name: str, function: Callable[..., Any]) -> Finding:
    """½ Σ (y − t)², or a constant times it, which is a note."""
    outcome = attempt(function, Y, ROWS)
    if outcome.error:
        return raised(name, outcome.error)
    want = 0.5 * ((Y - ROWS) ** 2).sum()
    value = as_array(outcome.value)
    if value is None or value.size != 1:
        return Finding(name, "differs", describe(outcome.value, np.float64(want)))
    ratio = float(value.reshape(())) / want
    if abs(ratio - 1) <= CLOSE:
        return Finding(name, "ok")
    if any(abs(ratio / known - 1) <= CLOSE for known in (2, 1 / 2, 1 / 3, 2 / 3, 1 / 6)):
        cause = "mse-mean" if abs(ratio * 3 - 1) <= CLOSE else None
        return Finding(name, "note", f"is {ratio:.4g} times ½ Σ (y − t)²", cause)
    return Finding(name, "differs", describe(outcome.value, np.float64(want)))


def _cross_entropy(name: str, function: Callable[..., Any]) -> Finding:
    """The mean over a batch, with labels or one-hot rows; the sum is a note."""
    want = float(functions.cross_entropy_error(Y, LABELS))
    verdicts = {}
    first: BaseException | None = None
    for form, t in (("labels", LABELS), ("one-hot rows", ROWS)):
        outcome = attempt(function, Y, t)
        first = first or outcome.error
        value = as_array(outcome.value)
        if not outcome.error and value is not None and value.size == 1:
            ratio = float(value.reshape(())) / want
            verdicts[form] = 1.0 if abs(ratio - 1) < 1e-5 else 2.0 if abs(ratio - 2) < 1e-5 else 0.0
    if 1.0 in verdicts.values():
        right = [form for form, verdict in verdicts.items() if verdict == 1.0]
        if len(right) == 2:
            return Finding(name, "ok")
        form = "labels-only" if right[0] == "labels" else "one-hot-only"
        return Finding(name, "note", f"right for {right[0]} only", form)
    if 2.0 in verdicts.values():
        return Finding(name, "note", "is the sum over the batch, not its mean", "loss-sum")
    if not verdicts and first:
        return raised(name, first)
    outcome = attempt(function, Y, ROWS)
    swapped = -(Y * np.log(ROWS + 1e-7)).sum()
    cause = None
    if not outcome.error and any(error(outcome.value, swapped / n) < 1e-3 for n in (1, 2)):
        cause = "loss-arguments-swapped"
    return Finding(name, "differs", describe(outcome.value, np.float64(want)), cause)


def _numerical(name: str, function: Callable[..., Any]) -> Finding:
    """Of Σ x³ at a vector and at a matrix, which must be left as they were."""
    findings = [_numerical_at(name, function, point) for point in (ROW, BATCH)]
    worst = [f for f in findings if f.verdict != "ok"]
    if len(worst) == 1:
        shape = "a vector" if findings[0].verdict == "ok" else "a matrix"
        if worst[0].cause is None:
            return Finding(name, "note", f"right for {shape} only")
    return worst[0] if worst else findings[0]


def _numerical_at(name: str, function: Callable[..., Any], point: Array) -> Finding:
    x = point.copy()

    def cubes(_given: Array) -> Any:
        return (x**3).sum()  # of x itself, as the book's lambda W: self.loss(x, t)

    def call(_copy: Array) -> Any:
        return function(cubes, x)

    outcome = attempt(call, point)
    if outcome.error:
        return raised(name, outcome.error)
    want = 3 * point**2
    if not np.allclose(x, point, rtol=0, atol=1e-12):  # x += h, x −= h may miss the last bit
        return Finding(name, "differs", "does not put the value back", "numerical-not-restored")
    if error(outcome.value, want) <= CLOSE:
        return Finding(name, "ok")
    cause = None
    if error(outcome.value, 2 * want) <= 1e-2:
        cause = "numerical-step"
    elif error(outcome.value, want) <= 1e-2:
        cause = "numerical-one-sided"
    return Finding(name, "differs", describe(outcome.value, want), cause)


CHECKS: dict[str, Callable[[str, Callable[..., Any]], Finding]] = {
    "step_function": _elementwise,
    "sigmoid": _elementwise,
    "sigmoid_grad": _elementwise,
    "relu": _elementwise,
    "relu_grad": _elementwise,
    "softmax": _softmax,
    "identity_function": _elementwise,
    "mean_squared_error": _squares,
    "sum_squared_error": _squares,
    "cross_entropy_error": _cross_entropy,
    "numerical_gradient": _numerical,
}
