"""Check the book's functions where a file defines them under the book's names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array, sigmoid
from trainer.checker.adapt.attempts import Outcome, attempt, report_exception
from trainer.checker.findings.comparing import (
    CLOSE,
    SINGLE,
    Finding,
    as_array,
    as_number,
    compute_error,
    describe_difference,
    report_unchecked,
    show_safely,
)
from trainer.checker.load.definitions import list_functions
from trainer.checker.measure.trial import LABELS, ONE_HOT, ONLY
from trainer.common.language import N_
from trainer.common.language import translate as _

Function = Callable[..., Any]
SEVERAL = N_("returns several values: only arrays can be checked")


@dataclass(frozen=True)
class Inputs:
    """What the functions are called with: a batch (2, 3), its softmax, and targets."""

    batch: Array
    labels: Array

    @property
    def row(self) -> Array:
        """The first sample (3,)."""
        return self.batch[0]

    @property
    def y(self) -> Array:
        """Probabilities (2, 3)."""
        return functions.softmax(self.batch)

    @property
    def targets(self) -> dict[str, Array]:
        """The labels, and the same as one-hot rows."""
        return {LABELS: self.labels, ONE_HOT: np.eye(3)[self.labels]}


# No number is near a kink, and none is as large as another.
FIXED = Inputs(np.array([[0.3, -1.2, 2.1], [1.5, 0.4, -0.7]]), np.array([2, 1]))


def choose_inputs(seed: int) -> Inputs:
    """Return fixed inputs for seed 0, and otherwise some that are drawn like them."""
    if seed == 0:
        return FIXED
    rng = np.random.default_rng(seed)
    sizes = rng.permutation(np.abs(FIXED.batch).ravel()) + rng.uniform(-0.1, 0.1, 6)
    signs = rng.permutation([1, -1, 1])
    batch = sizes.reshape(2, 3) * np.array([signs, -signs[[1, 2, 0]]])
    return Inputs(batch, rng.permutation(3)[:2])


def check_functions(
    names: Mapping[str, object], defined: set[str], inputs: Inputs = FIXED
) -> Iterator[Finding]:
    """Check the functions of the book that the file itself defines, not those it imports, nor those
    of tensors. What has a note is right besides.
    """
    found = list_functions(names, defined, CHECKS)
    takes_columns = "softmax" in found and _takes_columns(found["softmax"], inputs)
    for name, function in found.items():
        finding = CHECKS[name](name, function, inputs)
        is_open = finding is not None and finding.verdict == "differs" and name in LOSSES
        if takes_columns and is_open and _is_right_of_columns(name, function, inputs):
            finding = Finding(name, "note", _("right where samples are columns"))
        if finding and finding.verdict == "note":
            yield Finding(name, "ok")
        yield from [finding] if finding else []


def _takes_columns(softmax: Function, inputs: Inputs) -> bool:
    """Return whether a softmax normalises each column."""
    value = attempt(softmax, inputs.batch).value
    return _find_softmax_mistake(value, inputs) == "softmax-axis"


def _is_right_of_columns(name: str, function: Function, inputs: Inputs) -> bool:
    """Return whether a loss is that of samples that are columns."""
    finding = CHECKS[name](name, lambda y, t: function(y.T, t.T), inputs)
    return finding is not None and finding.verdict in ("ok", "note")


def _check_elementwise(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check a function on a batch; a sigmoid_grad that takes σ(a) gets a note."""
    expected = getattr(functions, name)(inputs.batch)
    outcome = attempt(function, inputs.batch)
    if isinstance(outcome.error, TypeError | ValueError):  # perhaps it takes single numbers
        outcome = _attempt_each(function, inputs.batch) or outcome
    if outcome.error:
        return report_exception(name, outcome.error)
    value = _take_first(outcome.value, expected)
    if _is_several(value):
        return report_unchecked(name, _(SEVERAL))
    if compute_error(value, expected) <= CLOSE:
        if outcome.wrote:
            return Finding(name, "differs", _("changes its argument"), "inputs-mutated")
        return Finding(name, "ok")
    if name == "sigmoid_grad" and compute_error(value, inputs.batch * (1 - inputs.batch)) <= CLOSE:
        return Finding(name, "note", _("takes σ(a), not a: call it with z = σ(a)"))
    if name == "sigmoid" and (other := _name_other(inputs.batch, value)):
        message = _("it is {other}: the net that uses it shows whether it fits")
        return Finding(name, "note", message.format(other=other))
    return Finding(name, "differs", describe_difference(value, expected))


