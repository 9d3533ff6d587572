"""The functions of CS231n: affine, ReLU, softmax and svm, each with its cache."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array, one_hot
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments
from trainer.checker.adapt.weights import make_zeros
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


def _go_back(function: Function, dout: Array, cache: Any) -> dict[str, Any]:
    return _name_gradients(function, _call_backward(function, dout, cache))


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


def build(found: Found) -> type | None:
    """Return the net that these functions make, None where one of them is missing."""
    hidden = next((pair for pair in HIDDEN if found.has_finished(*pair)), None)
    loss = next((name for name in LOSSES if found.has_finished(name)), None)
    if found.kind is not None or hidden is None or loss is None or not found.has_finished(*AFFINE):
        return None
    functions = found.get_functions(*AFFINE, *hidden, loss)
    return _make_class(functions, functions[loss]) if found.get_functions(*AFFINE) else None


def _make_class(functions: dict[str, Any], compute_loss: Function) -> type:
    """Return a class of two-layer nets that are made of somebody's forward and backward
    functions.
    """
    convert = one_hot if _takes_rows_only(compute_loss) else _to_labels

    class TwoLayerNet:
        draws_weights = False

        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            self.params = make_zeros(input_size, hidden_size, output_size)

        def _forward(self, x: Array) -> tuple[Array, Any]:
            p, affine = self.params, functions["affine_forward"]
            if "relu_forward" in functions:
                a1, cache1 = _call_forward(affine, x, p["W1"], p["b1"])
                z1, relu_cache = _call_forward(functions["relu_forward"], a1)
                cache1 = cache1, relu_cache
            else:
                joined = functions["affine_relu_forward"]
                z1, cache1 = _call_forward(joined, x, p["W1"], p["b1"])
            a2, cache2 = _call_forward(affine, z1, p["W2"], p["b2"])
            return a2, (cache1, cache2)

        def predict(self, x: Array) -> Array:
            return self._forward(x)[0]

        def loss(self, x: Array, t: Array) -> Any:
            a2 = self._forward(x)[0]
            return compute_loss(a2, convert(t, a2))[0]

        def gradient(self, x: Array, t: Array) -> dict[str, Array]:
            a2, (cache1, cache2) = self._forward(x)
            da2 = compute_loss(a2, convert(t, a2))[1]
            second = _go_back(functions["affine_backward"], da2, cache2)
            if "relu_forward" in functions:
                da1 = _call_backward(functions["relu_backward"], second["dx"], cache1[1])
                first = _go_back(functions["affine_backward"], da1, cache1[0])
            else:
                first = _go_back(functions["affine_relu_backward"], second["dx"], cache1)
            return {"W1": first["dw"], "b1": first["db"], "W2": second["dw"], "b2": second["db"]}

    return TwoLayerNet


def _takes_rows_only(compute_loss: Function) -> bool:
    scores, labels = np.array([[0.0, 1, 2], [1, 0, 2]]), np.array([2, 0])
    outcomes = [attempt(compute_loss, scores, t) for t in (labels, np.eye(3)[labels])]
    return bool(outcomes[0].error) and not outcomes[1].error


def _to_labels(t: Array, _scores: Array) -> Array:
    return t.argmax(axis=1) if t.ndim == 2 else t


SHAPE = Shape("CS231n's functions", build, list_parts)
