"""The functions of CS231n: affine, ReLU, softmax and svm, each with its cache."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments
from trainer.checker.shapes.binding import list_results
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import WROTE, Found, Part, Shape, call_with_each
from trainer.common.language import join_words
from trainer.common.language import translate as _

Function = Callable[..., Any]
FORWARD = ("affine_forward", "relu_forward", "affine_relu_forward")
BACKWARD = {
    "affine_backward": "affine_forward", "relu_backward": "relu_forward",
    "affine_relu_backward": "affine_relu_forward",
}  # fmt: skip
GRADS = ("dx", "dw", "db")
LOSSES = ("softmax_loss", "svm_loss")


def list_parts(found: Found) -> Iterator[Part]:
    """Yield each function of CS231n that the file has."""
    functions: dict[str, Function] = dict(found.get_functions(*FORWARD, *BACKWARD, *LOSSES))
    for name, f in functions.items():
        if name in FORWARD:
            yield Part(name, (name,), partial(_run_forward, f))
        elif name in LOSSES:
            yield Part(name, (name,), partial(_run_loss, f))
        elif forward := functions.get(BACKWARD[name]):
            yield Part(name, (name, BACKWARD[name]), partial(_run_backward, forward, f))


def _list_inputs(function: Function, d: Draw) -> tuple[Array, ...]:
    """Return x, w and b, or a alone, as the forward function takes them."""
    is_relu = function.__name__ == "relu_forward"
    return (d.a.copy(),) if is_relu else (d.x.copy(), d.w.copy(), d.b.copy())


def _run_forward(function: Function, d: Draw) -> dict[str, Any]:
    inputs = _list_inputs(function, d)
    before = copy.deepcopy(inputs)
    out, _cache = _call_forward(function, *inputs)
    return {"": out, WROTE: "" if _are_same(before, inputs) else _("its input")}


def _call_forward(function: Function, *inputs: Array) -> tuple[Any, Any]:
    """Return the output and the cache; the inputs where the function returns no cache."""
    result = function(*inputs)
    return result if isinstance(result, tuple) else (result, inputs)


def _call_backward(function: Function, dout: Array, cache: Any) -> Any:
    """Call a backward function with what the forward one kept, or with the inputs themselves."""
    required = [p for p in list_arguments(function) if p.default is p.empty]
    is_spread = isinstance(cache, tuple | list) and len(required) == len(cache) + 1
    return function(dout, *cache) if is_spread else function(dout, cache)


def _run_backward(forward: Function, backward: Function, d: Draw) -> dict[str, Any]:
    """Return dx, dw, db, or dx alone, from the cache of the own forward function."""
    _out, cache = _call_forward(forward, *_list_inputs(forward, d))
    dout, before = d.dout.copy(), copy.deepcopy(cache)
    result = _call_backward(backward, dout, cache)
    wrote = ["dout"] * (not np.array_equal(dout, d.dout))
    wrote += [_("the cache")] * (not _are_same(before, cache))
    named: dict[str, Any] = {WROTE: join_words(wrote)}
    if backward.__name__ == "relu_backward":
        return named | {"": result}
    return named | _name_gradients(backward, result)


def _name_gradients(function: Function, result: Any) -> dict[str, Any]:
    """Return dx, dw, db by the names in the return statement, or in this order."""
    named = list_results(function, result)
    if set(GRADS) <= named.keys():
        return {key: named[key] for key in GRADS}
    return dict(zip(GRADS, result, strict=True))


def _run_loss(function: Function, d: Draw) -> dict[str, Any]:
    """Return the loss and dx with labels, and under OTHER with one-hot rows, if it takes both;
    otherwise those with what it takes.
    """
    rows = np.eye(d.scores.shape[1])[d.labels]
    try:
        return call_with_each(partial(_call_loss, function, d), d.labels, rows)
    except Exception:
        _refuse_binary(function, d)
        raise


def _call_loss(function: Function, d: Draw, t: Array) -> dict[str, Any]:
    loss, dx = function(d.scores.copy(), t.copy())
    return {"loss": loss, "dx": dx}


def _refuse_binary(function: Function, d: Draw) -> None:
    """Raise ValueError where a loss takes one score for each sample, and signs."""
    signs = np.where(d.labels % 2, 1.0, -1.0)
    if not attempt(lambda: function(d.scores[:, :1].copy(), signs)).error:
        raise ValueError(_("takes one score for each sample: only several can be checked"))


def _are_same(before: Any, after: Any) -> bool:
    """Return whether no array in these nested tuples was changed."""
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after)
    if isinstance(before, tuple | list):
        return all(map(_are_same, before, after))
    return True


SHAPE = Shape("CS231n's functions", lambda _found: None, list_parts)
