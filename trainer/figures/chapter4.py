"""Draw the book's chapter 4: losses, the numerical gradient, descent and its rates."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainer.book.functions import Array, cross_entropy_error, one_hot, softmax, squared_error
from trainer.book.gradient import gradient_descent, numerical_gradient
from trainer.figures.style import BLUE, GREEN, GREY, ORANGE, VERMILION, make_sheet, name_axes

START = np.array([-3.0, 4.0])  # the book's first point of a descent (chapter 4.4.1)
RATES = {"good": 0.1, "too large": 1.01, "too small": 0.003}
STYLES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "o"},
    {"color": VERMILION, "marker": "^", "linestyle": "--"},
    {"color": GREEN, "marker": "x", "linestyle": ":"},
)  # of the three RATES


def bowl(x: Array) -> Any:
    """Return the book's f(x) = x₀² + x₁² (chapter 4.3.3)."""
    return np.sum(x**2)


def parabola(x: float | Array) -> Any:
    """Return the book's f(x) = 0.01 x² + 0.1 x (chapter 4.3.2)."""
    return 0.01 * x**2 + 0.1 * x


def draw_losses() -> Figure:
    """Draw both losses as functions of the probability of the correct class (chapter 4.2)."""
    p = np.linspace(0.001, 1, 1000)
    y = np.stack([p, 1 - p], axis=-1)  # (1000, 2), class 0 is the correct one
    figure, axis = make_sheet(
        "What a wrong answer costs: squared error and cross-entropy",
        "The loss of one answer, over the probability that it gives to the correct one of two "
        "classes. Both are 0 where the answer is certain and correct. Where it is certain and "
        "wrong, at the left, the squared error is 1 while the cross-entropy grows without limit.",
        columns=1,
    )
    name_axes(axis, "", "y of the correct class", "loss")
    entropy = [cross_entropy_error(row, 0) for row in y]
    axis.plot(p, entropy, color=BLUE, label="cross_entropy_error: −log y")
    square = [squared_error(row, 0) for row in y]
    axis.plot(p, square, color=VERMILION, linestyle="--", label="squared_error: ½ Σ (y − t)²")
    axis.legend()
    return figure


