"""Draw what a net has learned: its weights, its mistakes and its confusion matrix.

Each picture is an array (height, width, 3) of uint8. Shapes: N digits, H hidden neurons, C classes.
Pillow is used, since importing Matplotlib takes most of a second.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

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


def draw_weights(W1: Array) -> Array:
    """Draw the weights W1 (784, H) into each of the first NEURONS hidden neurons as an image.

    Negative weights are blue, positive ones red, 0 is white. All images share one scale, on which
    the largest weight has the full colour. It is drawn below them.
    """
    tiles = np.nan_to_num(W1.T[:NEURONS].astype(np.float64)).reshape(-1, SIDE, SIDE)
    largest = float(np.abs(tiles).max())
    images = _arrange(_colour(tiles / max(largest, np.finfo(np.float64).tiny)), NEURONS_A_ROW)
    scale = _draw_scale(largest, images.shape[1])
    missing = scale.shape[1] - images.shape[1]
    images = np.pad(images, ((0, 0), (0, missing), (0, 0)), constant_values=255)
    return np.concatenate([images, scale])


def _colour(shares: Array) -> Array:
    """Return colours (…, 3) of uint8 for shares (…) from −1, blue, over 0, white, to 1, red."""
    return _blend(np.abs(shares), np.where(shares[..., None] < 0, BLUE, RED))


def _draw_scale(largest: float, width: int) -> Array:
    """Draw the colours from −largest to largest with numbers below, at least width pixels wide."""
    texts = f"{-largest:.2g}", "0", f"{largest:.2g}"
    width = max(width, sum(measure_text(text) + 16 for text in texts))
    picture = Image.new("RGB", (width, SCALE_SIDE + LINE + 8), "white")
    strip = _colour(np.tile(np.linspace(-1, 1, width), (SCALE_SIDE, 1)))
    picture.paste(Image.fromarray(strip), (0, 4))
    draw = ImageDraw.Draw(picture)
    for x, text, anchor in zip((0, width // 2, width - 1), texts, ("la", "ma", "ra"), strict=True):
        draw_text(draw, x, SCALE_SIDE + 5, text, anchor)
    return np.asarray(picture)


def draw_mistakes(pixels: Array, t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """Draw the WORST mistakes, with label, guess and the outputs y of both below each digit.

    The worst is first: that in which the guess's output exceeds the label's the most.
    pixels (N, 784) in [0, 1], labels t (N,), outputs y (N, C).
    """
    rows, guesses = np.arange(len(t)), y.argmax(axis=1)
    lead = y[rows, guesses] - y[rows, t]
    worst = [i for i in np.argsort(-lead, kind="stable")[:WORST] if guesses[i] != t[i]]
    if not worst:
        captions = [("no mistake", f"in {len(t)} digits")]
        return _draw_digits(np.zeros((1, SIDE * SIDE)), captions)[0]

    def describe_output(what: str, i: int, k: int) -> str:
        return f"{what} {shorten_name(classes[k])}: {y[i, k]:.3f}"

    captions = [
        (describe_output("label", i, t[i]), describe_output("guess", i, guesses[i])) for i in worst
    ]
    return _arrange(_draw_digits(pixels[worst], captions), WORST_A_ROW)


def count_guesses(t: Array, guesses: Array, classes: int) -> Array:
    """Return the confusion matrix (C, C): how many digits of each label got each guess.

    Its rows are the labels t (N,), its columns the guesses (N,). classes is C.
    """
    return np.bincount(t * classes + guesses, minlength=classes**2).reshape(classes, classes)


def draw_confusion(t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """Draw the confusion matrix of labels t (N,) and outputs y (N, C) as a table.

    The darkness of a cell is the square root of its share of the row, so that rare mistakes are
    visible.
    """
    counts = count_guesses(t, y.argmax(axis=1), y.shape[1])
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    names = [name if name[0].isdigit() else f"{k} {name}" for k, name in enumerate(classes)]
    left, top = max(measure_text(name) for name in [*names, AXES_LABEL]) + 12, 2 * LINE
    picture = Image.new("RGB", (left + CELL * len(counts), top + CELL * len(counts)), "white")
    cells = _blend(shares, np.array(BLUE)).repeat(CELL, axis=0).repeat(CELL, axis=1)
    picture.paste(Image.fromarray(cells), (left, top))

    draw = ImageDraw.Draw(picture)
    draw_text(draw, left - 6, LINE, AXES_LABEL, "rm")
    middles = [CELL * k + CELL // 2 for k in range(len(counts))]
    for k, name in enumerate(names):
        draw_text(draw, left - 6, top + middles[k], name, "rm")
        draw_text(draw, left + middles[k], LINE, str(k), "mm")
    for (i, k), count in np.ndenumerate(counts):
        ink = "white" if shares[i, k] > 0.6 else "black"
        draw_text(draw, left + middles[k], top + middles[i], str(count), "mm", ink)
    return np.asarray(picture)


def shorten_name(name: str) -> str:
    """Return the first part of a class's name in torchvision: "7" for MNIST's "7 - seven"."""
    return name.split(" - ")[0]


def _blend(share: Array, colour: Array) -> Array:
    """Mix white (share 0) with the colour (share 1): (…, 3) of uint8 for shares (…)."""
    return (255 + (colour - 255) * share[..., None]).astype(np.uint8)


def _arrange(tiles: Array, columns: int) -> Array:
    """Return n tiles (n, height, width, 3) in rows of columns tiles, a grey pixel between them."""
    columns = min(columns, len(tiles))
    missing = -len(tiles) % columns
    tiles = np.pad(tiles, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=255)
    tiles = np.pad(tiles, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=200)
    _, height, width, _ = tiles.shape
    rows = tiles.reshape(-1, columns, height, width, 3).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, 3)[:-1, :-1]


def _draw_digits(pixels: Array, captions: list[tuple[str, str]]) -> Array:
    """Draw n digits (n, 784) dark on white with two lines below: (n, height, width, 3)."""
    digits = (255 * (1 - np.clip(pixels, 0, 1))).astype(np.uint8).reshape(-1, SIDE, SIDE)
    digits = digits.repeat(ZOOM, axis=1).repeat(ZOOM, axis=2)
    side = digits.shape[1]
    width = 8 + max(side, *(measure_text(line) for lines in captions for line in lines))
    tiles = []
    for digit, lines in zip(digits, captions, strict=True):
        tile = Image.new("RGB", (width, side + 2 * LINE + 4), "white")
        tile.paste(Image.fromarray(digit), ((width - side) // 2, 0))
        draw = ImageDraw.Draw(tile)
        for i, line in enumerate(lines):
            draw_text(draw, width // 2, side + LINE * i, line, "ma")
        tiles.append(np.asarray(tile))
    return np.stack(tiles)


def draw_text(
    draw: ImageDraw.ImageDraw, x: int, y: int, text: str, anchor: str, ink: str = "black"
) -> None:
    """Draw a line of text at (x, y), which is the place of the anchor in Pillow's letters."""
    draw.text((x, y), text, fill=ink, font=_load_font(), anchor=anchor)


def measure_text(text: str) -> int:
    """Return the pixels of the width of a line of text."""
    return int(_load_font().getlength(text)) + 1


@cache
def _load_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(LINE - 3)  # Pillow's own, the same on every machine
