"""Check the book's functions where a file defines them under the book's names."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array
from trainer.checker.attempts import attempt, report_exception
from trainer.checker.comparing import CLOSE, Finding, as_number, compute_error, describe_difference
from trainer.checker.trial import LABELS, ONE_HOT, ONLY

BATCH = np.array([[0.3, -1.2, 2.1], [1.5, 0.4, -0.7]])  # No number is near a kink.
ROW = BATCH[0]
Y = functions.softmax(BATCH)
TARGETS = {LABELS: np.array([2, 1]), ONE_HOT: np.eye(3)[[2, 1]]}

Function = Callable[..., Any]


def check_functions(names: Mapping[str, object], defined: set[str]) -> Iterator[Finding]:
    """Check the functions of the book that the file itself defines, not those it imports."""
    for name, check in CHECKS.items():
        function = names.get(name)
        if name in defined and callable(function) and not isinstance(function, type):
            yield check(name, function)


def _check_elementwise(name: str, function: Function) -> Finding:
    """Check a function on a batch; a sigmoid_grad that takes σ(a) gets a note."""
    expected = getattr(functions, name)(BATCH)
    outcome = attempt(function, BATCH)
    if outcome.error:
        return report_exception(name, outcome.error)
    if outcome.wrote:
        return Finding(name, "differs", "changes its argument", "inputs-mutated")
    if compute_error(outcome.value, expected) <= CLOSE:
        return Finding(name, "ok")
    if name == "sigmoid_grad" and compute_error(outcome.value, BATCH * (1 - BATCH)) <= CLOSE:
        return Finding(name, "note", "takes σ(a), not a: call it with z = σ(a)")
    return Finding(name, "differs", describe_difference(outcome.value, expected))


def _check_softmax(name: str, function: Function) -> Finding:
    """Check softmax on a batch (N, C) and on a sample (C,), then whether large inputs overflow."""
    batch, row = attempt(function, BATCH), attempt(function, ROW)
    if batch.error and row.error:
        return report_exception(name, batch.error)
    row_right = compute_error(row.value, functions.softmax(ROW)) <= CLOSE
    if compute_error(batch.value, Y) > CLOSE:
        cause = _find_softmax_mistake(batch.value)
        if row_right and (batch.error or cause == "softmax-whole-batch"):
            message = "right for one sample (C,) only: a batch is normalised as a whole"
            return Finding(name, "note", message, cause)
        return Finding(name, "differs", describe_difference(batch.value, Y), cause)
    if compute_error(attempt(function, BATCH * 1000).value, Y) == np.inf:  # nan, or it raised
        return Finding(name, "note", "overflows for inputs of 1000", "softmax-overflow")
    if not row_right:
        return Finding(name, "note", "takes a batch (N, C) only, not one sample (C,)")
    return Finding(name, "ok")


def _find_softmax_mistake(value: object) -> str | None:
    exp = np.exp(BATCH)
    if compute_error(value, exp / exp.sum()) <= CLOSE:
        return "softmax-whole-batch"
    return "softmax-axis" if compute_error(value, exp / exp.sum(axis=0)) <= CLOSE else None


def _check_squared_error(name: str, function: Function) -> Finding:
    """Check ½ Σ (y − t)²; a constant times it gets a note."""
    outcome = attempt(function, Y, TARGETS[ONE_HOT])
    if outcome.error:
        return report_exception(name, outcome.error)
    expected = 0.5 * ((Y - TARGETS[ONE_HOT]) ** 2).sum()
    number = as_number(outcome.value)
    ratio = number / expected if number is not None else np.nan
    if abs(ratio - 1) <= CLOSE:
        return Finding(name, "ok")
    if any(abs(ratio / known - 1) <= CLOSE for known in (2, 1 / 2, 1 / 3, 2 / 3, 1 / 6)):
        cause = "mse-mean" if abs(ratio * 3 - 1) <= CLOSE else None
        return Finding(name, "note", f"is {ratio:.4g} times ½ Σ (y − t)²", cause)
    return Finding(name, "differs", describe_difference(outcome.value, expected))


def _check_cross_entropy(name: str, function: Function) -> Finding:
    """Check the mean over a batch with labels and one-hot rows; one kind, or the sum, is a note."""
    expected = float(functions.cross_entropy_error(Y, TARGETS[LABELS]))
    outcomes = {kind: attempt(function, Y, t) for kind, t in TARGETS.items()}
    numbers = {kind: as_number(outcome.value) for kind, outcome in outcomes.items()}
    ratios = {kind: number / expected for kind, number in numbers.items() if number is not None}
    right = [kind for kind, ratio in ratios.items() if abs(ratio - 1) < CLOSE]
    if len(right) == 2:
        return Finding(name, "ok")
    if right:
        return Finding(name, "note", f"right for {right[0]} only", ONLY[right[0]])
    if any(abs(ratio - 2) < CLOSE for ratio in ratios.values()):
        return Finding(name, "note", "is the sum over the batch, not its mean", "loss-sum")
    error = outcomes[LABELS].error or outcomes[ONE_HOT].error
    if not ratios and error:
        return report_exception(name, error)
    value = outcomes[LABELS if outcomes[ONE_HOT].error else ONE_HOT].value
    swapped = -(Y * np.log(TARGETS[ONE_HOT] + 1e-7)).sum()
    is_swapped = any(compute_error(value, swapped / n) < 1e-3 for n in (1, 2))
    cause = "loss-arguments-swapped" if is_swapped else None
    return Finding(name, "differs", describe_difference(value, expected), cause)


def _check_numerical_gradient(name: str, function: Function) -> Finding:
    """Check the gradient of Σ x³ at a vector and at a matrix, and that x is restored."""
    findings = [_check_numerical_at(name, function, point) for point in (ROW, BATCH)]
    wrong = [f for f in findings if f.verdict != "ok"]
    if len(wrong) == 1 and wrong[0].cause is None:
        shape = "a vector" if findings[0].verdict == "ok" else "a matrix"
        return Finding(name, "note", f"right for {shape} only")
    return wrong[0] if wrong else findings[0]


def _check_numerical_at(name: str, function: Function, point: Array) -> Finding:
    x = point.copy()

    def sum_cubes(_given: Array) -> Any:
        # The sum is over x itself, since the book's f = lambda W: self.loss(x, t) ignores W.
        return (x**3).sum()

    outcome = attempt(lambda: function(sum_cubes, x))
    if outcome.error:
        return report_exception(name, outcome.error)
    expected = 3 * point**2
    if not np.allclose(x, point, rtol=0, atol=1e-12):  # x += h, x −= h may miss the last bit.
        return Finding(name, "differs", "does not restore x", "numerical-not-restored")
    if compute_error(outcome.value, expected) <= CLOSE:
        return Finding(name, "ok")
    cause = None
    if compute_error(outcome.value, 2 * expected) <= 1e-2:
        cause = "numerical-step"
    elif compute_error(outcome.value, expected) <= 1e-2:
        cause = "numerical-one-sided"
    return Finding(name, "differs", describe_difference(outcome.value, expected), cause)


ELEMENTWISE = ("step_function", "sigmoid", "sigmoid_grad", "relu", "relu_grad", "identity_function")
CHECKS: dict[str, Callable[[str, Function], Finding]] = {
    **dict.fromkeys(ELEMENTWISE, _check_elementwise),
    "softmax": _check_softmax,
    "mean_squared_error": _check_squared_error,
    "sum_squared_error": _check_squared_error,
    "cross_entropy_error": _check_cross_entropy,
    "numerical_gradient": _check_numerical_gradient,
}
