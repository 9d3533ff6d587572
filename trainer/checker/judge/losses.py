"""The usual losses of a net's outputs, as functions of outputs and targets of any orientation."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from trainer.book.functions import Array, softmax

Loss = Callable[[Array], float]  # of the outputs
SQUARES = "squared error"
SLOPED = "squared error of another slope"
DIAGONAL = "loss of a softmax whose outputs do not depend on each other"
ENTROPY, BINARY = "cross-entropy", "binary cross-entropy"
OF_SOFTMAX = "cross-entropy of softmax"
ABSOLUTE = "absolute error"  # is shown where another loss is gone down, and minimised by none
LOGISTIC = "binary cross-entropy of sigmoid"
HINGE, CLASSES = "hinge loss", "multi-class hinge loss"
STRAIGHT = {ABSOLUTE, HINGE, CLASSES}  # whose derivatives are whole multiples of the data
GROWING = "loss that grows with each error"  # of no known form
SURE = {SQUARES, ENTROPY, BINARY, OF_SOFTMAX, LOGISTIC}  # that nobody minimises the negative of
MOST_SAMPLES = 20  # of which one may be that of the step
TINY = 1e-300  # keeps the logarithm of 0 finite


def list_losses(outputs: Array, targets: Array) -> Iterator[tuple[str, Loss]]:
    """Yield the name and the function of each loss that these outputs and targets can have."""
    for t in arrange_targets(outputs, targets):
        yield SQUARES, partial(_compute_squares, t=t)
        is_probable = t.min() >= 0 and t.max() <= 1
        is_binary = is_probable or (t.min() == 0 and (t == np.floor(t)).all())  # or other labels
        if is_probable and outputs.min() >= 0 and outputs.max() <= 1:
            yield ENTROPY, partial(_compute_cross_entropy, t=t)
        if is_binary and outputs.min() >= 0 and outputs.max() <= 1:
            yield BINARY, partial(_compute_binary, t=t)
        if is_probable:
            for axis in range(outputs.ndim):
                yield OF_SOFTMAX, partial(_compute_softmax, t=t, axis=axis)
        if is_binary:
            yield LOGISTIC, partial(_compute_logistic, t=t)
        if any(np.allclose(outputs.sum(axis=axis), 1) for axis in range(outputs.ndim)):
            continue  # a softmax, of which other losses say no more than cross-entropy
        yield ABSOLUTE, partial(_compute_absolute, t=t)
        signs = t if t.min() == -1 else 2 * t - 1
        if np.isin(signs, (-1, 1)).all():
            yield HINGE, partial(_compute_margin, signs=signs)
        for axis in range(outputs.ndim):
            if np.isin(t, (0, 1)).all() and (t.sum(axis=axis) == 1).all():
                yield CLASSES, partial(_compute_hinge, t=t, axis=axis)


def list_mistaken(outputs: Array, targets: Array) -> Iterator[tuple[str, Loss]]:
    """Yield what losses seem to be where the slope of a softmax y of these outputs is y (1 − y),
    which leaves out how each depends on the sums of the others, and what squares seem to be where
    the slope of the last activation is that at its outputs, or the formula for its outputs is given
    its inputs: linear functions of that derivative here.
    """
    for t in arrange_targets(outputs, targets):
        for weights in _list_diagonals(outputs, t):
            yield DIAGONAL, partial(_weigh, weights=weights)
        for slope in _list_slopes(outputs):
            yield SLOPED, partial(_weigh, weights=(outputs - t) * slope)


def _list_diagonals(outputs: Array, t: Array) -> Iterator[Array]:
    """Yield the derivatives of squares and of a cross-entropy of a softmax, if its slope were that
    of a sigmoid.
    """
    axes = [axis for axis, n in enumerate(outputs.shape) if n > 1]
    for axis in axes if np.isin(t, (0, 1)).all() else ():
        y = np.apply_along_axis(softmax, axis, outputs)
        yield (y - t) * y * (1 - y)
        yield -t * (1 - y)


def _list_slopes(y: Array) -> Iterator[Array]:
    """Yield each wrong slope over the right one, where outputs may be those of sigmoid or tanh."""
    if y.min() > 0 and y.max() < 1:
        for value in (1 / (1 + np.exp(-y)), np.log(y / (1 - y))):
            yield value * (1 - value) / (y * (1 - y))
    if np.abs(y).max() < 1:
        for value in (np.tanh(y), np.arctanh(y)):
            yield (1 - value**2) / (1 - y**2)


def _weigh(y: Array, weights: Array) -> float:
    return float((weights * y).sum())


def _compute_squares(y: Array, t: Array) -> float:
    return float(0.5 * ((y - t) ** 2).sum())


def _compute_absolute(y: Array, t: Array) -> float:
    return float(np.abs(y - t).sum())


def _compute_cross_entropy(y: Array, t: Array) -> float:
    return float(-(t * np.log(y + TINY)).sum())


def _compute_binary(y: Array, t: Array) -> float:
    return float(-(t * np.log(y + TINY) + (1 - t) * np.log(1 - y + TINY)).sum())


def _compute_logistic(a: Array, t: Array) -> float:
    return float((np.logaddexp(0, a) - t * a).sum())


def _compute_margin(a: Array, signs: Array) -> float:
    return float(np.maximum(0, 1 - signs * a).sum())


def _compute_softmax(a: Array, t: Array, axis: int) -> float:
    top = a.max(axis=axis, keepdims=True)
    sums = np.log(np.exp(a - top).sum(axis=axis, keepdims=True)) + top
    return float((t * (sums - a)).sum())


def _compute_hinge(a: Array, t: Array, axis: int) -> float:
    right = (a * t).sum(axis=axis, keepdims=True)
    return float((np.maximum(0, a - right + 1) * (1 - t)).sum())


def arrange_targets(outputs: Array, targets: Array) -> Iterator[Array]:
    """Yield the targets in the outputs' shape: as they are, turned, one-hot, or one sample's."""
    t = np.asarray(targets, dtype=np.float64)
    yield from _arrange(outputs, t)
    if t.ndim and t.size > outputs.size:
        for axis in {0, t.ndim - 1}:
            if t.size // t.shape[axis] == outputs.size:
                for each in np.unique(t, axis=axis).swapaxes(0, axis)[:MOST_SAMPLES]:
                    yield from _arrange(outputs, each)


def _arrange(outputs: Array, t: Array) -> Iterator[Array]:
    """Yield the targets in the shape of the outputs: as they are, turned, or as one-hot rows of
    labels.
    """
    if t.shape == outputs.shape:
        yield t
    elif t.squeeze().shape == outputs.squeeze().shape:
        yield t.reshape(outputs.shape)
    elif t.T.shape == outputs.shape:
        yield t.T
    flat = t.reshape(-1)
    if not ((flat == np.floor(flat)).all() and flat.min() >= 0):
        return
    if outputs.ndim == flat.size == 1 and len(outputs) > max(flat[0], 1):
        yield np.eye(len(outputs))[int(flat[0])]
    for axis, turned in ((1, outputs), (0, outputs.T)) if outputs.ndim == 2 else ():
        if turned.shape[0] == flat.size and turned.shape[1] > max(flat.max(), 1):
            hot = np.eye(turned.shape[1])[flat.astype(int)]
            yield hot if axis else hot.T
