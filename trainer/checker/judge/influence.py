"""Finds by value what a step's weights, targets, outputs and losses are.

A weight is what the step changes and what its outputs depend on. The targets are the data that the
outputs do not depend on, but the step does.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.bundling import name_alike
from trainer.checker.find.changes import is_carried, is_reordered, is_velocity
from trainer.checker.find.trace import (
    ELEMENT,
    EVENT,
    LIST,
    NAMED,
    OPERAND,
    PART,
    Form,
    Trace,
    digest_events,
)
from trainer.checker.judge.each_output import find_outputs
from trainer.checker.judge.events import Events, Values, align, match, stack
from trainer.checker.judge.moving import exchange, leave, looks_like_target, move, turn

# One step with these values in its leaves, and how much its trace has.
Run = Callable[[Mapping[str, Any], Form], Trace]
# The paths of data of one step.
LISTS = f"{re.escape(LIST)}|{re.escape(PART)}"
MADE = rf"(\[\d+\])?({LISTS})?|" + "|".join(map(re.escape, (OPERAND, NAMED, ELEMENT)))
LOST = 1e-12  # relative, of outputs: what rounding leaves of a weight that is cancelled
NORMALISED = 2  # vectors of one size that a batch normalisation has
MOST_DATA = 20  # groups of arrays that are tried as targets
LAST = 40  # numbers of a step that may be its loss
LARGE = 10.0  # of inputs: with weights near 1, a sigmoid has a slope below 1e-4 there


@dataclass
class Model:
    """What is known of a step.

    weights are paths of leaves. outputs and losses are events: what is computed from all weights
    without the targets, and single numbers that depend on both. targets are the paths of the
    targets, and answers the events that depend on these alone. inputs are the other data that the
    outputs depend on. after_targets are the events that depend on the targets.
    """

    run: Run
    base: Trace
    weights: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[Events] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    losses: list[Events] = field(default_factory=list)
    depends: dict[str, frozenset[int]] = field(default_factory=dict)
    after_targets: frozenset[int] = frozenset()
    digests: Trace | None = None  # of the base
    probed: dict[tuple[str, int], Any] = field(default_factory=dict)  # directions that were asked
    along: dict[tuple[str, int], Array] = field(default_factory=dict)  # by them: possible gradients
    moved: dict[tuple[str, int], Values] = field(default_factory=dict)  # by weight and element
    fits: list[Any] | None = None  # how it fits each loss, once that was asked

    @property
    def weighted(self) -> frozenset[int]:
        """The events that depend on any weight."""
        return frozenset().union(*(self.depends[path] for path in self.weights))

    def list_others(self) -> list[str]:
        """Return what the step carries on besides the weights."""
        changed = self.base.list_changed()
        return [p for p in changed if p in self.depends and p not in self.weights]

    def count_moved(self, path: str) -> int:
        """Return how many elements of a leaf the step changes: as many numbers show how."""
        return int(np.count_nonzero(self.base.after[path] != self.base.before[path]))

    def read(self, edits: Mapping[str, Any], only: Events = ()) -> Values:
        """Return the values of some events in a run with these edits, of outputs and losses where
        none are named.
        """
        groups = [only] if only else [*self.outputs, *self.losses]
        wanted = sorted({i for events in groups for i in events})
        found: Values = [None] * len(self.base.events)
        events = self.run(edits, tuple(wanted)).events
        for i, (site, path, value) in zip(wanted, events, strict=False):
            if (site, path) == self.base.events[i][:2]:
                found[i] = match(self.base.events[i][2], value)
        return found

    def get_value(self, path: str) -> Array:
        """Return the value of a leaf at the beginning, or of an event."""
        return self.base.events[int(path[1:])][2] if path[0] == EVENT else self.base.before[path]

    def move_events(self, events: Iterable[int]) -> dict[str, Array]:
        """Return edits that give some events values that differ a little from their own."""
        return {f"{EVENT}{i}": move(self.base.events[i][2]) for i in events}

    def list_moved(self, edits: Mapping[str, Any]) -> set[str]:
        """Return the weights that become others with these edits."""
        after, base = self.run(edits, "changes").after, self.base.after
        return {w for w in self.weights if w in after and (after[w] != base[w]).any()}

    def list_targets(self) -> list[Array]:
        """Return the arrays that may be the targets of the outputs, each once."""
        leaves = [self.get_value(path) for path in self.targets]
        found = [stack(leaves)] if len({leaf.shape for leaf in leaves}) == 1 else leaves
        found += [self.base.events[i][2] for i in self.answers]
        return list({(t.shape, t.tobytes()): t for t in map(np.asarray, found)}.values())


def leave_start(first: Model, distance: float) -> Model:
    """Return what is known of a step at some distance from its first weights, relative to the
    largest of each array: with biases of 0 a neuron may lie on its kink.

    What else the step carries on, as momentum, is 0 if it then still trains.
    """
    start = {path: leave(first.base.before[path], distance) for path in first.weights}
    carried = [path for path in first.base.list_changed() if path in first.depends]
    state = {p: 0 * first.base.before[p] for p in carried if p not in first.weights}
    small = _shrink_inputs(first)
    nearer = _start_at(first, start | state | small) if small else None
    if nearer and set(nearer.weights) >= set(first.weights):
        return nearer
    rested = _start_at(first, start | state)
    # A momentum that began at 0, as the bias that it moves, shows elsewhere only.
    left = [w for w in first.weights if rested and w not in rested.weights]
    lost = [w for w in left if rested and is_velocity(rested.run, rested.base, w)]
    lost = _add_alike(lost, left)
    if lost:
        start |= {weight: 0 * first.base.before[weight] for weight in lost}
        rested = _start_at(first, start | state)
    if rested and set(rested.weights) >= set(first.weights) - set(lost):
        return rested
    return (_start_at(first, start) if state else rested) or first


def _shrink_inputs(first: Model) -> dict[str, Array]:
    """Return large inputs that are none of the targets, divided by the largest: with weights near 1
    these would leave a sigmoid no slope.
    """
    paths = [path for path in first.inputs if path[0] != EVENT and path not in first.targets]
    inputs = {path: x for path in paths if (x := first.get_value(path)).ndim}
    largest = max((float(np.abs(x).max()) for x in inputs.values()), default=0.0)
    return {path: x / largest for path, x in inputs.items()} if largest > LARGE else {}


def _start_at(first: Model, start: dict[str, Array]) -> Model | None:
    return build_model(begin_at(first.run, start), first.depends)


def begin_at(run: Run, start: Mapping[str, Any]) -> Run:
    """Return a step that begins with these values."""
    return lambda edits, form: run({**start, **edits}, form)


def build_model(run: Run, among: Collection[str] = ()) -> Model | None:
    """Return what is known of a step; None if no outputs depend on inputs and what it changes.

    among are the names of what may have an influence, of all where it is empty.
    """
    model = Model(run, run({}, "full"))
    changed = [] if model.base.error else _leave_sums(model, follow_changed(model))
    if not changed:
        return None
    groups = _group_leaves(model)
    groups = {n: p for n, p in groups.items() if n in among} or groups
    data = _keep_influential(model, groups)
    if not any(model.get_value(paths[0]).ndim for paths in data.values()):
        data |= _keep_influential(model, _list_numbers(model, changed, 1))
    data |= _keep_influential(model, _group_made(model, changed, data))
    leaves = [paths[0] for name, paths in data.items() if name[0] != EVENT]
    if all(model.get_value(path).ndim < 2 for path in leaves):
        data = _add_numbers(model, changed, data)
    _settle(model, changed, data)
    is_whole = model.weights and model.outputs and model.inputs
    return model if is_whole and not _is_sum(model) else None


def _add_numbers(
    model: Model, changed: list[str], data: dict[str, list[str]]
) -> dict[str, list[str]]:
    """Return the data of single samples with the numbers that are their targets, where no leaf is:
    no place in the samples is an input. Those of several samples are more likely than an event.
    """
    count, target = _choose_targets(model, changed, data)
    if count and target[0] != EVENT:
        return data
    numbers = _keep_influential(model, _list_numbers(model, changed, 1 + (count > 0)))
    leaves = {name: paths for name, paths in data.items() if name[0] != EVENT or not count}
    _, chosen = _choose_targets(model, changed, leaves | numbers)
    if chosen not in numbers:
        return data
    used = [p for p in numbers[chosen] if find_dependents(model, {p: turn(model.get_value(p))})]
    return leaves | numbers | {chosen: used or numbers[chosen]}


def _is_sum(model: Model) -> bool:
    """Return whether all outputs are the one weight itself, to which something is added: it is a
    sum, such as that of gradients.
    """
    if len(model.weights) > 1:
        return False
    path = model.weights[0]
    before = np.asarray(model.base.before[path], dtype=np.float64)
    by = move(before) - before
    found = model.read({path: before + by})
    pairs = [(found[i], model.base.events[i][2]) for events in model.outputs for i in events]
    return all(new is not None and is_moved(new - old, by) for new, old in pairs)


def is_moved(change: Array, by: Array) -> bool:
    """Return whether a value, or a single one of its numbers, changes as a weight does."""
    if change.shape == by.shape:
        return np.allclose(change, by, rtol=1e-6, atol=0)
    return not change.ndim and bool(np.isclose(change, by.reshape(-1), rtol=1e-6, atol=0).any())


def follow_changed(model: Model) -> list[str]:
    """Return what a step carries on, and note which events depend on it."""
    changed = [p for p in model.base.list_changed() if is_carried(model.run, model.base, p)]
    for path in changed:
        found = find_dependents(model, {path: move(model.base.before[path])})
        model.depends[path] = found or frozenset()
    return changed


def _leave_sums(model: Model, changed: list[str]) -> list[str]:
    """Return what a step carries on without the numbers on which nothing else of it depends: the
    sum of the losses of an epoch is no weight.
    """
    found = {path: [model.base.events[i] for i in model.depends[path]] for path in changed}
    used = {
        path for path, events in found.items()
        if any(site < 0 and other != path and other in found for site, other, _ in events)
    }  # fmt: skip
    is_sum = {path: path not in used and not model.base.before[path].ndim for path in changed}
    return [path for path in changed if not is_sum[path]] if len(used) > 1 else changed


def _keep_influential(model: Model, data: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the data on which any event depends, and note which.

    A sample may have the same number where others are in other places: each has another one then.
    """
    for name, paths in data.items():
        values = {path: model.get_value(path) for path in paths}
        others = [{path: change(value) for path, value in values.items()}
                  for change in (turn, exchange)]  # fmt: skip
        is_other = any((others[1][path] != value).any() for path, value in values.items())
        found = [find_dependents(model, each) for each in others[: 1 + is_other]]
        if events := frozenset().union(*filter(None, found)):
            model.depends[name] = events
    return {name: paths for name, paths in data.items() if name in model.depends}


