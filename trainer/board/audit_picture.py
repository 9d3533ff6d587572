"""Draw the audit of a comparison: how near the error of each quantity is to its bound."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from trainer.board.charts import LEAST, convert_ratio
from trainer.board.pictures import BLUE, LINE, RED, draw_text, measure_text
from trainer.book.functions import Array

UNIT = 13  # pixels of a power of ten
TOP = 2 * LINE  # pixels above the first row
LARGEST = 6.0  # the largest power of ten that is drawn to scale
RATIO = 60  # pixels for a ratio behind its bar


def draw_audit(ratios: Mapping[str, Mapping[str, float]]) -> Array:
    """Draw bars of the error / bound of each quantity, by side, on a logarithmic scale.

    A blue bar ends left of the line at 1 and is right. A red one crosses it and is wrong, and has
    its ratio behind it. The sides are below each other, since TensorBoard reduces wide pictures.
    Returns a picture (height, width, 3) of uint8.
    """
    names = [name for found in ratios.values() for name in found]
    left = max([measure_text(name) for name in names], default=0) + 10
    width = left + int((LARGEST - LEAST) * UNIT) + RATIO
    sides = [_draw_side(side, found, left, width) for side, found in ratios.items()]
    return np.concatenate(sides or [np.full((TOP, width, 3), 255, np.uint8)])


def _draw_side(side: str, ratios: Mapping[str, float], left: int, width: int) -> Array:
    """Draw the rows of a side; its bars begin left pixels from the edge."""
    picture = Image.new("RGB", (width, TOP + LINE * len(ratios) + LINE), "white")
    draw, bound = ImageDraw.Draw(picture), left - int(LEAST * UNIT)
    draw_text(draw, left, 0, f"{side}: error / bound", "la")
    draw_text(draw, bound, LINE, "1", "ma")
    for row, (name, ratio) in enumerate(ratios.items()):
        y, is_right = TOP + LINE * row, ratio <= 1  # not a number is wrong
        end = bound + int(min(convert_ratio(ratio), LARGEST) * UNIT)
        draw_text(draw, left - 6, y, name, "ra")
        draw.rectangle((left, y + 3, end, y + LINE - 3), fill=BLUE if is_right else RED)
        if not is_right:
            draw_text(draw, end + 4, y, f"{ratio:.1e}", "la")
    draw.line((bound, TOP, bound, TOP + LINE * len(ratios)), fill="black", width=2)
    return np.asarray(picture)
