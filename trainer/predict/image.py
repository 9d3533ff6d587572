"""Images as people have them, made into what MNIST's images are.

As its authors describe it (yann.lecun.com/exdb/mnist): light on dark, the ink scaled to fit
20 × 20 with its aspect kept, its centre of mass in the middle of 28 × 28.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from trainer.book.functions import Array
from trainer.common.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PPM")  # libtiff prints, EPS runs a program
MOST_PIXELS = 50_000_000  # of a phone's largest photographs
WORK = 400  # pixels of the longer side that are worth looking at
SIDE, BOX = 28, 20
NOISE, FULL = 0.2, 0.8  # of the strongest ink: below is paper, above is ink
FAINT = 16  # grey levels of 255 between paper and ink, at least


def read(path: Path) -> Array:
    """The digit of an image file as (28, 28) uint8, light on dark, as MNIST has it.

    Raises InputError where the file is no image, a too large one, or shows nothing.
    """
    try:
        if not path.is_file():  # a folder, a pipe, which would wait, or nothing
            raise InputError(f"{path}: there is no such file")
    except OSError as error:  # no permission to look, a name too long
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on files that it can read
            with Image.open(path, formats=FORMATS) as image:
                grey = _grey(path, image)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(f"{path}: more than {MOST_PIXELS:,} pixels: make it smaller") from None
    except Exception as error:  # of a broken file Pillow raises nearly any
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise InputError(
            f"{path}: cannot be read as an image ({reason}): give {', '.join(FORMATS)}"
        ) from error
    ink = _ink(grey)
    if ink is None:
        raise InputError(f"{path}: shows no digit: it has one colour all over")
    return centred(ink)


def _grey(path: Path, image: Image.Image) -> Array:
    """Brightness (h, w) float in 0 … 255, upright, at most WORK pixels a side."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise InputError(f"{path}: {width} × {height} pixels are too many: make it smaller")
    image.draft("RGB", (WORK, WORK))  # a large JPEG is decoded small
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":  # 16 bits and more: into 8
        levels = np.asarray(image, np.float32)
        low, high = levels.min(), levels.max()
        image = Image.fromarray(np.uint8(255 * (levels - low) / np.maximum(high - low, 1e-30)))
    if image.has_transparency_data:
        image = _on_paper(image.convert("RGBA"))
    image = image.convert("RGB").convert("L")
    image.thumbnail((WORK, WORK), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def _on_paper(image: Image.Image) -> Image.Image:
    """The image on white, or on black where what can be seen of it is light."""
    image.thumbnail((WORK, WORK), Image.Resampling.BOX)
    alpha = np.asarray(image.getchannel("A"), np.float64)
    grey = np.asarray(image.convert("L"), np.float64)
    light = (alpha * grey).sum() > 127.5 * alpha.sum()
    paper = Image.new("RGBA", image.size, "black" if light else "white")
    return Image.alpha_composite(paper, image)


def _ink(grey: Array) -> Array | None:
    """How much ink is where, (h, w) in 0 … 1; None where there is none.

    Paper is what the border shows, an evenly slanting shade included; ink is what differs from it.
    """
    y, x = np.indices(grey.shape)
    height, width = grey.shape
    margin = max(1, min(grey.shape) // 50)
    border = (np.minimum(y, height - 1 - y) < margin) | (np.minimum(x, width - 1 - x) < margin)
    border &= np.abs(grey - np.median(grey[border])) < 64  # not where ink touches it
    plane = np.stack([np.ones_like(grey), x / width, y / height], axis=-1)  # (h, w, 3)
    shade = np.linalg.lstsq(plane[border], grey[border], rcond=None)[0]
    darker = plane @ shade - grey
    ink = darker if darker.max() > -darker.min() else -darker
    if ink.max() < FAINT:
        return None
    return np.clip((ink / ink.max() - NOISE) / (FULL - NOISE), 0, 1)


def centred(ink: Array) -> Array:
    """Ink (h, w) in 0 … 1, cropped, scaled to fit 20 × 20, its centre of mass at (14, 14)."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    ink = np.clip(np.asarray(image), 0, None)
    canvas = np.zeros((SIDE, SIDE))
    top, left = _corner(ink, axis=0), _corner(ink, axis=1)
    canvas[top : top + height, left : left + width] = ink
    return np.round(255 * np.clip(canvas / canvas.max(), 0, 1)).astype(np.uint8)


def _corner(ink: Array, axis: int) -> int:
    """Where the ink must begin along an axis for its centre of mass to be in the middle."""
    length = ink.shape[axis]
    weights = ink.sum(axis=1 - axis)
    centre = (weights @ np.arange(length)) / weights.sum()
    return int(np.clip(round(SIDE / 2 - centre), 0, SIDE - length))
