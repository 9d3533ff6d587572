"""Finds the lines of functions and layers that are wrong by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array, sigmoid, softmax
from trainer.checker.adapt.attempts import attempt
from trainer.checker.check_file import load_class
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.locating import Location, locate
from trainer.checker.diagnose.patching import Texts
from trainer.checker.diagnose.quantities import Quantity
from trainer.checker.diagnose.trail import Trail
from trainer.checker.diagnose.verifying import Request
from trainer.checker.findings.comparing import CLOSE, compute_error
from trainer.checker.load.loading import Loader
from trainer.checker.load.recording import Recorder
from trainer.checker.parts.checking import get_rule
from trainer.checker.shapes.adapting import find_names
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.registry import list_parts
from trainer.checker.shapes.shape import Part

N = 7  # samples
Values = dict[str, Array]


def locate_parts(
    request: Request, texts: Texts, heads: frozenset[str], wrong: frozenset[str], replaced: Count
) -> tuple[Trail, list[Location]]:
    """Return what the wrong functions did on inputs of their own, and their lines that may be
    wrong, the likeliest first. replaced counts the values that are tried.
    """
    recorder = Recorder()
    loader = Loader(request.path, request.run_all, texts, recorder)
    names, kind = load_class(loader, request.name)
    parts = [p for p in list_parts(find_names(loader, names, kind)) if p.name in heads]
    parts = [part for part in parts if not get_rule(part).is_relative]
    trail, found = Trail(recorder.sites), list[Location]()
    for part in parts:
        draw, results = run_part(part)
        if results:
            trail.records += recorder.run(partial(part.run, draw))
            want = dict(get_rule(part).get_operation(results).compute(draw))
            quantities = list(_list_quantities(want, draw))
            trail.quantities += quantities
            found += _locate(recorder, part, draw, want, quantities, wrong, replaced)
    return trail, found


def run_part(part: Part) -> tuple[Draw, dict[str, Any]]:
    """Return inputs and what a part gives for them, {} where it raises; one that takes no x of
    three axes gets a matrix.
    """
    draws = draw_inputs(0, N), draw_inputs(0, N).flatten()
    runs = ((draw, attempt(partial(part.run, draw)).value or {}) for draw in draws)
    return next((run for run in runs if run[1]), (draws[0], {}))


def _locate(
    recorder: Recorder, part: Part, draw: Draw, want: Values, quantities: list[Quantity],
    wrong: frozenset[str], replaced: Count,
) -> Iterator[Location]:  # fmt: skip
    """Yield the lines with which the wrong results of a part, or one of them, are right."""
    labels = tuple(label for label in want if f"{part.name} {label}".strip() in wrong)
    for wanted in dict.fromkeys([labels, *((label,) for label in labels)]) if labels else ():
        right = [label for label in want if label not in labels or label in wanted]
        goal = _make_goal(part, draw, {label: want[label] for label in right})
        for location in locate(recorder, partial(part.run, draw), goal, quantities, replaced):
            yield replace(location, settles=wanted == labels)


def _make_goal(part: Part, draw: Draw, want: Values) -> Callable[[], bool]:
    """Return a function that tells whether a part gives these results now."""

    def is_reached() -> bool:
        results = attempt(lambda: part.run(draw)).value or {}
        return all(compute_error(results.get(k), value) <= CLOSE for k, value in want.items())

    return is_reached


def _list_quantities(want: Values, draw: Draw) -> Iterator[Quantity]:
    """Yield the right results of a part, what is computed on the way to them, and the inputs, by
    the book's names where it has one.

    Each stands for its other orientations, and results for their negative and their multiple by N.
    """
    known = [*(_list_losses(draw) if "loss" in want else _list_layers(draw))]
    for label, value in want.items():
        name = next((n for n, v in known if _is_same(v, value)), label)
        for sign, factor in (("", 1), ("−", -1), ("N·", N), ("−N·", -N), ("1/N·", 1 / N)):
            yield from _turn(f"{sign}{name}", factor * value, factor == 1)
    for name, value in known:
        yield from _turn(name, value)


def _is_same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and compute_error(a, b) <= CLOSE


def _list_losses(draw: Draw) -> Iterator[tuple[str, Array]]:
    """Yield what a softmax or svm loss takes and computes, by name."""
    a2, own = draw.scores, (np.arange(N), draw.labels)
    t, shifted = np.eye(a2.shape[1])[draw.labels], a2 - a2.max(axis=1, keepdims=True)
    margins = np.where(t, 0, np.maximum(0, a2 - a2[own][:, None] + 1))  # (N, C)
    yield from {
        "x": a2, "a2": a2, "labels": draw.labels, "t": t, "y": softmax(a2), "e^a2": np.exp(a2),
        "a2 − max a2": shifted, "e^(a2 − max a2)": np.exp(shifted), "N·da2": softmax(a2) - t,
        "da2": (softmax(a2) - t) / N, "margins": margins, "margins > 0": margins > 0,
    }.items()  # fmt: skip


def _list_layers(draw: Draw) -> Iterator[tuple[str, Array]]:
    """Yield what an affine layer and its activation take and compute, by name."""
    x, dout = draw.x.reshape(N, -1), draw.dout
    yield from (("x", draw.x), ("x", x), ("W1", draw.w), ("b1", draw.b), ("dz1", dout))
    yield from _list_affine(x, dout)
    for a1 in (draw.a, x @ draw.w + draw.b):
        z, h = sigmoid(a1), np.tanh(a1)
        yield from (("a1", a1), ("z1", np.maximum(0, a1)), ("z1", z), ("z1", h))
        for slope in (a1 > 0, z * (1 - z), 1 - h**2):
            yield from _list_affine(x, dout * slope)


def _list_affine(x: Array, da1: Array) -> Iterator[tuple[str, Array]]:
    """Yield the gradients of an affine layer."""
    yield from (("da1", da1), ("dW1", x.T @ da1), ("db1", da1.sum(axis=0)))


def _turn(name: str, value: Array, is_plain: bool = True) -> Iterator[Quantity]:
    """Yield a quantity, and its other orientations."""
    array = np.asarray(value, dtype=np.float64)
    yield Quantity(name, "", array, is_plain)
    shapes = {2: [array.shape[::-1]], 1: [(-1, 1), (1, -1)]}.get(array.ndim, [])
    yield from (Quantity(f"{name}ᵀ", "", array.T.reshape(each), is_plain) for each in shapes)
