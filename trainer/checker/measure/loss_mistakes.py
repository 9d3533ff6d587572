"""Names mistakes of the loss that only inputs made for them can prove."""

from collections.abc import Iterable

import numpy as np

from trainer.book.functions import Array, one_hot
from trainer.checker.adapt.attempts import attempt
from trainer.checker.findings.comparing import CLOSE, FLOAT32, Finding, as_number, compute_error
from trainer.checker.findings.descriptions import blame_mistake
from trainer.checker.measure.trial import LABELS, Trial

SHIFT = 20.0  # makes all scores positive, and changes no softmax
EPSILONS = (0.0, *(10.0**-k for k in range(3, 13)))


def name_loss_mistake(findings: Iterable[Finding], trial: Trial) -> None:
    """Add to the finding on a wrong loss that its softmax is missing or its arguments swapped."""
    for finding in findings:
        is_open = finding.verdict == "differs" and finding.cause is None
        if finding.quantity == "loss" and is_open and trial.subject.has("predict"):
            found = attempt(lambda: _find_mistake(trial)).value
            trial.reset_weights()
            if found:
                finding.cause, finding.is_explained = found, True
                finding.message = blame_mistake(finding.message, found)


def _find_mistake(trial: Trial) -> str | None:
    with np.errstate(all="ignore"):
        if _lacks_softmax(trial):
            return "softmax-missing"
        return "loss-arguments-swapped" if _swaps_arguments(trial) else None


def _lacks_softmax(trial: Trial) -> bool:
    """Return whether predict gives scores, of which the loss takes the logarithm.

    Scores may be negative. With a large b2 they are all positive.
    """
    weights = trial.case.weights | {"b2": trial.case.weights["b2"] + SHIFT}
    x = trial.case.x
    a2 = trial.expected["a2"] + SHIFT
    trial.reset_weights(weights)
    if compute_error(trial.subject.predict(x.copy()), a2) > CLOSE:
        return False
    loss = as_number(trial.subject.loss(x.copy(), trial.t.copy()))
    total = -float((trial.case.t * np.log(a2)).sum())
    return loss is not None and any(compute_error(loss, total / n) < CLOSE for n in (1, len(x)))


def _swaps_arguments(trial: Trial) -> bool:
    """Return whether the loss is that of y as targets and t as outputs, of whole rows or classes.

    The logarithm of a target 0 is that of an epsilon, or infinite.
    """
    if trial.target == LABELS:
        return False
    y = trial.expected["y"]
    hits = one_hot(y.argmax(axis=1), y)
    misses = hits.copy()
    misses[0] = np.roll(hits[0], 1)
    losses = [_compute_loss(trial, t) for t in (misses, trial.case.t, hits)]
    return any(
        np.isfinite(wanted).any()  # A loss that is always infinite proves nothing.
        and all(_is_near(loss, want) for loss, want in zip(losses, wanted, strict=True))
        for rows in (y, hits)
        for wanted in _list_swapped(rows, (misses, trial.case.t, hits))
    )


def _list_swapped(rows: Array, targets: tuple[Array, ...]) -> list[list[float]]:
    """Return the losses of swapped arguments for each epsilon, as mean and as sum."""
    return [
        [-float(np.nansum(rows * np.log(t + epsilon))) / n for t in targets]
        for epsilon in EPSILONS
        for n in (len(rows), 1)
    ]


def _compute_loss(trial: Trial, t: Array) -> float:
    trial.reset_weights()
    number = as_number(trial.subject.loss(trial.case.x.copy(), t.copy()))
    return np.nan if number is None else number


def _is_near(loss: float, want: float) -> bool:
    return compute_error(loss, want) <= FLOAT32 if np.isfinite(want) else loss == want
