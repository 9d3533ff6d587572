"""Find out whether an image prepared for the net seems to show something else than one digit."""

import numpy as np

from trainer.book.functions import Array

INK = 64  # grey level from which a pixel counts as ink
SHARE, HEIGHT = 0.2, 0.6  # least share of the ink, and of the height, of each of two digits
COVERED, NARROW = 0.75, 10  # most of the ink's box that strokes cover, unless it is narrower
PIECES = 6  # most pieces of ink that a digit has


def find_doubt(pixels: Array) -> str | None:
    """Return why an image (28, 28) uint8 from centre_ink may not show one digit, or None."""
    ink = pixels >= INK
    if _count_pieces(ink) > PIECES or _covers_box(ink):
        return "seems to show noise or a filled area, not the strokes of a digit"
    if _is_split(pixels, ink):
        return "seems to show two digits: crop it to one"
    return None


def _covers_box(ink: Array) -> bool:
    """Return whether ink fills the smallest box around it, which is not as narrow as a 1."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    sides = np.ptp(rows) + 1, np.ptp(columns) + 1
    return bool(min(sides) >= NARROW and ink.sum() > COVERED * sides[0] * sides[1])


def _is_split(pixels: Array, ink: Array) -> bool:
    """Return whether an empty column parts the ink into two halves as high as digits."""
    rows = np.flatnonzero(ink.any(axis=1))
    total, height = int(pixels.sum()), np.ptp(rows) + 1
    columns = np.flatnonzero(ink.any(axis=0))
    for x in range(columns[0] + 1, columns[-1]):
        halves = (slice(None, x), slice(x + 1, None))
        if not ink[:, x].any() and all(
            pixels[:, half].sum() > SHARE * total
            and np.ptp(np.flatnonzero(ink[:, half].any(axis=1))) + 1 > HEIGHT * height
            for half in halves
        ):
            return True
    return False


def _count_pieces(ink: Array) -> int:
    """Return the number of pieces of ink that touch nowhere, not even at a corner."""
    left = {(int(y), int(x)) for y, x in np.argwhere(ink)}
    pieces = 0
    while left:
        pieces, border = pieces + 1, [left.pop()]
        while border:
            y, x = border.pop()
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            border += near
    return pieces
