"""What a net has learnt, drawn: its weights, its mistakes, its confusions.

Each picture is an array (height, width, 3) of uint8. Pillow draws, since importing Matplotlib
takes most of a second.
"""

from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from trainer.book.functions import Array

NEGATIVE, POSITIVE = (33, 102, 172), (178, 24, 43)  # a blue and a red that every eye tells apart
SIDE = 28  # pixels of a digit
NEURONS, NEURONS_A_ROW = 100, 10
WORST, WORST_A_ROW = 20, 5
ZOOM = 3  # of a digit with its caption
LINE = 14  # pixels from one line of text to the next
CELL = 36  # pixels of a count
CORNER = "label \\ guess"


def weights(W1: Array) -> Array:
    """The weights W1 (784, H) into each of the first NEURONS hidden neurons, as images.

    Negative is blue, positive red, 0 white; one scale for all, full colour the largest weight.
    """
    tiles = np.nan_to_num(W1.T[:NEURONS].astype(np.float64)).reshape(-1, SIDE, SIDE)
    tiles /= max(np.abs(tiles).max(), np.finfo(np.float64).tiny)
    ends = np.where(tiles[..., None] < 0, NEGATIVE, POSITIVE)
    return _grid(_blend(np.abs(tiles), ends), NEURONS_A_ROW)


def mistakes(pixels: Array, t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """The WORST digits: those whose guess leads their label by most, the worst first.

    Below each its label and the guess, with the output y of either.
    pixels (N, 784) in [0, 1], labels t (N,), outputs y (N, C).
    """
    rows, guesses = np.arange(len(t)), y.argmax(axis=1)
    lead = y[rows, guesses] - y[rows, t]
    worst = [i for i in np.argsort(-lead, kind="stable")[:WORST] if guesses[i] != t[i]]
    if not worst:
        captions = [("not one mistake", f"in {len(t)} digits")]
        return _captioned(np.zeros((1, SIDE * SIDE)), captions)[0]

    def caption(what: str, i: int, k: int) -> str:
        return f"{what} {short_name(classes[k])}: {y[i, k]:.3f}"

    captions = [(caption("label", i, t[i]), caption("guess", i, guesses[i])) for i in worst]
    return _grid(_captioned(pixels[worst], captions), WORST_A_ROW)


def counts(t: Array, y: Array) -> Array:
    """How many digits of each label, a row, were taken for each class, a column: (C, C)."""
    table = np.zeros((y.shape[1], y.shape[1]), np.int64)
    np.add.at(table, (t, y.argmax(axis=1)), 1)
    return table


def confusion(t: Array, y: Array, classes: tuple[str, ...]) -> Array:
    """The counts of labels t (N,) and outputs y (N, C), as a table.

    The darker a cell, the larger its share of the row, by the square root: rare mistakes show.
    """
    table = counts(t, y)
    shares = np.sqrt(table / np.maximum(table.sum(axis=1, keepdims=True), 1))
    names = [name if name[0].isdigit() else f"{k} {name}" for k, name in enumerate(classes)]
    left, top = max(_width(name) for name in [*names, CORNER]) + 12, 2 * LINE
    picture = Image.new("RGB", (left + CELL * len(table), top + CELL * len(table)), "white")
    cells = _blend(shares, np.array(NEGATIVE)).repeat(CELL, axis=0).repeat(CELL, axis=1)
    picture.paste(Image.fromarray(cells), (left, top))

    draw = ImageDraw.Draw(picture)
    _write(draw, left - 6, LINE, CORNER, "rm")
    middles = [CELL * k + CELL // 2 for k in range(len(table))]
    for k, name in enumerate(names):
        _write(draw, left - 6, top + middles[k], name, "rm")
        _write(draw, left + middles[k], LINE, str(k), "mm")
    for (i, k), count in np.ndenumerate(table):
        ink = "white" if shares[i, k] > 0.6 else "black"
        _write(draw, left + middles[k], top + middles[i], str(count), "mm", ink)
    return np.asarray(picture)


def short_name(name: str) -> str:
    """A class's name without what torchvision adds to MNIST's: "7 - seven" is 7."""
    return name.split(" - ")[0]


def _blend(share: Array, colour: Array) -> Array:
    """White where the share is 0, the colour where it is 1: (...) → (..., 3) uint8."""
    return (255 + (colour - 255) * share[..., None]).astype(np.uint8)


def _grid(tiles: Array, columns: int) -> Array:
    """Tiles (n, h, w, 3) side by side in rows, a grey pixel between them."""
    columns = min(columns, len(tiles))
    missing = -len(tiles) % columns
    tiles = np.pad(tiles, ((0, missing), (0, 0), (0, 0), (0, 0)), constant_values=255)
    tiles = np.pad(tiles, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=200)
    _, height, width, _ = tiles.shape
    rows = tiles.reshape(-1, columns, height, width, 3).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, 3)[:-1, :-1]


def _captioned(pixels: Array, captions: list[tuple[str, str]]) -> Array:
    """Digits (n, 784), dark on white, with two lines of text below each: (n, h, w, 3)."""
    digits = (255 * (1 - np.clip(pixels, 0, 1))).astype(np.uint8).reshape(-1, SIDE, SIDE)
    digits = digits.repeat(ZOOM, axis=1).repeat(ZOOM, axis=2)
    side = digits.shape[1]
    width = 8 + max(side, *(_width(line) for lines in captions for line in lines))
    tiles = []
    for digit, lines in zip(digits, captions, strict=True):
        tile = Image.new("RGB", (width, side + 2 * LINE + 4), "white")
        tile.paste(Image.fromarray(digit), ((width - side) // 2, 0))
        draw = ImageDraw.Draw(tile)
        for i, line in enumerate(lines):
            _write(draw, width // 2, side + LINE * i, line, "ma")
        tiles.append(np.asarray(tile))
    return np.stack(tiles)


def _write(
    draw: ImageDraw.ImageDraw, x: int, y: int, text: str, anchor: str, ink: str = "black"
) -> None:
    draw.text((x, y), text, fill=ink, font=_font(), anchor=anchor)


def _width(text: str) -> int:
    return int(_font().getlength(text)) + 1


@cache
def _font() -> Any:
    return ImageFont.load_default(LINE - 3)  # Pillow's own, the same on every machine
