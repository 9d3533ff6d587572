"""Gives leaves other values: near the first ones, moved a little, or turned."""

import re

import numpy as np

from trainer.book.functions import Array

TARGET = (
    r"(y|t|d(?!at)|label|target|expect|correct|answer|truth|output|one).*|.*(target|label|out)s?"
)


def leave(values: Array, distance: float) -> Array:
    """Return values at a distance from these, none of which is 0.

    At a large distance small weights become large ones: near 0 every net is nearly linear.
    """
    noise = np.random.default_rng(2).uniform(0.5, 1.5, values.shape)
    signs = np.random.default_rng(3).choice([-1.0, 1.0], values.shape)
    scale = max(float(np.abs(values).max()), distance)
    return values + distance * noise * signs * scale


def move(values: Array) -> Array:
    """Return values that differ a little, each by another part."""
    noise = np.random.default_rng(1).standard_normal(values.shape)
    return values + 1e-3 * noise * (np.abs(values).max() or 1.0)


def turn(values: Array) -> Array:
    """Return other data: labels and numbers that are whole in other places, others moved.

    Of a table, each column is turned by itself, since one may hold the labels.
    """
    is_whole = values == np.round(values)
    if is_whole.all():
        return _turn_whole(values)
    turned = move(values) + 0.1 * values
    columns = is_whole.reshape(-1, values.shape[-1]).all(axis=0) if values.ndim else ()
    for column in np.flatnonzero(columns):
        turned[..., column] = _turn_whole(values[..., column])
    return turned


def _turn_whole(values: Array) -> Array:
    """Return whole numbers in other places, the next ones where all are equal."""
    flat = values.reshape(-1)
    for shift in range(1, flat.size if (flat != flat[0]).any() else 0):
        turned = np.roll(flat, shift)
        if not np.array_equal(turned, flat):
            keeps = _keeps_sums(values, turned.reshape(values.shape))
            return (_repeat(turned) if keeps else turned).reshape(values.shape)
    return np.where(flat > 0, flat - 1, flat + 1).reshape(values.shape).astype(values.dtype)


def _keeps_sums(values: Array, turned: Array) -> bool:
    """Return whether some sums of turned numbers are those of all samples, on which a bias may
    depend: of a list that is so, and of rows or columns it may be.
    """
    axes = range(values.ndim)
    return any(np.array_equal(values.sum(axis), turned.sum(axis)) for axis in axes)


def _repeat(flat: Array) -> Array:
    """Return labels of which one occurs once more, in the place of one that occurs again."""
    found, counts = np.unique(flat, return_counts=True)
    frequent = found[counts > 1]
    if len(found) < 2 or not len(frequent):
        return flat
    place = np.flatnonzero(flat == frequent[0])[0]
    repeated = flat.copy()
    repeated[place] = next(value for value in found if value != frequent[0])
    return repeated


def exchange(values: Array) -> Array:
    """Return data of whole numbers with the next one that they have in place of each, and others
    with the rows in other places: a sign may stay where they are moved a little.
    """
    if (values != np.round(values)).any():
        return np.roll(values, 1, axis=0) if values.ndim else values
    found, places = np.unique(values, return_inverse=True)
    return found[(places.reshape(values.shape) + 1) % len(found)]


def looks_like_target(path: str) -> int:
    """Return 1 for a name that targets often have, 0 for others, where values leave a choice."""
    last = re.sub(r"[\[\].'*\d]+", ".", path).strip(".").split(".")[-1].lower()
    return int(re.fullmatch(TARGET, last) is not None)
