"""Finds the parts of a wrong net that are right by themselves, for graders.

A wrong forward pass makes the loss and the gradient differ too. The loss is right by itself where
it is the loss of the net's own outputs, and the gradient where it is the derivative of such a loss.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array
from trainer.checker.findings.comparing import CLOSE, Finding, as_array, as_number, compute_error
from trainer.checker.measure.judging import Judge
from trainer.common.language import N_
from trainer.common.language import translate as _

OWN_LOSS = N_("the loss of the net's own outputs")
TINY = 1e-12
# The losses of outputs y or scores, summed over the batch, and whether their scale is settled.
LOSSES: list[tuple[Callable[[Array, Array], Any], bool]] = [
    (lambda y, t: -(t * np.log(np.clip(y, TINY, None))).sum(), True),
    (lambda a, t: -(t * np.log(functions.softmax(a) + TINY)).sum(), True),
    (lambda y, t: ((y - t) ** 2).sum() / 2, False),
    (lambda y, t: -(t * _log(y) + (1 - t) * _log(1 - y)).sum(), False),
]


def _log(y: Array) -> Any:
    return np.log(np.clip(y, TINY, None))


def credit_parts(findings: list[Finding], judge: Judge) -> None:
    """Set the credit of the loss, and take back that of gradients of what is no loss."""
    by_name = {finding.quantity: finding for finding in findings}
    loss, predict = by_name.get("loss"), by_name.get("predict")
    factor = _find_factor(judge)
    is_wrong = loss is not None and loss.verdict == "differs"
    if loss and is_wrong and predict and predict.verdict == "differs" and factor == 1:
        loss.credit = _(OWN_LOSS)
    if is_wrong and factor is None and not (loss and loss.cause):
        for finding in findings:
            if finding.quantity.startswith("gradient"):
                finding.credit = ""


def _find_factor(judge: Judge) -> float | None:
    """Return by what the net's loss exceeds the mean loss of its own outputs, the same everywhere.

    None where there is no such factor. A factor counts as 1 for losses without a settled scale.
    """
    runs = [(judge.case, judge.theirs), *((case, theirs) for case, theirs, _ in judge.others)]
    for function, is_settled in LOSSES:
        found = [_compute_ratio(function, case.t, theirs) for case, theirs in runs]
        ratios = [ratio for ratio in found if ratio is not None]
        first = ratios[:1] * len(runs)
        if len(ratios) < len(runs) or compute_error(ratios, first) > CLOSE:
            continue
        return 1 if not is_settled or compute_error(ratios[0], 1.0) <= CLOSE else ratios[0]
    return None


def _compute_ratio(
    function: Callable[[Array, Array], Any], t: Array, theirs: dict[str, Any]
) -> float | None:
    outputs, loss = as_array(theirs.get("predict")), as_number(theirs.get("loss"))
    if outputs is None or loss is None or outputs.shape != t.shape:
        return None
    if not np.isfinite(outputs).all() or np.ptp(outputs, axis=0).max() < CLOSE:
        return None  # outputs that do not depend on x are no forward pass
    with np.errstate(all="ignore"):
        own = float(function(outputs, t)) / len(t)
    return loss / own if np.isfinite(own) and own != 0 else None
