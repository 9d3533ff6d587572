"""Draw what a net has learned (weights, mistakes, confusion matrix), and the audit of two nets.

Each picture is an array (height, width, 3) of uint8. Shapes: N digits, H hidden neurons, C classes.
Pillow is used, since importing Matplotlib takes most of a second.
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.board.charts import LEAST, convert_ratio
from trainer.book.functions import Array

BLUE, RED = (33, 102, 172), (178, 24, 43)  # the colour-blind can distinguish these
SIDE = 28  # pixels of a digit
NEURONS, NEURONS_A_ROW = 100, 10  # hidden neurons whose weights are drawn
WORST, WORST_A_ROW = 20, 4  # mistakes that are drawn
ZOOM = 3  # pixels drawn for a side of each pixel of a mistake
LINE = 18  # pixels from one line of text to the next
SCALE_SIDE = 12  # pixels of the height of a scale of colours
CELL = 36  # pixels of a cell of the confusion matrix
AXES_LABEL = "label \\ guess"  # in the corner of the confusion matrix
UNIT = 13  # pixels of a power of ten in the picture of an audit
LARGEST = 6.0  # the largest power of ten that is drawn to scale
RATIO = 60  # pixels for a ratio behind its bar
FONT = ImageFont.load_default(LINE - 3)  # Pillow's own, the same on every machine


def make_canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a white picture, and what draws on it in our font."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.font = FONT
    return picture, draw


def measure_text(text: str) -> int:
    """Return the pixels of the width of a line of text."""
    return int(FONT.getlength(text)) + 1


def draw_weights(W1: Array) -> Array:
    """Draw the weights W1 (784, H) into each of the first NEURONS hidden neurons as an image.

    Negative weights are blue, positive ones red, 0 is white. All images share one scale, on which
    the largest weight has the full colour. It is drawn below them, with numbers.
    """
    tiles = np.nan_to_num(W1.T[:NEURONS].astype(np.float64)).reshape(-1, SIDE, SIDE)
    largest = float(np.abs(tiles).max())
    images = _arrange(_colour(tiles / max(largest, np.finfo(np.float64).tiny)), NEURONS_A_ROW)
    texts, height = (f"{-largest:.2g}", "0", f"{largest:.2g}"), len(images)
    width = max(images.shape[1], sum(measure_text(text) + 16 for text in texts))
    picture, draw = make_canvas(width, height + SCALE_SIDE + LINE + 8)
    picture.paste(Image.fromarray(images))
    scale = _colour(np.tile(np.linspace(-1, 1, width), (SCALE_SIDE, 1)))
    picture.paste(Image.fromarray(scale), (0, height + 4))
    for x, text, anchor in zip((0, width // 2, width - 1), texts, ("la", "ma", "ra"), strict=True):
        draw.text((x, height + SCALE_SIDE + 5), text, "black", anchor=anchor)
    return np.asarray(picture)


def _colour(shares: Array) -> Array:
    """Return colours (…, 3) of uint8 for shares (…) from −1, blue, over 0, white, to 1, red."""
    colours = np.where(shares[..., None] < 0, BLUE, RED)
    return (255 + (colours - 255) * np.abs(shares[..., None])).astype(np.uint8)


def draw_mistakes(pixels: Array, t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """Draw the WORST mistakes, with label, guess and the outputs y of both below each digit.

    The worst is first: that in which the guess's output exceeds the label's the most.
    pixels (N, 784) in [0, 1], labels t (N,), outputs y (N, C).
    """
    rows, guesses = np.arange(len(t)), y.argmax(axis=1)
    lead = y[rows, guesses] - y[rows, t]
    worst = [i for i in np.argsort(-lead, kind="stable")[:WORST] if guesses[i] != t[i]]
    captions = [
        [
            f"{what} {shorten_name(classes[k])}: {y[i, k]:.3f}"
            for what, k in (("label", t[i]), ("guess", guesses[i]))
        ]
        for i in worst
    ]
    digits = 1 - np.clip(pixels[worst], 0, 1)  # dark on white
    if not worst:
        captions, digits = [["no mistake", f"in {len(t)} digits"]], np.ones((1, SIDE**2))
    width = 8 + max(ZOOM * SIDE, *(measure_text(line) for lines in captions for line in lines))
    tiles = [_draw_digit(*each, width) for each in zip(digits, captions, strict=True)]
    return _arrange(np.stack(tiles), WORST_A_ROW)


def _draw_digit(digit: Array, lines: list[str], width: int) -> Array:
    """Draw a digit (784,) in [0, 1] with lines of text below: (height, width, 3)."""
    side = ZOOM * SIDE
    tile, draw = make_canvas(width, side + 2 * LINE + 4)
    image = Image.fromarray((255 * digit).astype(np.uint8).reshape(SIDE, SIDE))
    tile.paste(image.resize((side, side), Image.Resampling.NEAREST), ((width - side) // 2, 0))
    for i, line in enumerate(lines):
        draw.text((width // 2, side + LINE * i), line, "black", anchor="ma")
    return np.asarray(tile)


def count_guesses(t: Array, guesses: Array, classes: int) -> Array:
    """Return how many digits of each label t (N,), a row, got each guess (N,), a column: (C, C)."""
    return np.bincount(t * classes + guesses, minlength=classes**2).reshape(classes, classes)


def draw_confusion(t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """Draw the confusion matrix of labels t (N,) and outputs y (N, C) as a table."""
    counts = count_guesses(t, y.argmax(axis=1), y.shape[1])
    # The darkness of a cell is the root of its share of the row: rare mistakes are visible.
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    names = [name if name[0].isdigit() else f"{k} {name}" for k, name in enumerate(classes)]
    left, top = max(measure_text(name) for name in [*names, AXES_LABEL]) + 12, 2 * LINE
    picture, draw = make_canvas(left + CELL * len(counts), top + CELL * len(counts))
    cells = _colour(-shares).repeat(CELL, axis=0).repeat(CELL, axis=1)
    picture.paste(Image.fromarray(cells), (left, top))

    draw.text((left - 6, LINE), AXES_LABEL, "black", anchor="rm")
    middles = [CELL * k + CELL // 2 for k in range(len(counts))]
    for k, name in enumerate(names):
        draw.text((left - 6, top + middles[k]), name, "black", anchor="rm")
        draw.text((left + middles[k], LINE), str(k), "black", anchor="mm")
    for (i, k), count in np.ndenumerate(counts):
        ink = "white" if shares[i, k] > 0.6 else "black"
        draw.text((left + middles[k], top + middles[i]), str(count), ink, anchor="mm")
    return np.asarray(picture)


def shorten_name(name: str) -> str:
    """Return the first part of a class's name in torchvision: "7" for MNIST's "7 - seven"."""
    return name.split(" - ")[0]


def _arrange(tiles: Array, columns: int) -> Array:
    """Return n tiles (n, height, width, 3) in rows of columns tiles, a grey pixel between them."""
    columns = min(columns, len(tiles))
    missing = -len(tiles) % columns
    tiles = np.pad(tiles, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=255)
    tiles = np.pad(tiles, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=200)
    _, height, width, _ = tiles.shape
    rows = tiles.reshape(-1, columns, height, width, 3).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, 3)[:-1, :-1]


def draw_audit(ratios: Mapping[str, Mapping[str, float]]) -> Array:
    """Draw bars of the error / bound of each quantity, by side, on a logarithmic scale.

    A blue bar ends left of the line at 1 and is right. A red one crosses it and is wrong, and has
    its ratio behind it. The sides are below each other, since TensorBoard reduces wide pictures.
    """
    left = max((measure_text(name) for found in ratios.values() for name in found), default=0) + 10
    sides = [_draw_side(side, found, left) for side, found in ratios.items()]
    return np.concatenate(sides or [_draw_side("", {}, left)])


def _draw_side(side: str, ratios: Mapping[str, float], left: int) -> Array:
    """Draw the rows of a side; its bars begin left pixels from the edge."""
    top, bottom = 2 * LINE, LINE * (2 + len(ratios))
    picture, draw = make_canvas(left + int((LARGEST - LEAST) * UNIT) + RATIO, bottom + LINE)
    bound = left - int(LEAST * UNIT)
    draw.text((left, 0), f"{side}: error / bound", "black", anchor="la")
    draw.text((bound, LINE), "1", "black", anchor="ma")
    for y, (name, ratio) in zip(range(top, bottom, LINE), ratios.items(), strict=True):
        is_right = ratio <= 1  # not a number is wrong
        end = bound + int(min(convert_ratio(ratio), LARGEST) * UNIT)
        draw.text((left - 6, y), name, "black", anchor="ra")
        draw.rectangle((left, y + 3, end, y + LINE - 3), fill=BLUE if is_right else RED)
        if not is_right:
            draw.text((end + 4, y), f"{ratio:.1e}", "black", anchor="la")
    draw.line((bound, top, bound, bottom), fill="black", width=2)
    return np.asarray(picture)
