"""Check what moderate inputs do not show: overflow, ReLU at 0, float32, repeated calls."""

from collections.abc import Iterator

import numpy as np

from trainer.auditing.mistakes import MISTAKES
from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.findings.comparing import (
    CLOSE,
    EXACT,
    FLOAT32,
    NOT_ALONE,
    Finding,
    as_array,
    compute_error,
)
from trainer.checker.findings.descriptions import append_mistake, describe_mistake
from trainer.checker.measure.choosing import is_right
from trainer.checker.measure.explaining import matches
from trainer.checker.measure.judging import Judge
from trainer.checker.measure.reference import compute_reference
from trainer.checker.measure.trial import Outcomes, Trial
from trainer.common.language import join_words
from trainer.common.language import translate as _


def check_edges(trial: Trial, judge: Judge, outcomes: Outcomes) -> Iterator[Finding]:
    """Check the edge cases in turn; most findings are notes."""
    yield from _check_repeated_gradient(trial, outcomes)
    yield from _check_writes(outcomes)
    if trial.form.head == "cross-entropy":
        yield from _check_overflow(trial)
    by_hand = not getattr(trial.kind, "derives_gradient", False)
    has_right = "b1" in judge.theirs and is_right("b1", judge)  # or another mistake shows
    if trial.form.activation == "relu" and has_right and by_hand:
        yield from _check_relu_at_zero(trial)
    noted = any(note.cause == "float32-inside" for note in judge.notes)
    if trial.subject.has("predict") and not noted:
        yield from _check_precision(trial)


def _check_repeated_gradient(trial: Trial, outcomes: Outcomes) -> Iterator[Finding]:
    """Check that a second call of gradient does not return the sum of both."""
    fresh = attempt(trial.build_subject)
    if fresh.error or not trial.subject.has("gradient"):
        return
    calls: list[dict[str, Array]] = []
    for _number in range(2):
        fresh.value.weights.set(trial.case.weights)
        outcome = attempt(fresh.value.gradient, trial.case.x, trial.t)
        if outcome.error and not calls and not outcomes["gradient"].error:
            message = _(
                "works only after predict or loss was called: it uses what they left in the net"
            )
            yield Finding("gradient", "note", message, topic=NOT_ALONE)
        if outcome.error or not outcome.value:
            return
        arrays = {key: as_array(value) for key, value in outcome.value.items()}
        calls.append({key: array for key, array in arrays.items() if array is not None})
    first, second = calls
    if any(g.any() and compute_error(second.get(k), 2 * g) <= CLOSE for k, g in first.items()):
        message = append_mistake(_("a second call returns the sum of both"), "stale-gradient")
        yield Finding("gradient", "differs", message, "stale-gradient")


def _check_writes(outcomes: Outcomes) -> Iterator[Finding]:
    """Check that no method changed the inputs or the weights; report the first that did.

    One that computes gradients may take the step too.
    """
    for quantity, outcome in outcomes.items():
        if quantity == "gradient" and outcome.wrote == [_("the weights")]:
            yield Finding(quantity, "note", _("it changes the weights too: it takes a step"))
        elif outcome.wrote and outcome.value is not None:
            message = _("{quantity} changes {changed}")
            message = message.format(quantity=quantity, changed=join_words(outcome.wrote))
            message = append_mistake(message, "inputs-mutated")
            yield Finding("inputs", "differs", message, "inputs-mutated")
            return


def _check_overflow(trial: Trial) -> Iterator[Finding]:
    """Check scores of some thousands; NaN is only a note, since few nets have such scores."""
    weights = {**trial.case.weights, "W2": trial.case.weights["W2"] * 3000}
    trial.reset_weights(weights)
    calls = {"predict": (trial.case.x,), "loss": (trial.case.x, trial.t)}
    methods = [q for q in calls if trial.subject.has(q)]
    arrays = [as_array(attempt(getattr(trial.subject, q), *calls[q]).value) for q in methods]
    trial.reset_weights()
    # Where predict gives probabilities, a loss that is nan is that of log 0.
    known = [array for array in arrays if array is not None]
    known = known[:1] if known and _are_probabilities(known[0]) else known
    if any(np.isnan(array).any() for array in known):
        hint = MISTAKES["softmax-overflow"].hint
        message = _("overflows for scores of 1000: {hint}").format(hint=_(hint))
        yield Finding("softmax", "note", message, "softmax-overflow")


def _are_probabilities(y: Array) -> bool:
    return y.ndim == 2 and compute_error(y.sum(axis=1), np.ones(len(y))) < FLOAT32


def _check_relu_at_zero(trial: Trial) -> Iterator[Finding]:
    """Check the gradient of a hidden neuron whose a1 is 0 for every sample: it should be 0."""
    weights = {k: v.copy() for k, v in trial.case.weights.items()}
    weights["W1"][:, 0], weights["b1"][0] = 0, 0
    trial.reset_weights(weights)
    outcome = attempt(trial.subject.backpropagate, trial.case.x, trial.t)
    trial.reset_weights()
    grad = as_array((outcome.value or {}).get("b1"))
    if grad is not None and grad.size and EXACT < compute_error(grad.flat[0], 0.0) < np.inf:
        yield Finding(
            "gradient", "note", describe_mistake("relu-grad-at-zero"), "relu-grad-at-zero"
        )


def _check_precision(trial: Trial) -> Iterator[Finding]:
    """Check that a change of x by 1e-9 changes the outputs as in float64."""
    t, inputs = trial.case.t, (trial.case.x, trial.case.x + 1e-9 * np.sign(trial.case.x))
    before, after = (as_array(attempt(trial.subject.predict, x).value) for x in inputs)
    if before is None or after is None or before.ndim != 2 or before.shape != after.shape:
        return
    if np.isin(before, (0, 1)).all():
        return  # classes
    right = [compute_reference(trial.form, trial.case.weights, x, t) for x in inputs]
    for key in ("a2", "y"):
        change = right[1][key] - right[0][key]
        if matches("predict", before, {key: right[0][key]}, FLOAT32) and (
            compute_error(after - before, change) > 0.5
        ):
            message = _("right to the precision of float32 only")
            yield Finding("predict", "note", message, "float32-inside")
            return
