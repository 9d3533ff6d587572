"""Gives a step that has hundreds of samples few of them, so that it can be run often."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.weights import is_tensor
from trainer.checker.find.leaves import Leaf, is_holder, is_table, list_leaves
from trainer.checker.find.steps import Step
from trainer.checker.find.tensors import GRAD, is_recurrent
from trainer.checker.find.trace import Trace
from trainer.checker.load.attributes import read_attributes

MANY, FEW, FEWEST = 50, 5, 2  # samples
SOME = 10  # samples, of a step that fails with all: an engine computes hundreds of values for each


def shorten(step: Step) -> Trace:
    """Let a step find fewer samples in its arrays and lists, if it has many and trains with few
    too; return what it does then.
    """
    for records in list_records(step.get_names()):
        _cut(step, records)
    leaves = list_leaves(step.get_names()).items()
    whole = step.run()
    least, few = (SOME, FEWEST + 1) if whole.error else (MANY, FEW)
    large = ((path, leaf) for path, leaf in leaves if leaf.size > least and _may_shrink(leaf))
    arrays = {path: leaf.as_array() for path, leaf in large}
    lengths = Counter(n for value in arrays.values() for n in set(value.shape) if n > least)
    many = sorted((n for n, times in lengths.items() if times > 1), reverse=True)
    if not many:
        return whole
    trace: Trace | None = None
    few = find_free(few, (n for _, leaf in leaves for n in np.shape(leaf.value)))
    for length in many:
        kept = step.given
        now = {path: kept.get(path, value) for path, value in arrays.items()}
        counts = count_again(length, few, {p: leaf.value for p, leaf in leaves})
        step.given = (
            kept
            | counts
            | {p: _choose(v, length, few) for p, v in now.items() if length in v.shape}
        )
        trace = step.run()
        if not _still_changes(trace, whole):
            step.given, trace = kept, None
    return trace or step.run()


def _may_shrink(leaf: Leaf) -> bool:
    """Return whether an array may get other sizes: no gradient alone, nor what torch reads past."""
    return not (is_recurrent(leaf.holder) or (leaf.key == GRAD and is_tensor(leaf.holder)))


def list_records(names: Mapping[str, Any]) -> list[list[Any]]:
    """Return the lists of many samples with their targets, among names and attributes of objects;
    a list of numbers, or of rows of them, is an array.
    """
    inside = (read_attributes(v).values() for v in names.values() if is_holder(v))
    every = {id(v): v for v in chain(names.values(), *inside) if type(v) is list and len(v) > MANY}
    return [value for value in every.values() if not is_table(value) and _are_alike(value)]


def _are_alike(value: list[Any]) -> bool:
    """Return whether the elements of a list are tuples or lists of one length."""
    return all(isinstance(v, tuple | list) for v in value) and len({*map(len, value)}) == 1


def _cut(step: Step, records: list[Any]) -> None:
    """Leave few samples in a list that a step captured, where it computes too much to be run with
    all, and not with these.
    """
    if not step.run().error:
        return
    kept, given = records[:], step.given
    values = {path: leaf.value for path, leaf in list_leaves(step.get_names()).items()}
    for few in (FEW, FEWEST):
        records[:] = [kept[i] for i in _choose_rows(len(kept), few)]
        step.given = given | count_again(len(kept), few, values)
        step.forget()
        if not step.run().error:
            return
    records[:], step.given = kept, given
    step.forget()


def find_free(least: int, sizes: Iterable[int]) -> int:
    """Return the first number from the least on that no array has as a size: the samples are never
    as many as the classes, say.
    """
    taken = set(sizes)
    return next(n for n in count(least) if n not in taken)


def count_again(many: int, few: int, values: Mapping[str, Any]) -> dict[str, float]:
    """Return what becomes of the numbers that may be how many samples there are, by which a step
    may divide, or the reciprocal of it.
    """
    numbers = {path: value for path, value in values.items() if not np.ndim(value)}
    return {p: few for p, n in numbers.items() if n == many} | {
        p: 1 / few for p, n in numbers.items() if n == 1 / many
    }


def _still_changes(trace: Trace, whole: Trace) -> bool:
    """Return whether a step changes what it changed with more samples, but for what has another
    shape now, and computes arrays at the same places: the second batch of few samples may be empty.
    """
    now = trace.list_changed()
    is_finite = all(np.isfinite(trace.after[path]).all() for path in now)
    if not (is_finite and _list_places(whole) <= _list_places(trace)):
        return False
    left = [path for path in whole.list_changed() if path not in now and path in trace.after]
    return bool(now) and all(trace.after[p].shape != trace.before[p].shape for p in left)


def _list_places(trace: Trace) -> set[int]:
    """Return the places of the arrays that a step computes."""
    return {site for site, _, value in trace.events if value.ndim}


def _choose(values: Array, length: int, few: int) -> Array:
    """Return every so many rows, or columns, along the axis of that length."""
    return values.take(_choose_rows(length, few), axis=values.shape.index(length))


def _choose_rows(length: int, few: int) -> Array:
    """Return the numbers of so many rows, from the first to the last."""
    return np.linspace(0, length - 1, few).astype(int)