def draw_one_hot_and_labels() -> Figure:
    """Draw that one-hot rows and labels give the same loss (chapter 4.2.4)."""
    t = np.array([7, 2, 1, 0, 4, 1])  # the first labels of MNIST's test set
    scores = np.random.default_rng(0).normal(size=(len(t), 10))
    y = softmax(2 * (scores + one_hot(t, scores)))
    figure, (table, bars) = make_sheet(
        "Labels or one-hot rows: the same loss",
        "Left: six answers y, dark where probable. The square marks the 1 of the one-hot row t, "
        "and the label at the right is the number of that column. Right: in −Σ t log y only that "
        "column counts, so both forms of t give the same loss, for each answer and for the batch.",
        size=(9, 4.8),
    )
    name_axes(table, "y, and where t is 1", "class", "answer")
    table.imshow(y, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    table.plot(t, np.arange(len(t)), "s", color=VERMILION, markersize=19, mfc="none", mew=2)
    table.set(xticks=range(10), yticks=range(len(t)))
    labels = table.secondary_yaxis("right")
    labels.set_yticks(range(len(t)), t)
    labels.set_ylabel("label")
    _plot_both_losses(bars, y, t)
    return figure


def _plot_both_losses(axis: Axes, y: Array, t: Array) -> None:
    """Plot the loss of each answer y (N, 10) and of the batch, by labels t (N,) and one-hot."""
    rows, place = one_hot(t, y), np.arange(len(t))
    name_axes(axis, "cross_entropy_error(y, t)", "answer", "loss")
    hot = [cross_entropy_error(a, row) for a, row in zip(y, rows, strict=True)]
    axis.bar(place, hot, color=ORANGE, label="t as one-hot rows")
    label = [cross_entropy_error(a, digit) for a, digit in zip(y, t, strict=True)]
    axis.plot(place, label, "x", color="black", markersize=9, mew=2, label="t as labels")
    mean = float(cross_entropy_error(y, rows)), float(cross_entropy_error(y, t))
    axis.axhline(mean[0], color=ORANGE, linewidth=4, label="mean of the bars")
    axis.axhline(mean[1], color="black", linestyle="--", label="mean of the crosses")
    axis.set_title(f"the batch: {mean[0]:.6f} one-hot, {mean[1]:.6f} labels", fontsize=10.5)
    axis.legend(fontsize=8.5)


def draw_tangents() -> Figure:
    """Draw numerical differentiation as the slope of a tangent (chapter 4.3.2)."""
    x = np.linspace(0, 20, 201)
    figure, (line, errors) = make_sheet(
        "Numerical differentiation: the slope at a point",
        "Left: f(x) = 0.01x² + 0.1x with the tangents whose slopes numerical_gradient finds. "
        "Right: the error of the slope of sin at 1 for each step h, in float64. Central "
        "differences are far better than forward ones. At small h the error comes from rounding, "
        "at large h from the curvature. Central differences have the least error near "
        "h = 5e-6. With the book's h = 1e-4 it is 1e-9, which is small enough.",
        size=(9, 4.9),
    )
    name_axes(line, "tangents at 5 and 10", "x", "f(x)")
    line.plot(x, parabola(x), color="black", label="f(x)")
    for at, color, style in (5.0, BLUE, "--"), (10.0, VERMILION, "-."):
        slope = float(numerical_gradient(parabola, at))
        tangent = parabola(at) + slope * (x - at)
        line.plot(x, tangent, color=color, linestyle=style, label=f"slope {slope:.4f} at {at:.0f}")
        line.plot(at, parabola(at), "o", color=color)
    _plot_errors(errors)
    line.legend(fontsize=8.5)
    return figure


def _plot_errors(axis: Axes) -> None:
    """Plot the errors of forward and central differences of sin at 1, over h."""
    h = np.logspace(-12, 0, 97)
    forward = (np.sin(1 + h) - np.sin(1)) / h
    central = np.array([float(numerical_gradient(np.sin, 1.0, step)) for step in h])
    name_axes(axis, "the error at each h", "h (log scale)", "error of the slope (log scale)")
    axis.loglog(h, np.abs(forward - np.cos(1)), color=VERMILION, linestyle="--", label="forward")
    axis.loglog(h, np.abs(central - np.cos(1)), color=BLUE, label="central (numerical_gradient)")
    axis.axvline(1e-4, color=GREY, linestyle=":", label="h = 1e-4")
    axis.legend(fontsize=8.5)


def draw_gradient_field() -> Figure:
    """Draw x₀² + x₁² and its gradient field (chapter 4.3.3, 4.4)."""
    side = np.linspace(-2, 2, 17)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # (289, 2)
    down = -np.array([numerical_gradient(bowl, point) for point in points])
    figure, (place, plane) = make_sheet(
        "f(x₀, x₁) = x₀² + x₁² and its gradient",
        "Left: a bowl with its lowest point at (0, 0). Right: −∇f by numerical_gradient, drawn on "
        "lines of equal f. Every arrow points to the lowest point and crosses the lines at a right "
        "angle. The arrows are longer where f is steeper.",
        size=(9, 5),
    )
    space = figure.add_subplot(place.get_subplotspec(), projection="3d")
    place.remove()
    x0, x1 = np.meshgrid(side, side)
    space.plot_surface(x0, x1, x0**2 + x1**2, cmap="cividis")
    name_axes(space, "the bowl", "x₀", "x₁")
    space.set_zlabel("f")
    name_axes(plane, "−∇f at each point", "x₀", "x₁")
    _draw_contours(plane, 2.3)
    plane.quiver(*points.T, *down.T, color=BLUE, angles="xy", scale_units="xy", scale=14)
    return figure


def draw_descents() -> Figure:
    """Draw gradient descent with a good, a too large and a too small rate (chapter 4.4.1)."""
    figure, axes = make_sheet(
        "Gradient descent on x₀² + x₁²: a good, a too large, a too small rate",
        "Twenty steps x ← x − η∇f from ■ (−3, 4). A good η reaches the lowest point. A too large "
        "one jumps over it and ends farther away each time. A too small one has hardly moved. "
        "Below: f at each step on a log scale; a constant rate of descent is a straight line.",
        rows=2,
        columns=3,
        size=(9, 6.4),
        height_ratios=(3, 2),
    )
    for (above, below), (name, lr), style in zip(axes.T, RATES.items(), STYLES, strict=True):
        path = gradient_descent(bowl, START, lr, steps=20)  # (21, 2)
        name_axes(above, f"η = {lr}: {name}", "x₀", "x₁")
        _draw_contours(above, 7)
        above.plot(*path.T, linewidth=1, markersize=5, **style)
        above.plot(*START, "s", color="black", markersize=7)
        name_axes(below, "", "step", "f (log scale)")
        below.semilogy([bowl(x) for x in path], markersize=4, **style)
        below.set_ylim(1e-3, 1e3)
    return figure


def _draw_contours(axis: Axes, edge: float) -> None:
    """Draw lines of equal x₀² + x₁² in the square from −edge to edge."""
    side = np.linspace(-edge, edge, 101)
    values = side**2 + side[:, None] ** 2
    axis.contour(side, side, values, levels=8, colors=GREY, linewidths=0.6)
    axis.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")