def _name_other(a: Array, value: Any) -> str:
    """Return which activation a function that is called sigmoid is, "" for one that is not known:
    a sigmoid may be made flatter or steeper by a factor of a, but not turn round.
    """
    known: dict[str, Function] = {"tanh": np.tanh, _("a step function"): functions.step_function}
    z = as_array(value)
    if z is not None and z.shape == a.shape and ((z > 0) & (z < 1)).all():
        factor = float((np.log(z / (1 - z)) / a).mean())
        known |= {f"σ({factor:.4g} a)": lambda a: sigmoid(factor * a)} if factor > 0 else {}
    return next((name for name, f in known.items() if compute_error(value, f(a)) <= CLOSE), "")


def _attempt_each(function: Function, batch: Array) -> Outcome | None:
    """Return the values of a function of single numbers, None if it raises for them too."""
    outcomes = [
        attempt(lambda number=number: function(number)) for number in batch.ravel().tolist()
    ]
    values = [as_number(each.value) for each in outcomes]
    if any(each.error for each in outcomes) or None in values:
        return None
    return Outcome(np.array(values, dtype=float).reshape(batch.shape))


def _is_several(value: Any) -> bool:
    """Return whether a function returns several values of which the first is not known."""
    return as_array(value) is None and show_safely(value, repr).startswith("(")


def _take_first(value: Any, expected: Array) -> Any:
    """Return the first of several results: a layer's function returns what backward needs too."""
    is_several = isinstance(value, tuple | list) and len(value) > 0
    first = as_array(value[0]) if is_several else None
    return first if first is not None and first.shape == expected.shape else value


