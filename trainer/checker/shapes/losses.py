"""The right results of loss functions, and those of known mistakes."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from trainer.book.functions import Array, sigmoid, softmax
from trainer.checker.shapes.draws import C, Draw
from trainer.checker.shapes.operations import Operation, Values, differentiate


def _evaluate(loss: Callable[[Tensor], Tensor], scores: Array) -> Values:
    """Return the loss of scores (N, C), and its gradient."""
    value = loss(torch.from_numpy(scores)).numpy()
    return {"loss": value, "dx": differentiate(loss, scores)[0]}


def compute_softmax_loss(d: Draw) -> Values:
    """Return the mean cross-entropy of scores and its gradient."""

    labels = torch.from_numpy(d.labels)
    return _evaluate(lambda a: torch.nn.functional.cross_entropy(a, labels), d.scores)


def compute_svm_loss(d: Draw) -> Values:
    """Return the mean multi-class hinge loss of scores with a margin of 1, and its gradient."""

    labels = torch.from_numpy(d.labels)
    return _evaluate(lambda a: torch.nn.functional.multi_margin_loss(a, labels) * C, d.scores)


def compute_squared_hinge(d: Draw) -> Values:
    """Return the mean of the squared margins, as a squared hinge loss has it, and its gradient."""
    labels = torch.from_numpy(d.labels)
    return _evaluate(lambda a: torch.nn.functional.multi_margin_loss(a, labels, p=2) * C, d.scores)


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
