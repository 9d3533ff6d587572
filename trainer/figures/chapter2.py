"""Draw the book's chapter 2: the planes of the gates, XOR by stacking, XOR learned."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from trainer.book.functions import Array
from trainer.book.perceptron import AND, INPUTS, NAND, OR, XOR
from trainer.figures.style import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION, make_sheet, name_axes
from trainer.nets.numpy_net import TwoLayerNet

LIMITS = -0.5, 1.5  # of both axes of a plane
SHADES = LinearSegmentedColormap.from_list("shades", ["#FFFFFF", "#9CCAE8"])  # from 0 to 1
STEPS, RATE = 1000, 1.0  # steps and learning rate of the net that learns XOR


def draw_gates() -> Figure:
    """Draw AND, NAND and OR, each as a plane that the gate's line splits (chapter 2.3)."""
    figure, axes = make_sheet(
        "AND, NAND, OR: one straight line each",
        "A perceptron gives 1 (blue, ▲) on one side of the line w₁x₁ + w₂x₂ + b = 0 and 0 (○) on "
        "the other. The three gates differ only in where that line lies and on which side they "
        "give 1. AND and NAND share a line.",
        columns=3,
        size=(9, 3.9),
    )
    for axis, (name, gate) in zip(axes, {"AND": AND, "NAND": NAND, "OR": OR}.items(), strict=True):
        numbers = f"{name}: w = {gate.w}, b = {gate.b}".replace("-", "−")
        name_axes(axis, numbers, "x₁", "x₂")
        _shade_plane(axis, gate)
        _draw_line(axis, gate.w, gate.b, color="black")
    return figure


def draw_xor() -> Figure:
    """Draw XOR in the plane of its inputs and of its first layer (chapter 2.4, 2.5)."""
    figure, (inputs, hidden) = make_sheet(
        "XOR: no single line, but two",
        "Left: no straight line has both ▲ on one side and both ○ on the other, but both ▲ lie in "
        "the strip between the lines of NAND and OR. Right: the outputs of NAND and OR as axes. "
        "(0, 1) and (1, 0) fall on one point, and now one line, AND's, is enough.",
    )
    name_axes(inputs, "XOR in the plane of its inputs", "x₁", "x₂")
    _shade_plane(inputs, XOR)
    _draw_line(inputs, NAND.w, NAND.b, color=VERMILION, label="NAND's line")
    _draw_line(inputs, OR.w, OR.b, color=GREEN, linestyle="--", label="OR's line")
    inputs.legend(loc="upper right", fontsize=8)
    name_axes(hidden, "the same in the plane of the first layer", "s₁ = NAND(x)", "s₂ = OR(x)")
    s = np.stack([NAND(INPUTS), OR(INPUTS)], axis=-1)
    _shade_plane(hidden, AND, points=s)
    _draw_line(hidden, AND.w, AND.b, color="black", label="AND's line")
    for point, offset in ((1, 0), -20), ((0, 1), -20), ((1, 1), 12):
        origins = [
            f"({x}, {y})" for (x, y), at in zip(INPUTS, s, strict=True) if (at == point).all()
        ]
        place = {"xytext": (0, offset), "textcoords": "offset points", "ha": "center"}
        hidden.annotate("from " + " and ".join(origins), point, fontsize=8, **place)
    hidden.legend(loc="lower left", fontsize=8)
    return figure


def draw_stacked_xor() -> Figure:
    """Draw how XOR is stacked from NAND, OR and AND, with its truth table (chapter 2.5.2)."""
    figure, (wiring, table) = make_sheet(
        "XOR is NAND and OR stacked under AND",
        "Left: both inputs go to NAND and to OR, and their outputs go to AND. Right: the truth "
        "table, computed by those perceptrons: y is 1 where exactly one input is 1. Two layers do "
        "what one layer cannot.",
        size=(9, 3.8),
        width_ratios=(3, 2),
    )
    for axis, title in (wiring, "the wiring"), (table, "the truth table"):
        axis.set_title(title, fontsize=10.5)
        axis.axis("off")
    places = {"x₁": (0, 1), "x₂": (0, 0), "NAND": (1, 1), "OR": (1, 0), "AND": (2, 0.5)}
    wires = "x₁>NAND x₁>OR x₂>NAND x₂>OR NAND>AND OR>AND AND>y"
    _draw_wiring(wiring, places | {"y": (2.8, 0.5)}, wires)
    rows = np.column_stack([INPUTS, NAND(INPUTS), OR(INPUTS), XOR(INPUTS)])
    names = ["x₁", "x₂", "s₁ = NAND", "s₂ = OR", "y = AND(s)"]
    widths = [0.1, 0.1, 0.29, 0.25, 0.3]
    cells = table.table(rows.tolist(), None, "center", widths, colLabels=names, loc="center")
    cells.auto_set_font_size(False)
    cells.set_fontsize(9.5)
    cells.scale(1, 1.9)
    return figure


