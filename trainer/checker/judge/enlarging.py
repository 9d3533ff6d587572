"""Takes a step with a larger rate or penalty, where a small one hides what they do wrong."""

from collections.abc import Iterator

import numpy as np

from trainer.book.functions import Array
from trainer.checker.judge.derivatives import find_factor
from trainer.checker.judge.influence import Model, Run, begin_at, find_dependents

EXACT, FAR = 1e-9, 1e-3  # relative, of moves that are in proportion to a rate, and that are not
SMALL = 0.1  # the share of a penalty in a move with which it may hide
NEAR, CLEAR = 1e-3, 1e-2  # relative: how far weights move, and by how much a power may be missed
LESS = 0.3  # of a rate, with which its square is no more like it
HALF = 0.5  # in place of a 0
TIMES = 1e3  # by which a penalty is made stronger to see what it does
Moves = dict[str, Array]  # how far each weight moves


def list_larger(model: Model) -> Iterator[tuple[Run, str]]:
    """Yield a step at a rate at which the weights move as far as they are large, where some move in
    proportion to it and others do not, being moved by weights of the same step; with a penalty
    that moves them as far as the loss does; and with one half for a 0 on which the outputs depend,
    as on a rate of dropout, which the text names.
    """
    moves = _list_moves(model, {})
    for path, number in _list_numbers(model):
        larger = _enlarge_rate(model, path, number, moves) or _enlarge_penalty(
            model, path, number, moves
        )
        if larger:
            yield begin_at(model.run, {path: larger}), ""
    for path, _zero in _list_numbers(model, are_zero=True):
        if _may_change_outputs(model, path, HALF):
            yield begin_at(model.run, {path: HALF}), f"{path} = {HALF}"


def _may_change_outputs(model: Model, path: str, number: float) -> bool:
    """Return whether another number may give other outputs, or another course of the step."""
    later = find_dependents(model, {path: np.asarray(number)})
    return later is None or any(i in later for events in model.outputs for i in events)


def find_powers(model: Model) -> tuple[Run, list[str]] | None:
    """Return the weights that move in proportion to the square of a number, or to a higher power,
    where all others move in proportion to it, and the outputs do not depend on it: a learning rate,
    unless another number is that. They come with a step at which these move less far than the
    others; None for none.
    """
    if len(model.weights) == 1:
        return None
    moves, found = _list_moves(model, {}), list[tuple[str, float, list[str]]]()
    for path, number in _list_numbers(model):
        powers = _find_powers(model, path, number, moves)
        wrong = [weight for weight, power in powers.items() if power > 1]
        if len(powers) == len(moves) and not wrong:
            return None
        if len(powers) == len(moves) and 1 in powers.values():
            found.append((path, number, wrong))
    for path, number, wrong in found:
        if not _may_change_outputs(model, path, 2 * number):
            return begin_at(model.run, {path: LESS * number}), wrong
    return None


def _find_powers(model: Model, path: str, number: float, moves: Moves) -> dict[str, int]:
    """Return the power of a number with which each weight moves, where there is one: it is made so
    small that no weight moves far by it.
    """
    far, size = _measure_largest(model, moves)
    small = number * min(1.0, NEAR * size / far) if far else number
    once, twice = (_list_moves(model, {path: k * small}) for k in (1, 2))
    found = {}
    for weight, move in once.items():
        factor = float((twice[weight] * move).sum()) / (float((move * move).sum()) or 1.0)
        power = round(np.log2(factor)) if factor > 1 else 0
        rest = np.abs(twice[weight] - 2**power * move).max()
        if power and rest <= CLEAR * 2**power * np.abs(move).max():
            found[weight] = power
    return found


def _list_numbers(model: Model, are_zero: bool = False) -> Iterator[tuple[str, float]]:
    """Yield the numbers that a step does not change, and that are no targets: those that are 0, or
    the others.
    """
    others = {*model.base.list_changed(), *model.targets}
    for path, value in model.base.before.items():
        is_number = path not in others and not value.ndim and value.dtype.kind in "fi"
        if is_number and (value == 0) == are_zero:
            yield path, float(value)


def _enlarge_rate(model: Model, path: str, rate: float, moves: Moves) -> float:
    """Return the larger rate, 0 for a number that is none, or one in proportion to all moves."""
    far, size = _measure_largest(model, moves)
    larger = rate * max(1.0, size / far) if far else rate
    once, twice = (_list_moves(model, {path: k * larger}) for k in (1, 2))
    if not all(move.any() for move in once.values()):
        return 0.0  # with it they are no numbers
    rests = [np.abs(twice[w] - 2 * move).max() / (np.abs(move).max() or 1.0)
             for w, move in once.items()]  # fmt: skip
    return larger if min(rests) <= EXACT and max(rests) > FAR else 0.0


def _measure_largest(model: Model, moves: Moves) -> tuple[float, float]:
    """Return how far the weights move at most, and the largest of their numbers."""
    far = max(float(np.abs(move).max()) for move in moves.values())
    return far, max(float(np.abs(model.base.before[weight]).max()) for weight in moves)


def _enlarge_penalty(model: Model, path: str, strength: float, moves: Moves) -> float:
    """Return a penalty's larger strength, 0 for a number that is none, or that is large."""
    stronger = _list_moves(model, {path: (1 + TIMES) * strength})
    for weight, move in moves.items():
        pull, values = (stronger[weight] - move) / TIMES, model.base.before[weight]
        share = float(np.abs(pull).max() / (np.abs(move).max() or 1.0))
        if values.size > 1 and 0 < share < SMALL and find_factor(pull, values):
            return strength / share
    return 0.0


def _list_moves(model: Model, edits: dict[str, float]) -> Moves:
    """Return how far each weight moves, 0 where that is not known."""
    after, before = model.run(edits, "changes").after, model.base.before
    pairs = {w: (before[w], after.get(w)) for w in model.weights}
    moves = {w: new - old if new is not None and new.shape == old.shape else 0 * old
             for w, (old, new) in pairs.items()}  # fmt: skip
    return {w: np.nan_to_num(move, nan=0.0, posinf=0.0, neginf=0.0) for w, move in moves.items()}
