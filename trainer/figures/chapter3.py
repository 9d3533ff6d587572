"""Draw the book's chapter 3: activations, softmax and its overflow, preparations of inputs."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainer.book.functions import (
    Array,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
    step_function,
)
from trainer.common.settings import Preprocess
from trainer.data.digits import Digits, prepare_digits
from trainer.figures.style import BLUE, GREEN, GREY, VERMILION, make_sheet, name_axes, show_image

SCORES = np.array([0.3, 2.9, 4.0], np.float32)  # the book's example of softmax (chapter 3.5.1)


def draw_step_and_sigmoid() -> Figure:
    """Draw the step function against the sigmoid (chapter 3.2)."""
    a = np.linspace(-6, 6, 1201)
    figure, (values, slopes) = make_sheet(
        "Step and sigmoid",
        "Left: both go from 0 to 1, the step at once, the sigmoid smoothly, so that its output can "
        "say how sure it is. Right: the slope of the step is 0 everywhere but at 0, so gradient "
        "descent has nothing to follow. The sigmoid's slope is at most ¼, and nearly 0 for large "
        "|a|, where it saturates.",
    )
    name_axes(values, "their values", "a", "h(a)")
    values.plot(a, step_function(a), color=VERMILION, linestyle="--", label="step_function")
    values.plot(a, sigmoid(a), color=BLUE, label="sigmoid")
    name_axes(slopes, "their slopes", "a", "h′(a)")
    slopes.plot(a, np.zeros_like(a), color=VERMILION, linestyle="--", label="of step_function")
    slopes.plot(a, sigmoid_grad(a), color=BLUE, label="sigmoid_grad")
    slopes.set_ylim(-0.02, 0.3)
    _add_legends(values, slopes)
    return figure


def draw_relu() -> Figure:
    """Draw ReLU and its slope (chapter 3.2.7)."""
    a = np.linspace(-3, 3, 601)
    figure, (values, slopes) = make_sheet(
        "ReLU",
        "Left: a negative input becomes 0, a positive one stays as it is. Right: the slope is 1 "
        "for every positive a, however large, while the sigmoid's goes to 0. At 0 the slope is not "
        "defined; this project takes 0, as torch does (the book takes 1).",
        size=(9, 4.2),
    )
    name_axes(values, "relu", "a", "h(a)")
    values.plot(a, relu(a), color=BLUE, label="relu")
    values.plot(a, sigmoid(a), color=GREY, linestyle="--", label="sigmoid, to compare")
    name_axes(slopes, "relu_grad", "a", "h′(a)")
    slopes.plot(a[a < 0], relu_grad(a[a < 0]), color=BLUE, label="relu_grad")
    slopes.plot(a[a > 0], relu_grad(a[a > 0]), color=BLUE)
    slopes.plot(0, relu_grad(0), "o", color=BLUE)
    slopes.plot(a, sigmoid_grad(a), color=GREY, linestyle="--", label="sigmoid_grad")
    _add_legends(values, slopes)
    return figure


def draw_softmax_overflow() -> Figure:
    """Draw softmax of inputs that all grow by the same c, naive and shifted (chapter 3.5.2)."""
    c = np.linspace(-160, 160, 641, dtype=np.float32)
    figure, axes = make_sheet(
        "Softmax of growing inputs: naive and shifted",
        "The same c is added to the three inputs 0.3, 2.9 and 4.0, in float32. "
        "It cancels, so the lines should be level. Left: written naively, e^a overflows from "
        "a ≈ 89 (∞ / ∞), and below a ≈ −104 all three e^a are 0 (0 / 0); grey marks where y is "
        "nan. Right: with the largest input subtracted first, the result is right for any c.",
        sharey=True,
    )
    panels = {"naive: e^a / Σ e^a": naive_softmax, "shifted: softmax": softmax}
    for axis, (title, function) in zip(axes, panels.items(), strict=True):
        name_axes(axis, title, "c, added to every input", "y")
        _plot_probabilities(axis, c, function(SCORES + c[:, None]))
    _add_legends(axes[1], loc="center right")
    return figure


def naive_softmax(a: Array) -> Array:
    """Return softmax over the last axis as the formula is written; its overflow gives nan."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)


def draw_preparations(digits: Digits) -> Figure:
    """Draw pixels raw, standardised and whitened (chapter 3.6.3)."""
    count = 6
    figure, axes = make_sheet(
        "Pixels raw, standardised, whitened",
        "Six training images after each preparation, light to dark from −2 to 2 deviations (raw: "
        "0 to 1), and two neighbouring pixels of 500 images. Raw, the two are correlated. "
        "Standardised, they have mean 0 and deviation 1 and the same correlation. Whitened, they "
        "are not correlated: what is left is what a neighbour does not predict, mostly edges.",
        rows=3,
        columns=count + 1,
        size=(9, 6.2),
        width_ratios=[1] * count + [1.7],
    )
    names: dict[Preprocess, str]
    names = {"normalise": "raw", "standardise": "standardised", "whiten": "whitened"}
    chosen = [int(np.argmax(digits.t_train == digit)) for digit in range(count)]
    for row, (preparation, name) in zip(axes, names.items(), strict=True):
        x = prepare_digits(digits, preparation).x_train
        low, high = (0, 1) if name == "raw" else (-2, 2)
        for axis, image in zip(row, x[chosen], strict=False):
            show_image(axis, image.reshape(28, 28), vmin=low, vmax=high)
        row[0].set_ylabel(name)
        _plot_neighbours(row[-1], x[:500])
    return figure


def _plot_neighbours(axis: Axes, x: Array) -> None:
    """Plot a pixel in the middle of each of N images x (N, 784) against its right neighbour."""
    left, right = x[:, 14 * 28 + 13], x[:, 14 * 28 + 14]
    correlation = np.corrcoef(left, right)[0, 1]
    title = f"correlation {correlation:.2f}".replace("-", "−")
    name_axes(axis, title, "pixel (14, 13)", "(14, 14)")
    axis.plot(left, right, ".", color=BLUE, markersize=3, alpha=0.5)


def _plot_probabilities(axis: Axes, c: Array, y: Array) -> None:
    """Plot the three outputs y (n, 3) over c (n,), and fill the range where they are nan."""
    styles = zip(SCORES, y.T, (VERMILION, GREEN, BLUE), (":", "--", "-"), strict=True)
    for score, line, color, style in styles:
        label = f"a = {score:.1f} + c"
        axis.plot(c, line, color=color, linestyle=style, linewidth=2.2, label=label)
    axis.fill_between(c, 0, 1, where=np.isnan(y).any(axis=1), color=GREY, alpha=0.3, label="nan")
    axis.set_ylim(0, 1)


def _add_legends(*axes: Axes, loc: Any = "best") -> None:
    for axis in axes:
        axis.legend(fontsize=8.5, loc=loc)
