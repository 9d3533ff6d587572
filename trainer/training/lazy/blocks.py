"""Images in blocks, and the directions along which they vary most."""

from collections.abc import Iterator, Sequence

import numpy as np

from trainer.book.functions import Array

SIZE = 2048  # images in a block, so that their intermediate arrays stay in the cache
SAMPLE = 5000  # images from which the directions are computed

Sets = Sequence[tuple[Array, slice]]  # x (N, D) of each set, and the range of its numbers
Block = tuple[Array, Array, Array]  # x of a set, rows of x, the numbers of these images


def split_images(sets: Sets, images: Array) -> Iterator[Block]:
    """Yield images, given by sorted numbers, in blocks."""
    for x, rows in sets:
        inside = images[slice(*np.searchsorted(images, (rows.start, rows.stop)))]
        yield from ((x, j - rows.start, j) for j in split_numbers(inside))


def split_numbers(images: Array) -> list[Array]:
    """Return numbers of images in blocks of SIZE."""
    return [images[i : i + SIZE] for i in range(0, len(images), SIZE)]


def take_rows(a: Array, j: Array) -> Array:
    """Return the rows j, which are sorted, of a; without a copy if they are consecutive."""
    if j[-1] - j[0] == len(j) - 1:
        return a[j[0] : j[-1] + 1]
    return a.take(j, axis=0)


def find_principal_directions(x: Array, count: int) -> Array:
    """Return orthonormal columns (D, count) along which x (N, D) is largest: subspace iteration."""
    sample = x[:: max(1, len(x) // SAMPLE)].astype(np.float64)
    basis = np.eye(x.shape[1], count)
    basis[:, : len(sample)] = sample[:count].T
    for _ in range(4):
        basis = np.linalg.qr(sample.T @ (sample @ basis))[0]
    return basis