def _group_leaves(model: Model) -> dict[str, list[str]]:
    """Return the leaves that may be data, those of one list together.

    What the step computes itself, as its intermediate values, is none.
    """
    found: dict[str, list[str]] = {}
    made = {path for path in model.base.list_changed() if not is_reordered(model.base, path)}
    for path, values in model.base.before.items():
        if path not in made and (values.ndim or looks_like_target(path)):
            found.setdefault(_name_group(path, values), []).append(path)
    each = {path: [path] for paths in found.values() if 1 < len(paths) < 4 for path in paths}
    few = [*each.items()][: max(MOST_DATA - len(found), 0)]
    return dict([*few, *found.items()][:MOST_DATA])  # the last are the more likely targets


def _list_numbers(model: Model, changed: list[str], least: int) -> dict[str, list[str]]:
    """Return the numbers that may be data where no array is, and no rates or sizes, those together
    whose names differ in digits alone, such as the two targets t1 and t2: at least so many.
    """
    found: dict[str, list[str]] = {}
    made = model.base.list_changed()
    for path, value in sorted(model.base.before.items()):
        if value.dtype.kind in "fi" and not value.ndim and path not in made:
            found.setdefault(re.sub(r"\d+", "#", path), []).append(path)
    several = [(name, paths) for name, paths in found.items() if len(paths) >= least]
    data = {n: [p for p in paths if not (_is_size(model, p) or _is_rate(model, p, changed))]
            for n, paths in several}  # fmt: skip
    return {name: paths for name, paths in data.items() if paths}


