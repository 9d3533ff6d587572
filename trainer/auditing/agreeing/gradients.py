"""Gradients as results: those of Σ r y by the inputs, with fixed weights r of the results y."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from trainer.auditing.agreeing.forms import match_kind
from trainer.auditing.agreeing.result import AGREE, DIFFERENT, UNKNOWN, Row
from trainer.auditing.agreeing.side import AFTER, Side, Values, describe
from trainer.auditing.agreeing.submodules import rename_parameter
from trainer.auditing.agreeing.values import (
    get_torch,
    is_floating,
    is_module,
    is_tensor,
    list_leaves,
    map_leaves,
    read_value,
)
from trainer.common.errors import InputError

Function = Callable[..., Any]
STEP = 2.0**-18  # of differences in float64: h² of truncation is as large as u / h of rounding
PRECISION = 2.0**-26  # of such differences, relative to their terms
MOST_BLUR = 1e-3  # of the terms, with which differences tell whether gradients are right


def wrap_gradients(
    a: Side, b: Side, gradients: object, names: Mapping[str, str]
) -> tuple[Side, Side] | None:
    """Make both sides return gradients too: those of given functions, else torch's.

    Where one side has none, return it and the other one, to be compared by differences. names:
    submodule of old → submodule of new. Raises InputError if neither side has gradients.
    """
    given = (None, None) if gradients is True else gradients
    if not (isinstance(given, tuple) and len(given) == 2):
        raise InputError(
            "gradients: give True, or functions of both sides as (f, g), None for none"
        )
    pairs = _pair_parameters(a.function, b.function, names)
    wraps: dict[Side, Callable[[Any], Any]] = {}
    for index, (side, function) in enumerate(zip((a, b), given, strict=True)):
        if function is not None or side.has_tensors:
            shown = {pair[index]: pair[0] for pair in pairs}
            wraps[side] = _add_gradients(side, function, shown)
    if not wraps:
        raise InputError("gradients: neither side is torch's; give the gradient function of one")
    if len(wraps) == 2:
        a.wrap, b.wrap = wraps[a], wraps[b]
        return None
    (side, wrap), other = next(iter(wraps.items())), b if a in wraps else a
    twin = Side(side.name, side.function, side.inputs, side.device)
    twin.names, twin.form, twin.wrap = side.names, side.form, wrap
    return other, twin


def _pair_parameters(old: Any, new: Any, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the pairs of names of the parameters of two modules."""
    if not (is_module(old) and is_module(new)):
        return []
    mine, others = ({name for name, _ in each.named_parameters()} for each in (old, new))
    pairs = ((name, rename_parameter(name, names)) for name in sorted(mine))
    return [pair for pair in pairs if pair[1] in others]


def _add_gradients(
    side: Side, given: Function | None, parameters: dict[str, str]
) -> Callable[[Any], Function]:
    """Return what turns the function of a side into one that gives gradients too.

    given computes the gradients, None to differentiate by autograd. parameters are those of a
    module → their names in the result.
    """

    def wrap(function: Any) -> Function:
        def compute(*inputs: Any) -> dict[str, Any]:
            leaves = side.list_floating(list(inputs))
            if given:
                y = function(*inputs)  # both kinds give the gradient of Σ weight · result
                found = _call_gradient(given, side, (*inputs, _make_weights(y)), list(leaves))
            else:
                leaves = {name: leaf for name, leaf in leaves.items() if is_tensor(leaf)}
                own = dict(function.named_parameters()) if is_module(function) else {}
                leaves |= {shown: own[name] for name, shown in parameters.items()}
                y, found = _differentiate(function, side, inputs, list(leaves.values()))
            shown = [f"gradient of {name}" for name in leaves]
            return list_leaves(y, "") | dict(zip(shown, found, strict=True))

        return compute

    return wrap


def _call_gradient(given: Function, side: Side, inputs: Any, names: list[str]) -> list[Any]:
    """Return what a gradient function gives for each floating input, by name or in their order."""
    what = f"the gradient function of {side.name}"
    try:
        found = list_leaves(given(*inputs), "")
    except Exception as error:  # The code of somebody else may raise anything.
        raise InputError(f"{what} does not run as f(*inputs, dy): {describe(error)}") from error
    if len(found) != len(names):
        inputs_text = f"there are {len(names)} floating inputs"
        raise InputError(f"{what} gives {len(found)} arrays, but {inputs_text}")
    return [found[name] for name in names] if set(found) == set(names) else [*found.values()]


