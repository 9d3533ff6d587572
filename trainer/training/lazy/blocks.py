"""Split images into blocks, and find the directions along which they vary most."""

from collections.abc import Iterator, Sequence

import numpy as np

from trainer.book.functions import Array

SIZE = 2048  # images in a block, so that their intermediate arrays stay in the cache
SAMPLE = 5000  # images from which the directions are computed

# x (N, D) of each set, and the range of its images' numbers; all sets are numbered in a row.
Sets = Sequence[tuple[Array, slice]]
Block = tuple[Array, Array, Array]  # x of a set, rows of x, the numbers of these images


def split_images(sets: Sets, images: Array) -> Iterator[Block]:
    """Yield the images, given by their sorted numbers, in blocks that lie in one set each."""
    for x, numbers in sets:
        inside = images[slice(*np.searchsorted(images, (numbers.start, numbers.stop)))]
        yield from ((x, block - numbers.start, block) for block in split_numbers(inside))


def split_numbers(images: Array) -> list[Array]:
    """Return the numbers of images in blocks of SIZE; the last may be smaller."""
    return [images[i : i + SIZE] for i in range(0, len(images), SIZE)]


def take_rows(a: Array, rows: Array) -> Array:
    """Return a[rows] for sorted rows; a view, not a copy, if they are consecutive."""
    if rows[-1] - rows[0] == len(rows) - 1:
        return a[rows[0] : rows[-1] + 1]
    return a.take(rows, axis=0)


def find_principal_directions(x: Array, count: int) -> Array:
    """Return orthonormal directions (D, count) along which the rows of x (N, D) vary most."""
    sample = x[:: max(1, len(x) // SAMPLE)].astype(np.float64)
    basis = np.eye(x.shape[1], count)
    basis[:, : len(sample)] = sample[:count].T
    for _ in range(4):  # subspace iteration
        basis = np.linalg.qr(sample.T @ (sample @ basis))[0]
    return basis