def _is_size(model: Model, path: str) -> bool:
    """Return whether a whole number is how often a step does something: labels may be 0 and 1."""
    value = model.base.before[path]
    if value.dtype.kind != "i" or value < 2:
        return False
    return len(model.run({path: turn(value)}, "digests").events) != len(model.base.events)


def _is_rate(model: Model, path: str, changed: list[str]) -> bool:
    """Return whether all that a step changes moves twice as far with twice this number."""
    before, after = model.base.before, model.base.after
    other = model.run({path: 2 * before[path]}, "changes").after
    pairs = ((other.get(p, before[p]) - before[p], after[p] - before[p]) for p in changed)
    return all(np.allclose(new, 2 * old, rtol=1e-6) and old.any() for new, old in pairs)


def _group_made(
    model: Model, changed: list[str], data: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Return the events that are made of data and of no weights, those of one place together.

    Data may be drawn in the step, but arrays of equal numbers are the beginning of a sum.
    """
    made = frozenset().union(*(model.depends[name] for name in data))
    arrays = [name for name, paths in data.items() if model.get_value(paths[0]).ndim]
    of_arrays = frozenset().union(*(model.depends[name] for name in arrays))
    weighted = _find_weighted(model, changed)
    groups: dict[tuple[int, str, tuple[int, ...]], list[int]] = {}
    for i, (site, path, values) in enumerate(model.base.events):
        if (
            i not in weighted
            and (i in made or (values != values.flat[0]).any())
            and site >= 0
            and re.fullmatch(MADE, path)
            and (values.ndim or values.dtype.kind == "i" or (path == OPERAND and i in of_arrays))
        ):
            groups.setdefault((site, path, values.shape), []).append(i)
    events = model.base.events
    distinct = {(_name_use(events[g[0]]), *(events[i][2].tobytes() for i in g)): g
                for g in reversed(groups.values())}  # fmt: skip
    found = {f"{EVENT}{g[0]}": [f"{EVENT}{i}" for i in g] for g in distinct.values()}
    return dict(list(found.items())[:MOST_DATA])


def _find_weighted(model: Model, changed: list[str]) -> frozenset[int]:
    """Return the events that depend on what a step carries on: those that change with it a little,
    or when it is far away, as the mask of a ReLU does.
    """
    far = {path: leave(model.base.before[path], 1.0) for path in changed}
    found = find_dependents(model, far) or frozenset()
    return found.union(*(model.depends[path] for path in changed))


def _name_use(event: tuple[int, str, Array]) -> int:
    """Return the site of a named operand, since each use of a name may be another one, 0 for all
    other events.
    """
    return event[0] if event[1] == NAMED else 0


def _name_group(path: str, values: Array) -> str:
    return re.sub(r"\[\d+\]", "[*]", path, count=1) + f" {values.shape}" * ("[" in path)


def find_dependents(model: Model, edits: Mapping[str, Array]) -> frozenset[int] | None:
    """Return the events that change with some leaves, None where the step fails then."""
    other = model.run(edits, "digests")
    if other.error:
        return None
    base = model.digests = model.digests or digest_events(model.base)
    pairs = zip(align(base, other), base.events, strict=True)
    itself = {(-1, path) for path in edits}
    return frozenset(
        i
        for i, (new, (site, path, old)) in enumerate(pairs)
        if (new is None or new != old) and (site, path) not in itself
    )


def _settle(model: Model, changed: list[str], data: dict[str, list[str]]) -> None:
    """Choose the targets: of the data, those on which the outputs do not depend, while these
    depend on most of what changes.
    """
    best, chosen = _choose_targets(model, changed, data)
    if not best:
        return
    model.targets, model.after_targets = data[chosen], model.depends[chosen]
    forward = _list_forward(model, data, chosen)
    last = _keep_deepest(model, changed, [i for i in forward if _count(model, changed, i) == best])
    joint = _join_numbers(model, changed, last)
    model.weights = [path for path in changed if all(i in model.depends[path] for i in last)
                     or any(i in model.depends[path] for i in joint)]  # fmt: skip
    model.weights = _leave_velocities(model) or model.weights
    model.weights = _leave_cancelled(model, last) or model.weights
    model.inputs = [
        path
        for name, paths in data.items()
        if name != chosen and model.depends[name] & set(last)
        for path in paths
    ]
    groups = [each for each in _group_events(model, last) if not _is_chain(model, each)]
    if not joint and not any(model.base.events[i][2].ndim for i in last):
        groups += [each] if (each := _find_each(model, changed, forward)) else []
    groups = [joint] if joint else groups
    model.outputs = list(dict.fromkeys([*groups, *(_extend(model, each) for each in groups)]))
    model.losses = _find_losses(model, chosen)
    model.answers = [
        i for i in sorted(model.depends[chosen])
        if not any(i in model.depends[path] for path in changed)
    ]  # fmt: skip


def _leave_velocities(model: Model) -> list[str]:
    """Return the weights without momentum, and without that of other layers under the same names:
    of a single number none shows.
    """
    moving = [path for path in model.weights if is_velocity(model.run, model.base, path)]
    moving = _add_alike(moving, model.weights)
    return [weight for weight in model.weights if weight not in moving]


def _leave_cancelled(model: Model, outputs: list[int]) -> list[str]:
    """Return the weights without those that move the outputs by rounding alone: biases before a
    batch normalisation, which has two other vectors of their size.
    """
    shapes = {path: model.base.before[path].shape for path in model.weights}
    sizes = {
        p: max(shape) for p, shape in shapes.items() if shape and math.prod(shape) == max(shape)
    }
    counts = Counter(sizes.values())
    vectors = [path for path, size in sizes.items() if counts[size] > NORMALISED]
    lost = [path for path in vectors if not _moves(model, path, outputs)]
    return [path for path in model.weights if path not in lost]


def _moves(model: Model, weight: str, events: list[int]) -> bool:
    """Return whether a weight changes the values of events by more than rounding."""
    moved = model.read({weight: move(model.base.before[weight])}, tuple(events))
    pairs = ((model.base.events[i][2], moved[i]) for i in events)
    return any(new is None or np.abs(new - old).max() > LOST * np.abs(old).max()
               for old, new in pairs)  # fmt: skip


def _add_alike(chosen: list[str], paths: list[str]) -> list[str]:
    """Return the paths that differ from chosen ones in indices alone, and these."""
    names = {name_alike(path) for path in chosen}
    return [path for path in paths if name_alike(path) in names]


def _choose_targets(
    model: Model, changed: list[str], data: dict[str, list[str]]
) -> tuple[int, str]:
    """Return how many weights the outputs depend on, and the name of the targets; (0, "") for none.

    The targets are what most weights' steps depend on, where the outputs depend on as many.

    Single numbers that are neither made nor a part of data are targets only where nothing else is:
    the count of Adam's steps is none.
    """
    results = {(-1, path) for path in changed}
    scores = []
    for number, name in enumerate(data):
        reach = {model.base.events[i][:2] for i in model.depends[name]} & results
        counts = (_count(model, changed, i) for i in _list_forward(model, data, name))
        count = max(counts, default=0) if reach else 0
        value = model.get_value(data[name][0])
        is_likely = value.ndim > 0 or _is_of_data(model, name)
        about = count > 0, is_likely, count, len(reach), looks_like_target(name)
        scores.append((*about, number, name))
    best = max(scores, default=(False, False, 0, 0, 0, 0, ""))
    return best[2], best[-1]


def _is_of_data(model: Model, name: str) -> bool:
    """Return whether a single number is an event that is made or a part of data."""
    if name[0] != EVENT:
        return False
    _, path, value = model.base.events[int(name[1:])]
    return path == ELEMENT or value.dtype.kind == "f"


def _list_forward(model: Model, data: dict[str, list[str]], targets: str) -> list[int]:
    """Return the events of real numbers that depend on weights and other data, and not on these
    targets.

    The place of an output (its site and path) is reached before anything depends on weights and
    targets: a sum of a weight and its momentum, which may be free of the targets too, comes later.
    """
    weighted = frozenset().union(*(model.depends[p] for p in model.depends if p not in data))
    mixed = min(model.depends[targets] & weighted, default=0)
    early = {event[:2] for event in model.base.events[:mixed]}
    others = frozenset().union(*(model.depends[name] for name in data if name != targets))
    free = (others & weighted) - model.depends[targets]
    events = model.base.events
    return sorted(i for i in free if events[i][2].dtype.kind == "f" and events[i][:2] in early)


def _join_numbers(model: Model, changed: list[str], events: list[int]) -> Events:
    """Return the outputs of a net that computes each by itself, as many as its targets are: numbers
    that depend on different weights; () for other nets.
    """
    if len(model.targets) < 2 or any(model.base.events[i][2].ndim for i in events):
        return ()
    found = {frozenset(path for path in changed if i in model.depends[path]): i for i in events}
    return tuple(sorted(found.values())) if len(found) == len(model.targets) else ()


def _find_each(model: Model, changed: list[str], forward: list[int]) -> Events:
    """Return the outputs of samples that come one by one, () where these are not known."""
    weighted = frozenset().union(*(model.depends[path] for path in changed))
    path = model.targets[0]
    find = partial(find_dependents, model)
    values = model.get_value(path)
    return find_outputs(path, values, forward, weighted, find) if values.ndim else ()


def _count(model: Model, changed: list[str], event: int) -> int:
    """Return on how many weights an event depends; single numbers count where there are no arrays:
    a sum of losses is none.
    """
    arrays = [path for path in changed if model.base.before[path].ndim] or changed
    return sum(event in model.depends[path] for path in arrays)


def _keep_deepest(model: Model, changed: list[str], events: list[int]) -> list[int]:
    """Return the events that depend on most of what changes, single numbers too."""
    counts = [sum(event in model.depends[path] for path in changed) for event in events]
    most = max(counts, default=0)
    return [event for event, n in zip(events, counts, strict=True) if n == most]


def _group_events(model: Model, events: list[int]) -> list[Events]:
    """Return events of one site and shape as one quantity, since samples may come one by one, and
    each by itself where there are several.
    """
    groups: dict[tuple[int, str, tuple[int, ...]], list[int]] = {}
    for i in events:
        groups.setdefault(_name_place(model, i), []).append(i)
    single = [(i,) for group in groups.values() for i in group if len(group) > 1]
    return [*single[-20:], *(tuple(group) for group in groups.values())]


def _is_chain(model: Model, events: Events) -> bool:
    """Return whether some of several events of one place are computed from the first: of a function
    that is called for the outputs again, to find their slope.
    """
    first = f"{EVENT}{events[0]}"
    if len(events) == 1:
        return False
    found = find_dependents(model, {first: move(model.get_value(first))})
    return bool((found or frozenset()) & set(events[1:]))


def _extend(model: Model, events: Events) -> Events:
    """Return the events with all others of their place and shape that the targets do not change:
    the outputs of a sample of zeros do not depend on every weight.
    """
    keys = {_name_place(model, i) for i in events}
    free = (i for i in range(len(model.base.events)) if i not in model.after_targets)
    return events if len(events) == 1 else tuple(i for i in free if _name_place(model, i) in keys)


def _name_place(model: Model, event: int) -> tuple[int, str, tuple[int, ...]]:
    """Return the place of an event in the source and its shape, whatever its index in a list."""
    site, path, value = model.base.events[event]
    return *name_place(site, path), value.shape


def name_place(site: int, path: str) -> tuple[int, str]:
    """Return the place of a value in the source, whatever its index in a list."""
    return site, name_alike(path)


def _find_losses(model: Model, targets: str) -> list[Events]:
    """Return single numbers that targets and weights change, but what becomes of a weight: the last
    ones, and the last before each new place, since an engine computes thousands after its loss.

    Targets that are one use of the inputs change nothing where the loss uses these itself.
    """
    is_use = targets[0] == EVENT and model.base.events[int(targets[1:])][1] == NAMED
    after = (model.base.after.get(path) for path in model.weights)
    moved = {value.tobytes() for value in after if value is not None and value.size == 1}
    single = [
        i
        for i, (_, _, value) in enumerate(model.base.events)
        if value.size == 1 and value.dtype.kind == "f" and value.tobytes() not in moved
        and (is_use or i in model.depends[targets])
        and all(i in model.depends[path] for path in model.weights)
    ]  # fmt: skip
    groups = [group for group in _group_events(model, single) if len(group) > 1]
    firsts: dict[tuple[int, str], int] = {}
    for n, i in enumerate(single):
        firsts.setdefault(model.base.events[i][:2], n)
    last = {single[n - 1] for n in firsts.values() if n}
    return [*((i,) for i in sorted({*single[-LAST:], *last})), *groups]