def _differentiate(function: Any, side: Side, inputs: Any, leaves: list[Any]) -> tuple[Any, Any]:
    torch = get_torch()
    with torch.enable_grad():
        for leaf in leaves:
            leaf.requires_grad_()
        y = function(*inputs)
        pairs = zip(
            *(list_leaves(each, "").values() for each in (y, _make_weights(y))), strict=True
        )
        total = sum((leaf * weight).sum() for leaf, weight in pairs if is_floating(leaf))
        if not getattr(total, "requires_grad", False):
            raise InputError(f"no gradient reaches the results of {side.name}: are they detached?")
        total = total.real if total.is_complex() else total
        return y, torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)


def _make_weights(y: Any) -> Any:
    """Return the weights r for results y, in their form: numbers that every format holds.

    They depend on the name of a result, so that its place among the others does not matter.
    """
    names = iter(list_leaves(y, ""))

    def draw(leaf: Any) -> Any:
        rng = np.random.default_rng(zlib.crc32(next(names).encode()))
        if not is_floating(leaf):
            return leaf
        drawn = np.asarray(rng.choice((-2.0, -1.0, 0.5, 1.0, 2.0), np.shape(leaf)))
        if is_tensor(leaf):
            return match_kind(drawn, leaf).to(leaf.dtype)
        return drawn.astype(getattr(leaf, "dtype", np.float64))

    return map_leaves(draw, y)


def compare_along(plain: Side, wrapped: Side) -> Row:
    """Compare the gradients of one side with differences of the other along random directions.

    Raises InputError where a side does not run in float64.
    """
    try:
        found = wrapped.run_wide()
        leaves = wrapped.list_floating(wrapped.inputs)
        for name, leaf in leaves.items():
            shape = found[f"gradient of {name}"].array.shape
            if shape != np.shape(leaf):
                text = f"that of {name} has the shape {shape}, {name} {tuple(np.shape(leaf))}"
                return Row("gradients", DIFFERENT, text, (wrapped.name,))
        pairs = [_compare_direction(plain, found, leaves, seed) for seed in (0, 1)]
    except InputError:
        raise
    except Exception as error:  # The code of somebody else may raise anything.
        raise InputError(f"gradients: a side does not run in float64: {describe(error)}") from error
    got, expected, limit, blur = max(pairs, key=lambda p: abs(p[0] - p[1]) / (p[2] or 1))
    text = f"along a random direction {wrapped.name} has {got:.6g}, "
    text += f"differences of {plain.name} give {expected:.6g}"
    difference = abs(got - expected)
    if blur > MOST_BLUR:
        text += ": the inputs are too near a pole or a kink to tell"
        return Row("gradients", UNKNOWN, text, (), difference)
    return Row("gradients", AGREE if difference <= limit else DIFFERENT, text, (), difference)


def _compare_direction(
    plain: Side, found: Values, leaves: dict[str, Any], seed: int
) -> tuple[float, float, float, float]:
    """Return the derivative along a direction by gradients and by differences, their limit, and
    the share of their terms that the differences leave open.

    Half the step shows how far a difference is from the derivative: near a pole, or with a kink on
    the way. At a kink any number between the slopes of both sides is a derivative.
    """
    rng = np.random.default_rng(seed)
    moves = {}
    for name, leaf in leaves.items():
        scale = float(np.abs(read_value(leaf).array).max(initial=0)) or 1.0
        moves[name] = scale * rng.standard_normal(np.shape(leaf))
    directions = [match_kind(move, leaves[name]) for name, move in moves.items()]
    up, above, here, below, down = (
        _weigh_results(plain.run_along(directions, step * STEP)) for step in (1, 0.5, 0, -0.5, -1)
    )
    wide, narrow = (up - down) / (2 * STEP), (above - below) / STEP
    bends = [(up + down - 2 * here) / STEP, 2 * (above + below - 2 * here) / STEP]
    blur = float((np.abs(wide - narrow) + np.abs(2 * bends[1] - bends[0]) / 2).sum())
    terms = [(found[f"gradient of {name}"].array * move).ravel() for name, move in moves.items()]
    got = float(sum(each.sum().real for each in terms))
    size = sum(np.abs(each).sum() for each in (*terms, up, down))
    return got, float(narrow.sum().real), float(PRECISION * size) + blur, blur / (size or 1)


def _weigh_results(values: Values) -> Any:
    """Return the terms of Σ r y."""
    arrays = {n: v.array for n, v in values.items() if v.is_rounded and not n.endswith(AFTER)}
    weights = _make_weights(arrays)
    return np.concatenate([(array * weights[name]).ravel() for name, array in arrays.items()])
