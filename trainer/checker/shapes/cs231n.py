"""The functions of CS231n: affine, ReLU, softmax and svm, each with its cache."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.weights import make_zeros
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import WROTE, Found, Part, Shape
from trainer.common.language import join_words
from trainer.common.language import translate as _

Function = Callable[..., Any]
FORWARD = ("affine_forward", "relu_forward", "affine_relu_forward")
BACKWARD = {
    "affine_backward": "affine_forward", "relu_backward": "relu_forward",
    "affine_relu_backward": "affine_relu_forward",
}  # fmt: skip
LOSSES = ("softmax_loss", "svm_loss")
AFFINE = ("affine_forward", "affine_backward")
HIDDEN = (("relu_forward", "relu_backward"), ("affine_relu_forward", "affine_relu_backward"))


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
    out, _cache = function(*inputs)
    return {"": out, WROTE: "" if _are_same(before, inputs) else _("its input")}


def _run_backward(forward: Function, backward: Function, d: Draw) -> dict[str, Any]:
    """Return dx, dw, db, or dx alone, from the cache of the own forward function."""
    _out, cache = forward(*_list_inputs(forward, d))
    dout, before = d.dout.copy(), copy.deepcopy(cache)
    result = backward(dout, cache)
    wrote = ["dout"] * (not np.array_equal(dout, d.dout))
    wrote += [_("the cache")] * (not _are_same(before, cache))
    named: dict[str, Any] = {WROTE: join_words(wrote)}
    if backward.__name__ == "relu_backward":
        return named | {"": result}
    dx, dw, db = result
    return named | {"dx": dx, "dw": dw, "db": db}


def _run_loss(function: Function, d: Draw) -> dict[str, Any]:
    loss, dx = function(d.scores.copy(), d.labels.copy())
    return {"loss": loss, "dx": dx}


def _are_same(before: Any, after: Any) -> bool:
    """Return whether no array in these nested tuples was changed."""
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after)
    if isinstance(before, tuple | list):
        return all(map(_are_same, before, after))
    return True


def build(found: Found) -> type | None:
    """Return the net that these functions make, None where one of them is missing."""
    hidden = next((pair for pair in HIDDEN if found.has_finished(*pair)), None)
    loss = next((name for name in LOSSES if found.has_finished(name)), None)
    if found.kind is not None or hidden is None or loss is None or not found.has_finished(*AFFINE):
        return None
    functions = found.get_functions(*AFFINE, *hidden, loss)
    return _make_class(functions, functions[loss]) if found.get_functions(*AFFINE) else None


def _make_class(functions: dict[str, Any], compute_loss: Function) -> type:
    class TwoLayerNet:
        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            self.params = make_zeros(input_size, hidden_size, output_size)

        def _forward(self, x: Array) -> tuple[Array, Any]:
            p, affine = self.params, functions["affine_forward"]
            if "relu_forward" in functions:
                a1, cache1 = affine(x, p["W1"], p["b1"])
                z1, relu_cache = functions["relu_forward"](a1)
                cache1 = cache1, relu_cache
            else:
                z1, cache1 = functions["affine_relu_forward"](x, p["W1"], p["b1"])
            a2, cache2 = affine(z1, p["W2"], p["b2"])
            return a2, (cache1, cache2)

        def predict(self, x: Array) -> Array:
            return self._forward(x)[0]

        def loss(self, x: Array, t: Array) -> Any:
            return compute_loss(self._forward(x)[0], _to_labels(t))[0]

        def gradient(self, x: Array, t: Array) -> dict[str, Array]:
            a2, (cache1, cache2) = self._forward(x)
            da2 = compute_loss(a2, _to_labels(t))[1]
            dz1, dW2, db2 = functions["affine_backward"](da2, cache2)
            if "relu_forward" in functions:
                da1 = functions["relu_backward"](dz1, cache1[1])
                _, dW1, db1 = functions["affine_backward"](da1, cache1[0])
            else:
                _, dW1, db1 = functions["affine_relu_backward"](dz1, cache1)
            return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

    return TwoLayerNet


def _to_labels(t: Array) -> Array:
    return t.argmax(axis=1) if t.ndim == 2 else t


SHAPE = Shape("CS231n's functions", build, list_parts)
