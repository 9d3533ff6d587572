"""Convert images as people have them into images like MNIST's.

MNIST's authors describe these (yann.lecun.com/exdb/mnist): light on dark, the ink scaled to fit
20 × 20 pixels with its aspect ratio kept, its centre of mass in the middle of 28 × 28 pixels.

trainer/predict/page/template.html has extractInk and centreInk in JavaScript. They give the same
numbers (tests/predict/test_page.py), so change both. DIGITS makes that possible: what is decided
by a comparison is rounded first, since the last bits of a float differ between the languages.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from trainer.book.functions import Array
from trainer.common.errors import InputError
from trainer.common.language import translate as _

# Not TIFF, whose library prints warnings, nor EPS, for which Pillow runs another program.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PPM")
# More than a phone's largest photograph. A side is limited since Pillow needs memory for each row.
MOST_PIXELS, LONGEST_SIDE, LARGEST_RATIO = 50_000_000, 20_000, 200
WORKING_SIDE = 400  # a larger image is reduced until its longer side has so many pixels
SIDE, BOX = 28, 20  # pixels of a side of the image, and of the box that the ink fits
NOISE, FULL = 0.2, 0.8  # fractions of the strongest ink: up to NOISE is paper, from FULL is ink
FAINT = 16  # grey levels, of 255, by which ink must differ from paper
DIGITS = 9  # decimals of the ink and of its centre of mass


def read_digit(path: Path) -> Array:
    """Return the digit of an image file like one of MNIST: (28, 28) uint8, light on dark.

    Raises InputError if the file is not an image, is too large or shows no digit.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about files that it can read
            with Image.open(path, formats=FORMATS) as image:
                _check_dimensions(path, *image.size)
                grey = read_brightness(image)
    except InputError:
        raise
    except Image.DecompressionBombError:
        text = _("more than {most:,} pixels: make it smaller", most=MOST_PIXELS)
        raise InputError(f"{path}: {text}") from None
    except Exception as error:  # Pillow raises nearly any exception for a broken file
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        text = _("cannot be read as an image ({reason}): give {formats}",
                 reason=reason, formats=", ".join(FORMATS))  # fmt: skip
        raise InputError(f"{path}: {text}") from error
    ink = extract_ink(grey)
    if ink is None:
        text = _("shows no digit, all pixels have nearly the same value: give another image")
        raise InputError(f"{path}: {text}")
    return centre_ink(ink)


def _check_file(path: Path) -> None:
    """Raise InputError unless the path is a regular file; to read a pipe could take forever."""
    try:
        if path.is_file():
            return
        if path.is_dir():
            problem = _("is a folder: give the image files in it")
        elif path.exists():
            problem = _("is not a regular file: save the image to a file and give that file")
        else:
            problem = _("there is no such file: give the path of an image")
    except OSError as error:  # no permission for a folder, or a name that is too long
        problem = _("cannot be read: {reason}", reason=error.strerror)
    raise InputError(f"{path}: {problem}")


def _check_dimensions(path: Path, width: int, height: int) -> None:
    """Raise InputError for an image whose decoding would take too much memory."""
    size = _("{width:,} × {height:,} pixels", width=width, height=height)
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        text = _("the most are {pixels:,} pixels and {side:,} a side: make the image smaller",
                 pixels=MOST_PIXELS, side=LONGEST_SIDE)  # fmt: skip
        raise InputError(f"{path}: {size}: {text}")
    if max(width, height) > LARGEST_RATIO * min(width, height):
        text = _("one side is more than {ratio} times the other: crop it to the digit",
                 ratio=LARGEST_RATIO)  # fmt: skip
        raise InputError(f"{path}: {size}: {text}")


def read_brightness(image: Image.Image) -> Array:
    """Return the brightness (h, w) float in 0 … 255 of the image, upright and reduced."""
    image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))  # reduces a large JPEG as it is decoded
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":  # 16 bits or more a pixel: convert to 8
        levels = np.asarray(image, np.float32)
        low, high = levels.min(), levels.max()
        image = Image.fromarray(np.uint8(255 * (levels - low) / np.maximum(high - low, 1e-30)))
    if image.has_transparency_data:
        image = _fill_background(image.convert("RGBA"))
    image = image.convert("RGB").convert("L")
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def _fill_background(image: Image.Image) -> Image.Image:
    """Return the image on a white background, or on black if its visible pixels are light."""
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    alpha = np.asarray(image.getchannel("A"), np.float64)
    grey = np.asarray(image.convert("L"), np.float64)
    is_light = (alpha * grey).sum() > 127.5 * alpha.sum()
    background = Image.new("RGBA", image.size, "black" if is_light else "white")
    return Image.alpha_composite(background, image)


def extract_ink(grey: Array) -> Array | None:
    """Return the ink of each pixel (h, w) in 0 … 1, or None if no pixel has enough.

    The border shows the brightness of the paper, which may change linearly. Ink is the difference.
    """
    y, x = np.indices(grey.shape)
    height, width = grey.shape
    margin = max(1, min(grey.shape) // 50)
    border = (np.minimum(y, height - 1 - y) < margin) | (np.minimum(x, width - 1 - x) < margin)
    border &= np.abs(grey - np.median(grey[border])) < 64  # leaves out ink that touches the border
    terms = np.stack([np.ones_like(grey), x / width, y / height], axis=-1)  # (h, w, 3)
    coefficients = np.linalg.lstsq(terms[border], grey[border], rcond=None)[0]
    darker = terms @ coefficients - grey
    ink = darker if darker.max() > -darker.min() else -darker
    if ink.max() < FAINT:
        return None
    return np.clip(np.round((ink / ink.max() - NOISE) / (FULL - NOISE), DIGITS), 0, 1)


def centre_ink(ink: Array) -> Array:
    """Return ink (h, w) in 0 … 1 as an image (28, 28) of uint8 like MNIST's.

    The ink is cropped and scaled to fit 20 × 20, and its centre of mass is at (14, 14).
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(length * scale)) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    ink = np.clip(np.asarray(image, np.float64), 0, None)
    canvas = np.zeros((SIDE, SIDE))
    top, left = _find_start(ink, axis=0), _find_start(ink, axis=1)
    canvas[top : top + height, left : left + width] = ink
    return np.round(255 * np.clip(canvas / canvas.max(), 0, 1)).astype(np.uint8)


def _find_start(ink: Array, axis: int) -> int:
    """Return where the ink begins on an axis if its centre of mass is in the middle of SIDE."""
    length = ink.shape[axis]
    weights = ink.sum(axis=1 - axis)
    centre = (weights @ np.arange(length)) / weights.sum()
    return int(np.clip(round(round(SIDE / 2 - centre, DIGITS)), 0, SIDE - length))
