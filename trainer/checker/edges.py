"""What moderate inputs do not show: overflow, ReLU at 0, float32, sums over calls, writing."""

from collections.abc import Iterator

import numpy as np

from trainer.auditing.mistakes import MISTAKES
from trainer.checker.attempts import attempt
from trainer.checker.bench import Bench, Run
from trainer.checker.comparing import CLOSE, FLOAT32, Finding, as_array, error
from trainer.checker.descriptions import describe_mistake
from trainer.checker.explaining import Case, matches
from trainer.checker.judging import Judge
from trainer.checker.reference import compute_reference


def check_edges(bench: Bench, judge: Judge, run: Run) -> Iterator[Finding]:
    """In turn; most are notes."""
    yield from _sums_up(bench)
    yield from _writes(run)
    if bench.form.head == "cross-entropy":
        yield from _overflows(bench)
    if bench.form.activation == "relu" and bench.subject.has("gradient"):
        yield from _at_zero(bench)
    noted = any(note.cause == "float32-inside" for note in judge.notes)
    if bench.subject.has("predict") and not noted:
        yield from _is_float32(bench)


def _sums_up(bench: Bench) -> Iterator[Finding]:
    """A second call of gradient must give what the first gave."""
    fresh = attempt(bench.anew)
    if fresh.error or not bench.subject.has("gradient"):
        return
    calls = []
    for _ in range(2):
        fresh.value.weights.set(bench.case.weights)
        outcome = attempt(fresh.value.gradient, bench.case.x, bench.t)
        if outcome.error or not outcome.value:
            return
        arrays = {k: as_array(v) for k, v in outcome.value.items()}
        calls.append({k: v for k, v in arrays.items() if v is not None})
    first, second = calls
    sums = [k for k in first if first[k].any() and error(second.get(k), 2 * first[k]) <= CLOSE]
    if sums and any(error(second.get(k), first[k]) > CLOSE for k in sums):
        message = f"a second call gives the sum of both: {describe_mistake('stale-gradient')}"
        yield Finding("gradient", "differs", message, "stale-gradient")


def _writes(run: Run) -> Iterator[Finding]:
    """Inputs and weights must be as they were."""
    for quantity, outcome in run.items():
        if outcome.wrote and not outcome.error and outcome.value is not None:
            message = f"{quantity} writes to {' and '.join(outcome.wrote)}"
            message += f": {describe_mistake('inputs-mutated')}"
            yield Finding("inputs", "differs", message, "inputs-mutated")
            return


def _overflows(bench: Bench) -> Iterator[Finding]:
    """Scores of some thousands: NaN is a note, since no net meets them."""
    weights = {**bench.case.weights, "W2": bench.case.weights["W2"] * 3000}
    bench.reset(Case(weights, bench.case.x, bench.case.t))
    outcomes = []
    if bench.subject.has("predict"):
        outcomes.append(attempt(bench.subject.predict, bench.case.x))
    if bench.subject.has("loss"):
        outcomes.append(attempt(bench.subject.loss, bench.case.x, bench.t))
    bench.reset()
    arrays = [as_array(o.value) for o in outcomes if not o.error and o.value is not None]
    if any(np.isnan(array).any() for array in arrays if array is not None):
        message = f"overflows for scores of 1000: {MISTAKES['softmax-overflow'].hint}"
        yield Finding("softmax", "note", message, "softmax-overflow")


def _at_zero(bench: Bench) -> Iterator[Finding]:
    """A hidden neuron of which a1 is 0 for every sample: its gradient is h'(0)."""
    weights = {k: v.copy() for k, v in bench.case.weights.items()}
    weights["W1"][:, 0], weights["b1"][0] = 0, 0
    bench.reset(Case(weights, bench.case.x, bench.case.t))
    outcome = attempt(bench.subject.gradient, bench.case.x, bench.t)
    bench.reset()
    grad = as_array((outcome.value or {}).get("b1")) if not outcome.error else None
    if grad is not None and grad.size and abs(grad.reshape(-1)[0]) > 1e-9:
        yield Finding(
            "gradient", "note", describe_mistake("relu-grad-at-zero"), "relu-grad-at-zero"
        )


def _is_float32(bench: Bench) -> Iterator[Finding]:
    """Whether a change of x by 1e-9 comes through, as in float64 it must."""
    near = bench.case.x + 1e-9 * np.sign(bench.case.x)
    pair = [attempt(bench.subject.predict, x) for x in (bench.case.x, near)]
    before, after = (as_array(o.value) if not o.error else None for o in pair)
    if before is None or after is None or before.ndim != 2 or before.shape != after.shape:
        return
    right = [
        compute_reference(bench.form, bench.case.weights, x, bench.case.t)
        for x in (bench.case.x, near)
    ]
    for key in ("a2", "y"):
        change = right[1][key] - right[0][key]
        if matches("predict", before, {key: right[0][key]}, FLOAT32) and (
            error(after - before, change) > 0.5
        ):
            message = "right to the precision of float32 only"
            yield Finding("predict", "note", message, "float32-inside")
            return
