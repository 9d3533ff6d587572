"""Draw digits that are not MNIST's: `python tests/sheet.py` writes docs/digits.png."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SHEET = Path(__file__).resolve().parents[1] / "docs" / "digits.png"
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
CELL = 96
# The font (None for a pen), ink and paper of each row; the paper of one row is transparent.
ROWS = (
    ("DejaVuSans", "black", "white"),
    ("DejaVuSans-Oblique", "white", "#202830"),
    ("DejaVuSansMono", "#b02020", "#e8e0c8"),
    ("DejaVuSerif-Italic", "#1040a0", "#00000000"),
    ("STIXGeneral", "#f0e060", "#305030"),
    (None, "#203080", "#ffffff"),
    (None, "#f0f0f0", "#401818"),
    (None, "#404040", "#d0d0d0"),
)
# The strokes of each digit: the points of a pen in a square of 10 × 10.
STROKES = (
    [[(5, 1), (2.6, 2.4), (2, 5), (2.7, 8), (5, 9), (7.4, 7.8), (8, 5), (7.2, 2.2), (5, 1)]],
    [[(4, 2.5), (5.4, 1), (5, 9)]],
    [[(2.2, 3), (3.4, 1.3), (6, 1.1), (7.4, 3), (6, 5.4), (2, 8.8), (8, 8.6)]],
    [[(2.5, 1.6), (6, 1), (7.3, 2.6), (6, 4.5), (4.4, 4.8), (7, 5.6), (7.6, 7.4), (5, 9), (2, 8)]],
    [[(4, 1), (2.2, 5.6), (8, 5.4)], [(6.6, 3), (6, 9.2)]],
    [[(7.4, 1.2), (3.2, 1.3), (2.8, 4.6), (6, 4.4), (7.6, 6.4), (6, 8.7), (2.4, 8.6)]],
    [[(6.6, 1), (3.6, 3.6), (2.4, 7), (4, 9), (6.6, 8.4), (7, 6.2), (5, 5.2), (2.8, 6.6)]],
    [[(2, 1.6), (8, 1.2), (5.4, 5), (4.2, 9)]],
    [[(7, 2), (4.6, 1), (3, 2.6), (6.8, 6.4), (6.4, 8.6), (4, 9), (3, 7), (6.8, 3.6), (7, 2)]],
    [[(7, 3), (5, 1.2), (3, 2.8), (3.6, 4.8), (6, 4.6), (7, 2.6), (6.6, 6), (6, 9)]],
)


def draw_cell(row: int, digit: int) -> Image.Image:
    """Return a digit in the style of that row, RGBA."""
    font, ink, paper = ROWS[row]
    scale = 4  # drawn large, so that its edges are smooth
    image = Image.new("RGBA", (CELL * scale, CELL * scale), paper)
    draw = ImageDraw.Draw(image)
    if font:
        face = ImageFont.truetype(str(FONTS / f"{font}.ttf"), 64 * scale)
        draw.text((CELL * scale / 2, CELL * scale / 2), str(digit), ink, face, anchor="mm")
    else:
        unit, pen = CELL * scale / 12, (7 + 2 * (row % 2)) * scale
        for stroke in STROKES[digit]:
            points = [(unit * (x + 1), unit * (y + 1)) for x, y in stroke]
            draw.line(points, ink, pen, joint="curve")
            for x, y in points:
                draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), ink)
    image = image.resize((CELL, CELL), Image.Resampling.LANCZOS)
    return _add_shade(image) if row == len(ROWS) - 1 else image


def _add_shade(image: Image.Image) -> Image.Image:
    """Return the image as a photograph would show it: darker towards one corner, and grainy."""
    rgb = np.asarray(image.convert("RGB"), float)
    y, x = np.indices(rgb.shape[:2])
    light = 1 - 0.35 * (x + y) / (2 * CELL)
    grain = np.random.default_rng(0).normal(0, 4, rgb.shape[:2])
    return Image.fromarray(np.uint8(np.clip(rgb * light[..., None] + grain[..., None], 0, 255)))


def draw_sheet() -> Image.Image:
    """Return all rows of the digits 0 to 9, from left to right."""
    sheet = Image.new("RGBA", (10 * CELL, len(ROWS) * CELL))
    for row in range(len(ROWS)):
        for digit in range(10):
            sheet.paste(draw_cell(row, digit), (digit * CELL, row * CELL))
    return sheet


def cut_sheet(sheet: Image.Image) -> list[tuple[int, Image.Image]]:
    """Return each digit of a sheet and its picture."""
    width, height = sheet.width // CELL, sheet.height // CELL
    return [
        (x, sheet.crop((x * CELL, y * CELL, (x + 1) * CELL, (y + 1) * CELL)))
        for y in range(height)
        for x in range(width)
    ]


if __name__ == "__main__":
    SHEET.parent.mkdir(exist_ok=True)
    draw_sheet().save(SHEET, optimize=True)
