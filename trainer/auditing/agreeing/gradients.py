"""Gradients as results: those of Σ r y by the inputs, with fixed weights r of the results y."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np

from trainer.auditing.agreeing.result import AGREE, DIFFERENT, Row
from trainer.auditing.agreeing.side import AFTER, Side, describe
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
    renamed = {}
    for name in sorted(mine):
        module, _, last = name.rpartition(".")
        renamed[name] = f"{names[module]}.{last}" if module in names else name
    return [pair for pair in renamed.items() if pair[1] in others]


def _add_gradients(
    side: Side, given: Function | None, parameters: dict[str, str]
) -> Callable[[Any], Function]:
    """Return what turns the function of a side into one that gives gradients too.

    parameters: those of a module → their names in the result.
    """

    def wrap(function: Any) -> Function:
        def compute(*inputs: Any) -> dict[str, Any]:
            leaves = dict(zip(side.names, list_leaves(list(inputs), "x").values(), strict=True))
            leaves = {name: leaf for name, leaf in leaves.items() if is_floating(leaf)}
            if given:
                y = function(*inputs)
                found = _call_gradient(
                    given, side, (*inputs, map_leaves(_Weights(), y)), len(leaves)
                )
            else:
                leaves = {name: leaf for name, leaf in leaves.items() if is_tensor(leaf)}
                own = dict(function.named_parameters()) if is_module(function) else {}
                leaves |= {shown: own[name] for name, shown in parameters.items()}
                y, found = _differentiate(function, side, inputs, list(leaves.values()))
            shown = [f"gradient of {name}" for name in leaves]
            return list_leaves(y, "") | dict(zip(shown, found, strict=True))

        return compute

    return wrap


def _call_gradient(given: Function, side: Side, inputs: Any, count: int) -> list[Any]:
    """Return what a gradient function gives for each floating input."""
    try:
        found = list(list_leaves(given(*inputs), "").values())
    except Exception as error:  # The code of somebody else may raise anything.
        what = f"the gradient function of {side.name} does not run as f(*inputs, dy)"
        raise InputError(f"{what}: {describe(error)}") from error
    if len(found) != count:
        what = f"the gradient function of {side.name} gives {len(found)} arrays"
        raise InputError(f"{what}, but there are {count} floating inputs")
    return found


def _differentiate(function: Any, side: Side, inputs: Any, leaves: list[Any]) -> tuple[Any, Any]:
    torch, weigh = get_torch(), _Weights()
    with torch.enable_grad():
        for leaf in leaves:
            leaf.requires_grad_()
        y = function(*inputs)
        floating = [each for each in list_leaves(y, "").values() if is_floating(each)]
        total = sum((each * weigh(each)).sum() for each in floating)
        if not getattr(total, "requires_grad", False):
            raise InputError(f"no gradient reaches the results of {side.name}: are they detached?")
        return y, torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)


class _Weights:
    """Draws the weights r of one result after the other: numbers that every format holds."""

    def __init__(self) -> None:
        self._seeds = count(1)

    def __call__(self, leaf: Any) -> Any:
        if not is_floating(leaf):
            return leaf
        rng = np.random.default_rng(next(self._seeds))
        drawn = np.asarray(rng.choice((-2.0, -1.0, 0.5, 1.0, 2.0), np.shape(leaf)))
        if is_tensor(leaf):
            return get_torch().from_numpy(drawn).to(leaf.device, leaf.dtype)
        return drawn.astype(getattr(leaf, "dtype", np.float64))


def compare_along(plain: Side, wrapped: Side) -> Row:
    """Compare the gradients of one side with differences of the other along random directions."""
    found, pairs, ratios = wrapped.run_wide(), [], []
    x = dict(zip(wrapped.names, list_leaves(wrapped.inputs, "x").values(), strict=True))
    for seed in (0, 1):
        sums = [_weigh_results(plain.run_wide(move, seed)) for move in (STEP, -STEP)]
        rng = np.random.default_rng(seed)
        terms = np.concatenate([
            (found[f"gradient of {name}"].array * read_value(leaf).array
             * rng.choice((-1.0, 1.0), np.shape(leaf))).ravel()
            for name, leaf in x.items() if is_floating(leaf)
        ])  # fmt: skip
        pairs.append((terms.sum(), (sums[0].sum() - sums[1].sum()) / (2 * STEP)))
        limit = PRECISION * (np.abs(terms).sum() + np.abs(sums).sum())
        ratios.append(abs(pairs[-1][0] - pairs[-1][1]) / (limit or 1))
    got, expected = pairs[int(np.argmax(ratios))]
    text = f"along a random direction {wrapped.name} has {got:.6g}, "
    text += f"differences of {plain.name} give {expected:.6g}"
    status = AGREE if max(ratios) <= 1 else DIFFERENT
    return Row("gradients", status, text, (), float(abs(got - expected)))


def _weigh_results(values: dict[str, Any]) -> Any:
    """Return the terms of Σ r y."""
    weigh = _Weights()
    rounded = [v.array for name, v in values.items() if v.is_rounded and not name.endswith(AFTER)]
    return np.concatenate([(array * weigh(array)).ravel() for array in rounded])
