"""Make the sheet of every picture, with its title and caption, and define the colours."""

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from trainer.book.functions import Array

# Okabe and Ito's palette, made for colour-blind readers (jfly.uni-koeln.de/color).
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, GREY = "#56B4E9", "#CC79A7", "#666666"
DPI = 100
LETTERS_PER_INCH = 14.5  # of a caption


def make_sheet(title: str, caption: str, rows: int = 1, columns: int = 2, **options: Any) -> Any:
    """Return a Figure and its axes as an array (columns,) or (rows, columns), or one axis.

    caption says what to see. options: size in inches, and those of Figure.subplots.
    """
    size = options.pop("size", (9, 4.6))
    figure = Figure(figsize=size, dpi=DPI, layout=ConstrainedLayoutEngine(h_pad=0.06))
    figure.suptitle(title, fontsize=13, fontweight="bold")
    text = textwrap.fill(caption, int(size[0] * LETTERS_PER_INCH))
    figure.supxlabel(text, x=0.015, ha="left", fontsize=9.5)
    return figure, figure.subplots(rows, columns, **options)


def name_axes(axis: Axes, title: str, x: str, y: str) -> None:
    """Write the title of a panel and the names of its x axis and y axis."""
    axis.set_title(title, fontsize=10.5)
    axis.set_xlabel(x)
    axis.set_ylabel(y)


def show_image(axis: Axes, image: Array, **options: Any) -> None:
    """Show an image without ticks, by default dark ink on white."""
    axis.imshow(image, **({"cmap": "gray_r"} | options))
    axis.set(xticks=[], yticks=[])


def render_pixels(figure: Figure) -> Array:
    """Return the drawn picture, uint8 (height, width, 3)."""
    canvas: Any = FigureCanvasAgg(figure)  # not pyplot, which would keep every figure alive
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
