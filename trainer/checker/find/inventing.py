"""Invents what the functions of a layer are given: inputs, weights beside them, and dout."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import (
    OPTIONS,
    SIZES,
    TARGETS,
    find_role,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.guessing import list_keys, list_words
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.trying import Outcome, Trier

N, D, H = 7, 5, 4
INPUTS = ((N, D), (D, N), (2, 3, 6, 6), (2, 6, 6, 3), (2, 3, D), (N, D), (D,), (D, 1), (1, D))
PROBABLE = 5  # the number of the probabilities; behind them are single samples
# The names of a gradient that a backward function is given.
DOUT = r"d([A-Z_0-9].*|[a-z]\d?|values?|inputs?|outputs?)?|.*(grad|delta|dout|error|upstream).*"
MATRIX, VECTOR = "[wWuUkK]", "b|beta|gamma"  # how names of weights begin
MOST_TRIES = 150  # shapes of the arguments of one layer
Function = Callable[..., Any]


def invent_arguments(
    forward: Function,
    made: list[str],
    x: Array,
    run: Callable[[Namespace], Any],
    trier: Trier,
    is_loss: bool = False,
) -> Namespace | None:
    """Return arguments with which forward ends, None for none: x and what fits beside it.

    made are arguments of the constructor. run builds the layer and calls forward. is_loss tells
    that the last argument may be targets, whatever it is called.
    """
    required = list_required(forward)
    required = required[1:] if required[:1] == ["self"] else required
    if not required:
        return None
    first, *others = required
    others = list(dict.fromkeys([*made, *others]))

    def check(named: Namespace, asked: list[str]) -> None:
        asked += others
        y, _ = split_result(run(named))
        if not np.isfinite(y).all():
            raise ValueError("not finite")

    every = [_list_choices(forward, name, made, x, trier, i) for i, name in enumerate(others)]
    if is_loss:
        every[-1] = [*_list_targets(x), *every[-1]]
    trials = ({first: x, **dict(zip(others, v, strict=True))} for v in _order_choices(every))
    best = _find_best(
        trier.try_values(check, each) for each in itertools.islice(trials, MOST_TRIES)
    )
    if best is None or best.error is None or not others:
        return best.named if best and best.error is None else None
    best = trier.find_best(check, best.named, {"x": x, "t": np.arange(len(x)) % 3})
    return best.named if best.error is None else None


def _order_choices(every: list[list[Any]]) -> Iterator[list[Any]]:
    """Yield one choice for each argument, likely ones of all of them first."""
    places = sorted(itertools.product(*(range(len(choices)) for choices in every)), key=sum)
    for numbers in places:
        yield [choices[i] for choices, i in zip(every, numbers, strict=True)]


def is_named_as_array(name: str) -> bool:
    """Return whether a name begins as that of a matrix or a vector of weights."""
    return re.match(f"{MATRIX}|{VECTOR}", name) is not None


def _find_best(outcomes: Iterator[Outcome]) -> Outcome | None:
    """Return the first that ends, or else the one that comes farthest, None for none."""
    best: Outcome | None = None
    for outcome in outcomes:
        if outcome.error is None:
            return outcome
        best = outcome if best is None or outcome.reached > best.reached else best
    return best


def _list_choices(
    forward: Function, name: str, made: list[str], x: Array, trier: Trier, number: int
) -> list[Any]:
    """Return what an argument may be, the likeliest first: of a constructor it is a size rather
    than an array, where its name is not that of a weight.
    """
    if name in made and find_role(name, SIZES):
        usual = trier.choices.choose_usual(name)  # where it is a list, a layer may have one of it
        return [usual, *(_list_numbers(x, is_made=True) if isinstance(usual, list) else ())]
    if trier.choices.is_called(name):
        return trier.choices.list_functions(name)
    numbers, others = _list_numbers(x, name in made), _list_values(forward, name, x, trier, number)
    is_size = name in made and not is_named_as_array(name)
    return [*numbers, *others] if is_size else [*others, *numbers]


def _list_values(forward: Function, name: str, x: Array, trier: Trier, number: int) -> list[Any]:
    """Return what an argument of forward may be besides a number: words, tables, or arrays."""
    words = list_words(name, trier.choices.tree, trier.choices.module)
    return [*words] or [*_list_arrays(forward, name, x, trier, number)]


def _list_arrays(
    forward: Function, name: str, x: Array, trier: Trier, number: int
) -> Iterator[Any]:
    """Yield tables for an argument that is read by keys, else targets, arrays and labels."""
    keys = list_keys(trier.choices.tree, name, forward.__name__)
    if keys:
        for size in (2, 1):
            yield {k: next(iter(list_words(k, trier.choices.tree, trier.choices.module)), size)
                   for k in keys}  # fmt: skip
        return
    if re.fullmatch(f"{TARGETS}|y", simplify_name(name)):
        yield from _list_targets(x)
    if find_role(name, OPTIONS) in (None, "weights", "dout"):
        yield from (draw(shape, number + 1) for shape in _list_shapes(name, x))
    yield np.array([0, 1, 0, 2])  # of rows, one of them twice


def _list_targets(x: Array) -> list[Array]:
    """Return the classes of samples, as rows or columns with one 1 each, and as numbers."""
    if x.ndim != 2:
        return []
    rows = x.T if x.shape == INPUTS[1] else x
    labels = np.arange(rows.shape[0]) % rows.shape[1]
    hot = np.eye(rows.shape[1])[labels]
    return [hot if rows is x else hot.T, labels]


def _list_numbers(x: Array, is_made: bool) -> list[float]:
    """Return numbers that an argument may be; of a constructor it is a size rather than 1."""
    size = 3 if x.ndim == 4 else x.shape[-1]
    return [size, 1, H, 0.1] if is_made or x.ndim == 4 else [1, size, H, 0.1]


def draw_inputs(layout: int) -> Array:
    """Return inputs of one layout."""
    x = draw(INPUTS[layout], 0)
    return np.abs(x) / np.abs(x).sum(axis=1, keepdims=True) if layout == PROBABLE else x


def draw(shape: tuple[int, ...], seed: int) -> Array:
    """Return numbers of which none is near 0."""
    sizes = np.random.default_rng(seed).uniform(0.2, 1.2, shape)
    return sizes * np.random.default_rng(seed + 20).choice([-1.0, 1.0], shape)


def _list_shapes(name: str, x: Array) -> list[tuple[int, ...]]:
    """Return the shapes that an array beside such inputs may have, the likeliest first."""
    if x.ndim == 4:
        return [(H, 3, 3, 3), (3, 3, 3, H), (H,), (1, 1, 1, H), (3,)]
    is_row = x.ndim == 3 or x.shape in ((N, D), (1, D))
    size, samples = (x.shape[-1], x.shape[0]) if is_row else (x.shape[0], x.shape[-1])
    matrices: list[tuple[int, ...]] = [(size, H), (H, size), (H, H)]
    vectors: list[tuple[int, ...]] = [(H,), (1, H), (H, 1), (size,), (1, size), (size, 1)]
    if re.match(MATRIX, name):
        return matrices
    states: list[tuple[int, ...]] = [(samples, H) if is_row else (H, samples)]
    return vectors if re.match(VECTOR, name) else [*states, *matrices, *vectors]


def split_result(returned: Any) -> tuple[Array, list[Any]]:
    """Return a layer's outputs, and what forward returns beside them; raise TypeError for none.

    A number beside arrays is the loss: that is what backward goes down.
    """
    parts = list(returned) if isinstance(returned, tuple) else [returned]
    parts.sort(key=lambda part: not isinstance(part, float))  # which a NumPy number is too
    y = np.asarray(parts[0])
    if y.dtype.kind != "f":
        raise TypeError("forward returns no outputs")
    return y, parts[1:]


def choose_back(backward: Function, dout: Any, named: Namespace, others: list[Any]) -> Namespace:
    """Return what backward is given: dout, the arguments of forward by their names, and others."""
    arguments = list_arguments(backward)
    required = list_required(backward)
    own = [name for name in required if name not in named]
    all_own = own or [p.name for p in arguments if p.name not in named]
    target = next((n for n in all_own if re.fullmatch(DOUT, n)), all_own[0] if own else None)
    given = {p.name: named[p.name] for p in arguments if p.name in named}
    given |= {target: dout} if target else {}
    missing = [name for name in own if name != target]
    given |= {name: 0.1 for name in missing if find_role(name, OPTIONS) == "lr"}
    missing = [name for name in missing if name not in given]
    values = [tuple(others)] if len(missing) == 1 and len(others) > 1 else others
    return given | dict(zip(missing, values, strict=False))