def draw_learned_xor() -> Figure:
    """Draw what a trained TwoLayerNet of two hidden neurons computes (chapter 2.5, 4.5)."""
    net, losses = learn_xor(seed=1)
    _, stuck = learn_xor(seed=3)
    figure, (plane, curve) = make_sheet(
        "XOR learned: a two-layer net finds two lines by itself",
        "Left: the probability that a net with two sigmoid neurons gives to y = 1 after "
        f"{STEPS} steps on the four rows. Each dashed line is where one hidden neuron is at ½. "
        "Like the lines of NAND and OR, they leave a strip between them, here around the ○. Right: "
        "the loss of that run falls. From other random weights the same net can stay on a plateau, "
        "with XOR half learned.",
        size=(9, 4.9),
    )
    name_axes(plane, "the probability of y = 1", "x₁", "x₂")
    levels = np.linspace(0, 1, 11)
    shades = _shade_plane(plane, lambda x: net.predict(x)[:, 1], levels=levels, labels=XOR)
    figure.colorbar(shades, ax=plane, ticks=[0, 0.5, 1])
    for w, b, color in zip(net.params["W1"].T, net.params["b1"], (VERMILION, GREEN), strict=True):
        _draw_line(plane, w, b, color=color, linestyle="--")
    name_axes(curve, "its loss while it learns", "step", "cross-entropy (log scale)")
    curve.semilogy(losses, color=BLUE, label="this run (seed 1)")
    curve.semilogy(stuck, color=ORANGE, linestyle="--", label="a run that is stuck (seed 3)")
    curve.legend(fontsize=8)
    return figure


def learn_xor(seed: int) -> tuple[TwoLayerNet, list[float]]:
    """Train a 2-2-2 net on the four rows of XOR; return it and its loss before each step."""
    net = TwoLayerNet(2, 2, 2, weight_init_std=1.0, seed=seed, dtype="float64")
    losses = []
    for _ in range(STEPS):
        losses.append(net.loss(INPUTS, XOR(INPUTS)))
        net.step(INPUTS, XOR(INPUTS), RATE)
    return net, losses


def _shade_plane(
    axis: Axes,
    function: Callable[[Array], Array],
    levels: ArrayLike = (-0.5, 0.5, 1.5),
    points: Array = INPUTS,
    labels: Callable[[Array], Array] | None = None,
) -> ContourSet:
    """Shade the plane by the values of function at x (N, 2), and mark points (n, 2).

    ▲ marks a point where labels, by default function, gives 1, and ○ one where it gives 0.
    """
    side = np.linspace(*LIMITS, 201)
    grid = np.stack(np.meshgrid(side, side), axis=-1)  # (201, 201, 2)
    values = np.asarray(function(grid.reshape(-1, 2)), np.float64).reshape(grid.shape[:2])
    shades = axis.contourf(side, side, values, levels=levels, cmap=SHADES)
    is_one = np.asarray((labels or function)(points)) == 1
    black: Any = {"edgecolor": "black", "zorder": 3}
    x, y = points.T
    axis.scatter(x[is_one], y[is_one], s=90, marker="^", color=BLUE, **black)
    axis.scatter(x[~is_one], y[~is_one], s=80, marker="o", color="white", **black)
    axis.set(xlim=LIMITS, ylim=LIMITS, aspect="equal", xticks=(0, 1), yticks=(0, 1))
    return shades


def _draw_line(axis: Axes, w: Sequence[float] | Array, b: float, **options: Any) -> None:
    """Draw the line w₁x₁ + w₂x₂ + b = 0."""
    nearest = -b * np.asarray(w) / np.dot(w, w)  # the point of the line that is nearest to 0
    axis.axline(nearest, nearest + np.array([-w[1], w[0]]), linewidth=2, **options)


def _draw_wiring(axis: Axes, places: dict[str, tuple[float, float]], wires: str) -> None:
    """Draw boxes at their places, joined by arrows written "from>to"."""
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.5", "facecolor": SKY if name.isupper() else "white"}
        axis.text(x, y, name, ha="center", va="center", fontsize=12, bbox=box, zorder=3)
    for wire in wires.split():
        start, stop = wire.split(">")
        arrow = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 22, "shrinkB": 26, "lw": 1.5}
        axis.annotate("", places[stop], places[start], arrowprops=arrow)
    axis.set(xlim=(-0.3, 3.0), ylim=(-0.4, 1.4))