def _check_softmax(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check softmax on a batch (N, C) and on a sample (C,), then whether large inputs overflow."""
    batch, row = attempt(function, inputs.batch), attempt(function, inputs.row)
    batch.value, row.value = (
        _take_first(o.value, x) for o, x in ((batch, inputs.batch), (row, inputs.row))
    )
    if batch.error and row.error:
        return report_exception(name, batch.error)
    if _is_several(batch.value):
        return report_unchecked(name, _(SEVERAL))
    row_right = compute_error(row.value, functions.softmax(inputs.row)) <= CLOSE
    if compute_error(batch.value, inputs.y) > CLOSE:
        cause = _find_softmax_mistake(batch.value, inputs)
        if row_right and (batch.error or cause == "softmax-whole-batch"):
            message = _("right for one sample (C,) only: a batch is normalised as a whole")
            return Finding(name, "note", message, cause, topic=SINGLE)
        return Finding(name, "differs", describe_difference(batch.value, inputs.y), cause)
    if (
        compute_error(attempt(function, inputs.batch * 1000).value, inputs.y) == np.inf
    ):  # nan, or it raised
        return Finding(name, "note", _("overflows for inputs of 1000"), "softmax-overflow")
    if not row_right:
        return Finding(name, "note", _("takes a batch (N, C) only, not one sample (C,)"))
    return Finding(name, "ok")


def _find_softmax_mistake(value: object, inputs: Inputs) -> str | None:
    exp = np.exp(inputs.batch)
    if compute_error(value, exp / exp.sum()) <= CLOSE:
        return "softmax-whole-batch"
    return "softmax-axis" if compute_error(value, exp / exp.sum(axis=0)) <= CLOSE else None


def _check_squared_error(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check ½ Σ (y − t)²; a constant times it gets a note."""
    outcome = attempt(function, inputs.y, inputs.targets[ONE_HOT])
    if outcome.error:
        return report_exception(name, outcome.error)
    expected = 0.5 * ((inputs.y - inputs.targets[ONE_HOT]) ** 2).sum()
    number = as_number(outcome.value)
    ratio = number / expected if number is not None else np.nan
    if compute_error(ratio, 1.0) <= CLOSE:
        return Finding(name, "ok")
    if any(compute_error(ratio, known) <= CLOSE for known in (2, 1 / 2, 1 / 3, 2 / 3, 1 / 6)):
        cause = "mse-mean" if compute_error(ratio, 1 / 3) <= CLOSE else None
        message = _("is {ratio} times ½ Σ (y − t)²").format(ratio=f"{ratio:.4g}")
        return Finding(name, "note", message, cause)
    return Finding(name, "differs", describe_difference(outcome.value, expected))


def _check_cross_entropy(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check the mean over a batch with labels and one-hot rows; one kind, or the sum, is a note."""
    expected = float(functions.cross_entropy_error(inputs.y, inputs.targets[LABELS]))
    outcomes = {kind: attempt(function, inputs.y, t) for kind, t in inputs.targets.items()}
    numbers = {kind: as_number(outcome.value) for kind, outcome in outcomes.items()}
    ratios = {kind: number / expected for kind, number in numbers.items() if number is not None}
    right = [kind for kind, ratio in ratios.items() if compute_error(ratio, 1.0) < CLOSE]
    if len(right) == 2:
        return Finding(name, "ok")
    if right:
        message = _("right for {targets} only").format(targets=_(right[0]))
        return Finding(name, "note", message, ONLY[right[0]])
    if any(compute_error(ratio, 2.0) < CLOSE for ratio in ratios.values()):
        return Finding(name, "note", _("is the sum over the batch, not its mean"), "loss-sum")
    error = outcomes[LABELS].error or outcomes[ONE_HOT].error
    if not ratios and error:
        first = inputs.y[0], inputs.targets[ONE_HOT][0]
        wanted = float(functions.cross_entropy_error(*first))
        if compute_error(attempt(function, *first).value, wanted) <= CLOSE:
            message = _("takes one sample (C,) only, not a batch (N, C)")
            return Finding(name, "note", message, topic=SINGLE)
        return report_exception(name, error)
    value = outcomes[LABELS if outcomes[ONE_HOT].error else ONE_HOT].value
    swapped = -(inputs.y * np.log(inputs.targets[ONE_HOT] + 1e-7)).sum()
    is_swapped = any(compute_error(value, swapped / n) < 1e-3 for n in (1, 2))
    cause = "loss-arguments-swapped" if is_swapped else None
    return Finding(name, "differs", describe_difference(value, expected), cause)


def _check_numerical_gradient(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check the gradient of Σ x³ at a vector and at a matrix, and that x is restored."""
    findings = [_check_numerical_at(name, function, point) for point in (inputs.row, inputs.batch)]
    wrong = [f for f in findings if f.verdict != "ok"]
    if len(wrong) == 1 and wrong[0].cause is None:
        is_vector = findings[0].verdict == "ok"
        message = _("right for a vector only") if is_vector else _("right for a matrix only")
        return Finding(name, "note", message)
    return wrong[0] if wrong else findings[0]


def _check_numerical_at(name: str, function: Function, point: Array) -> Finding:
    x = point.copy()

    def sum_cubes(*_given: Array) -> Any:
        # The sum is over x itself, since the book's f = lambda W: self.loss(x, t) ignores W.
        return (x**3).sum()

    outcome = attempt(lambda: function(sum_cubes, x))
    if outcome.error:
        return report_exception(name, outcome.error)
    expected = 3 * point**2
    if not np.allclose(x, point, rtol=0, atol=1e-12):  # x += h, x −= h may miss the last bit.
        return Finding(name, "differs", _("does not restore x"), "numerical-not-restored")
    if compute_error(outcome.value, expected) <= CLOSE:
        return Finding(name, "ok")
    cause = None
    if compute_error(outcome.value, 2 * expected) <= 1e-2:
        cause = "numerical-step"
    elif compute_error(outcome.value, expected) <= 1e-2:
        cause = "numerical-one-sided"
    return Finding(name, "differs", describe_difference(outcome.value, expected), cause)


def _check_numerical_diff(name: str, function: Function, inputs: Inputs) -> Finding:
    """Check the derivative of x³ at one number; that of a one-sided difference gets a note."""
    x = np.array(inputs.row[0])
    outcome = attempt(lambda: function(lambda given: given**3, x.copy()))
    if outcome.error:
        return report_exception(name, outcome.error)
    error = compute_error(outcome.value, 3 * x**2)
    if error <= CLOSE:
        return Finding(name, "ok")
    if error <= 1e-2:
        message = _("is a difference on one side: less exact than one on both sides")
        return Finding(name, "note", message, "numerical-one-sided")
    difference = describe_difference(outcome.value, 3 * x**2)
    message = _("{difference}: the step h is too small, or the difference is divided by another")
    return Finding(name, "differs", message.format(difference=difference), "numerical-step")


def _check_descent(name: str, function: Function, inputs: Inputs) -> Finding | None:
    """Check that the minimum of Σ x² comes nearer; None where the function is of another kind."""
    start = inputs.row.copy()
    outcome = attempt(lambda: function(lambda given: (given**2).sum(), start.copy()))
    found = as_array(outcome.value[0] if isinstance(outcome.value, tuple) else outcome.value)
    if outcome.error or found is None or found.shape != start.shape:
        return None
    before, after = (start**2).sum(), (found**2).sum()
    if after > before:
        message = _("goes up: it adds the gradient, where it should subtract it")
        return Finding(name, "differs", message, "update-sign")
    if after == before:
        return Finding(name, "differs", _("leaves x as it was"), is_explained=False)
    return Finding(name, "ok")


ELEMENTWISE = ("step_function", "sigmoid", "sigmoid_grad", "relu", "relu_grad", "identity_function")
LOSSES = ("mean_squared_error", "sum_squared_error", "cross_entropy_error")
CHECKS: dict[str, Callable[[str, Function, Inputs], Finding | None]] = {
    **dict.fromkeys(ELEMENTWISE, _check_elementwise),
    "softmax": _check_softmax,
    "mean_squared_error": _check_squared_error,
    "sum_squared_error": _check_squared_error,
    "cross_entropy_error": _check_cross_entropy,
    "numerical_gradient": _check_numerical_gradient,
    "numerical_diff": _check_numerical_diff,
    "gradient_descent": _check_descent,
}
