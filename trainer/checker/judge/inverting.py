"""Recognises steps that lack the root of Adam, AdaGrad and RMSprop."""

import numpy as np

from trainer.checker.judge.derivatives import MOST_ELEMENTS, differentiate
from trainer.checker.judge.fit import Fit
from trainer.checker.judge.influence import Model

LARGE = 0.1  # of the largest derivative: smaller ones may be less than an epsilon
CLOSE = 1e-2  # relative, of products that are the same but for an epsilon
APART = 2.0  # times as large, of derivatives that are not the same
LEAST = 3  # numbers of an array


def list_inverted(model: Model, fit: Fit) -> list[str]:
    """Return the arrays each number of which moves down the derivative of a loss the less, the
    larger this is: by its square, and not by the root of that, the step divides it.
    """
    return [weight for weight in model.weights if _is_inverted(model, fit, weight)]


def _is_inverted(model: Model, fit: Fit, weight: str) -> bool:
    before, after = model.base.before[weight], model.base.after[weight]
    if not LEAST <= before.size <= MOST_ELEMENTS or after.shape != before.shape:
        return False
    slopes = differentiate(model, fit, weight)
    sizes = np.abs(slopes)
    is_large = sizes > LARGE * sizes.max()
    products = (slopes * (after - before))[is_large]
    is_varied = is_large.sum() >= LEAST and sizes.max() > APART * sizes[is_large].min()
    return bool(is_varied and products.max() < 0 and np.ptp(products) <= -CLOSE * products.mean())
