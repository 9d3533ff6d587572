"""Tells whether a step can follow any loss of the outputs at all, known or not.

A step down a loss is J'ᵀδ: the outputs' Jacobian J by the weights, and one error δ for each output.
Where there are more directions than outputs, most wrong steps have no such δ.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from trainer.book.functions import Array
from trainer.checker.find.trace import LIST
from trainer.checker.judge.each_output import change_one
from trainer.checker.judge.events import Events, Values, read_events
from trainer.checker.judge.influence import Model
from trainer.checker.judge.slopes import PULLS, Direction, probe

MOST_OUTPUTS = 60  # errors that are solved for
ASKED = 3  # quantities that may be the outputs
TRIED = 8  # elements of a weight
SPARE, FEWEST = 4, 2  # more equations than unknowns, and of a small net
RARE = 8  # the same for a penalty that few nets have
COMMON = 2  # penalties: on all weights, and on the matrices
EXACT = 1e-6  # of the largest step: what rounding leaves where errors explain all
IMPOSSIBLE = 1e-3  # of the largest step: no rounding leaves such a rest


def list_inconsistent(model: Model) -> list[list[str]]:
    """Return the weights whose step follows no loss of the outputs, for some of the most numbers
    that may be the outputs: a sum of them, or the largest, has fewer and explains less. Where
    nothing can be said of the most, fewer say nothing either.
    """
    sizes = {events: sum(model.base.events[i][2].size for i in events) for events in model.outputs}
    found: list[list[str]] = []
    most = 0
    last = sorted(sizes, key=lambda events: (sizes[events], max(events)), reverse=True)
    for events in last:
        if len(found) == ASKED or sizes[events] < most:
            break
        if not _is_whole(model, events):
            continue
        wrong = find_inconsistent(model, events)
        if wrong is None:
            break
        found.append(wrong)
        most = sizes[events]
    return found


def find_inconsistent(model: Model, events: Events) -> list[str] | None:
    """Return the weights whose step follows no loss of these outputs, None where that is open.

    The weights are taken from the last to the first; one is inconsistent if it needs other errors
    than those after it.
    """
    outputs = read_events([event[2] for event in model.base.events], events)
    if outputs is None or outputs.size > MOST_OUTPUTS:
        return None
    found = _gather(model, outputs.size)
    rows = [_differentiate(each, events) for each in found]
    kept = [(d, row) for d, row in zip(found, rows, strict=True) if row is not None]
    if not _has_spare(kept):
        return None
    if _measure_rest(kept) <= IMPOSSIBLE:
        return []
    good: list[str] = []
    wrong: list[str] = []
    for weight in sorted(model.weights, key=partial(_find_use, model), reverse=True):
        chosen = [pair for pair in kept if pair[0].weight in (*good, weight)]
        (wrong if _measure_rest(chosen) > IMPOSSIBLE else good).append(weight)
    return wrong


def _find_use(model: Model, weight: str) -> int:
    """Return the first event that computes something of a weight: it may be read much earlier."""
    events, value = model.base.events, model.get_value(weight)
    used = (i for i in model.depends[weight] if not np.array_equal(events[i][2], value))
    return min(used, default=len(events))


def find_errors(model: Model, events: Events, slope: Callable[[Direction], float]) -> Array | None:
    """Return the one derivative by outputs that explains a slope along the directions of all
    weights, None where none does, or several do.
    """
    outputs = read_events([event[2] for event in model.base.events], events)
    if outputs is None or outputs.size > MOST_OUTPUTS:
        return None
    rows = ((each, _differentiate(each, events)) for each in _gather(model, outputs.size))
    kept = [(each, row) for each, row in rows if row is not None]
    if not _has_spare(kept, spare=SPARE) or {d.weight for d, _ in kept} != set(model.weights):
        return None
    columns, slopes = np.stack([row for _, row in kept]), np.array([slope(d) for d, _ in kept])
    solution, _, rank, _ = np.linalg.lstsq(columns, slopes, rcond=1e-9)
    rest = np.abs(columns @ solution - slopes).max()
    is_found = rank == outputs.size and rest <= EXACT * np.abs(slopes).max()
    return solution if is_found and _is_whole(model, events) else None


def _is_whole(model: Model, events: Events) -> bool:
    """Return whether events are all outputs: arrays that one expression gave, or what depends on
    every weight that moves. A list, or a single number, may be a part or not be filled yet.
    """
    found = (model.base.events[i] for i in events)
    if all(value.ndim and not path.endswith(LIST) for _, path, value in found):
        return True
    if not all(_depends(model, events, weight) for weight in model.weights):
        return False
    return not _uses_more_targets(model, sum(model.base.events[i][2].size for i in events))


def _uses_more_targets(model: Model, number: int) -> bool:
    """Return whether a step uses more targets than these: of other samples."""
    used = 0
    for path in model.targets[: number + 1]:
        targets = model.get_value(path)
        for place in range(min(targets.size, TRIED)):
            used += bool(model.list_moved({path: change_one(targets, place)}))
            if used > number:
                return True
    return False


def _depends(model: Model, events: Events, weight: str) -> bool:
    """Return whether outputs depend on some elements of a weight that the step moves, each."""
    before = np.asarray(model.base.before[weight], dtype=np.float64)
    moved = np.flatnonzero(model.base.after[weight] != before)
    outputs = read_events([event[2] for event in model.base.events], events)
    for element in moved[np.linspace(0, len(moved) - 1, min(len(moved), TRIED)).astype(int)]:
        new = read_events(_read_moved(model, weight, int(element)), events)
        if new is None or outputs is None or np.array_equal(new, outputs):
            return False
    return True


def _read_moved(model: Model, weight: str, element: int) -> Values:
    """Return the outputs with another value of one element of a weight, which is run once."""
    key = weight, element
    if key not in model.moved:
        changed = np.array(model.base.before[weight], dtype=np.float64)
        changed.reshape(-1)[element] += 0.1 * (np.abs(changed).max() or 1.0)
        model.moved[key] = model.read({weight: changed})
    return model.moved[key]


def _gather(model: Model, unknown: int) -> list[Direction]:
    """Return more directions than there are errors, shared among the weights."""
    each = -(-(unknown + COMMON + SPARE) * 2 // len(model.weights))
    return [direction for weight in model.weights for direction in probe(model, weight, each)]


def _differentiate(direction: Direction, events: Events) -> Array | None:
    """Return the derivative of the outputs, None at a kink or where they are absent."""
    values = {n: read_events(run, events) for n, run in direction.runs.items()}
    if any(value is None for value in values.values()):
        return None
    near, far = direction.compute_differences(values)
    is_smooth = np.abs(near - far).max() <= 1e-5 * np.abs(near).max() + 1e-9
    return near.reshape(-1) if is_smooth else None


Pairs = Sequence[tuple[Direction, Array]]


def _has_spare(pairs: Pairs, penalties: int = COMMON, spare: int = FEWEST) -> bool:
    return bool(pairs) and len(pairs) >= len(pairs[0][1]) + penalties + spare


def _measure_rest(pairs: Pairs) -> float:
    """Return what no errors of the outputs and no penalty explain, relative to the step: one on all
    weights or on the matrices, or, where that can be told, on each array by itself.
    """
    flat = np.array([direction.vector.ndim < 2 for direction, _ in pairs])
    owners = np.array([direction.weight for direction, _ in pairs])
    found = []
    for kind, least in zip(PULLS, (FEWEST, RARE), strict=True):
        pull = np.array([getattr(direction, kind) for direction, _ in pairs])
        common = [pull, np.where(flat, 0, pull)]
        apart = [np.where(owners == each, pull, 0.0) for each in dict.fromkeys(owners.tolist())]
        choices = (common, least), (apart, max(least, SPARE))
        found += [_solve(pairs, each) for each, spare in choices
                  if _has_spare(pairs, len(each), spare)]  # fmt: skip
    return min(found, default=0.0)


def _solve(pairs: Pairs, penalties: list[Array]) -> float:
    """Return what is left with the errors and the penalties that explain most."""
    moved = np.array([direction.moved for direction, _ in pairs])
    columns = np.column_stack([np.stack([row for _, row in pairs]), *penalties])
    scale = np.abs(columns).max(axis=0)
    columns = columns / np.where(scale > 0, scale, 1)
    solution, *_ = np.linalg.lstsq(columns, moved, rcond=1e-9)
    return float(np.abs(columns @ solution - moved).max() / (np.abs(moved).max() or 1.0))
