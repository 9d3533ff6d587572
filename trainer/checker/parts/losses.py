"""The right results of loss functions, and those of known mistakes."""

import numpy as np

from trainer.book.functions import sigmoid, softmax
from trainer.checker.measure.reference import HEADS
from trainer.checker.parts.operations import Operation, Values
from trainer.checker.shapes.draws import C, Draw


def _evaluate(name: str, d: Draw) -> Values:
    """Return the mean loss of the scores (N, C) by a head, and its gradient."""
    head, a, t = HEADS[name], d.scores, np.eye(C)[d.labels]
    return {"loss": head.losses(a, t).mean(), "dx": head.slope(a, t) / len(a)}


def compute_softmax_loss(d: Draw) -> Values:
    """Return the mean cross-entropy of scores and its gradient."""
    return _evaluate("cross-entropy", d)


def compute_svm_loss(d: Draw) -> Values:
    """Return the mean multi-class hinge loss of scores with a margin of 1, and its gradient."""
    return _evaluate("hinge", d)


def compute_squared_hinge(d: Draw) -> Values:
    """Return the mean of the squared margins, as a squared hinge loss has it, and its gradient."""
    return _evaluate("squared hinge", d)


def _mistake_mean(right: Values, N: int) -> dict[str, Values]:
    loss, dx = right["loss"], right["dx"]
    return {
        "loss-sum": {"loss": N * loss, "dx": dx},
        "batch-mean-missing": {"loss": loss, "dx": N * dx},
        "batch-mean-twice": {"loss": loss, "dx": dx / N},
        "gradient-sign": {"loss": loss, "dx": -dx},
    }


def _mistake_svm(d: Draw) -> dict[str, Values]:
    return _mistake_mean(compute_svm_loss(d), len(d.scores))


def _mistake_softmax(d: Draw) -> dict[str, Values]:
    """Return the loss and gradient that each known mistake of a softmax loss gives."""
    a, N, rows = d.scores, len(d.scores), np.eye(C)[d.labels]
    exp, y = np.exp(a), softmax(a)
    outputs = {
        "softmax-axis": exp / exp.sum(axis=0), "softmax-whole-batch": exp / exp.sum(),
        "double-softmax": softmax(y), "sigmoid-before-softmax": softmax(sigmoid(a)),
    }  # fmt: skip
    right = compute_softmax_loss(d)
    made = {slug: {"loss": -(rows * np.log(p)).sum() / N, "dx": (p - rows) / N}
            for slug, p in outputs.items()}  # fmt: skip
    return made | _mistake_mean(right, N) | {
        "target-not-subtracted": {**right, "dx": y / N},
        "output-grad-extra": {**right, "dx": right["dx"] * y * (1 - y)},
        "loss-arguments-swapped": {**right, "loss": -(y * np.log(rows + 1e-7)).sum() / N},
    }  # fmt: skip


SOFTMAX_LOSS = Operation(compute_softmax_loss, _mistake_softmax)
SVM_LOSS = Operation(compute_svm_loss, _mistake_svm)
