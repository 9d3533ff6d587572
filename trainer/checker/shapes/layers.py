"""The book's layer classes alone: Affine, Relu, Sigmoid and SoftmaxWithLoss."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import keeps_outputs, list_arguments, simplify_name
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import AGAIN, Found, Part, Shape, call_with_each
from trainer.common.language import translate as _

AFFINE, LOSS, HIDDEN = "Affine", "SoftmaxWithLoss", ("Relu", "Sigmoid")
NODES = ("MulLayer", "AddLayer")  # the first layers of chapter 5, of two inputs


def list_parts(found: Found) -> Iterator[Part]:
    """Yield each layer that the file has, where it has no net."""
    classes = found.get_classes(*found.names) if found.kind is None else {}
    for name, kind in classes.items():
        layer = find_layer(name)
        absent = [m for m in ("forward", "backward") if not callable(getattr(kind, m, None))]
        near = get_close_matches(absent[0], vars(kind), 1, 0.85) if len(absent) == 1 else []
        if layer and near:
            yield Part(name, (name,), partial(_report_misspelt, absent[0], near[0]))
        if absent or any(keeps_outputs(getattr(kind, m)) for m in ("forward", "backward")):
            continue
        if layer == LOSS:
            yield Part(name, (name,), partial(_run_loss, kind))
        elif layer in HIDDEN and not _list_required(kind):
            yield Part(name, (name,), partial(_run_hidden, kind))
        elif layer in NODES and not _list_required(kind):
            yield Part(name, (name,), partial(_run_node, kind))
        elif layer == AFFINE and _takes_weights(kind):
            yield Part(name, (name,), partial(_run_affine, kind))


def _report_misspelt(method: str, near: str, _d: Draw) -> dict[str, Any]:
    """Raise NameError for a method whose name has a slip, since no net could call it."""
    raise NameError(_("it has no method {name}: {near} is misspelt").format(name=method, near=near))


def find_layer(name: str) -> str | None:
    """Return the book's name of a layer, of which this is a variant: Relu for ReLULayer."""
    if name in NODES:
        return name
    simple = simplify_name(name).removesuffix("layer")
    return next((layer for layer in (AFFINE, *HIDDEN, LOSS) if layer.lower() == simple), None)


def _list_required(kind: type) -> list[str]:
    return [simplify_name(p.name) for p in list_arguments(kind) if p.default is p.empty]


def _takes_weights(kind: type) -> bool:
    """Return whether a layer is built from W and b, not from sizes."""
    names = _list_required(kind)
    forms = r"w\d?|weights?", r"b\d?|bias"
    return len(names) == 2 and all(map(re.fullmatch, forms, names))


def _run_affine(kind: Any, d: Draw) -> dict[str, Any]:
    """Return the output and the gradients, and under AGAIN those of a second call, if it runs."""
    results = _call_affine(kind(d.w.copy(), d.b.copy()), d)
    again = attempt(lambda: _call_twice(kind(d.w.copy(), d.b.copy()), d)).value
    return results | {AGAIN: again} if again else results


def _call_twice(layer: Any, d: Draw) -> dict[str, Any]:
    _call_affine(layer, d)
    return _call_affine(layer, d)


def _call_affine(layer: Any, d: Draw) -> dict[str, Any]:
    out = np.array(layer.forward(d.flatten().x))
    dx = layer.backward(d.dout.copy())
    return {"out": out, "dx": dx} | _get_gradients(layer)


def _get_gradients(layer: Any) -> dict[str, Any]:
    """Return dw and db, which volume 1 keeps as attributes and volume 2 in a list."""
    grads = getattr(layer, "grads", None) or [getattr(layer, "dw", None), None]
    if isinstance(grads, dict):
        named = {simplify_name(str(key)).removeprefix("d"): value for key, value in grads.items()}
        grads = [named.get("w"), named.get("b")]
    dw, db = (getattr(layer, name, grads[i]) for i, name in enumerate(("dW", "db")))
    return {"dw": np.array(dw) if dw is not None else None,
            "db": np.array(db) if db is not None else None}  # fmt: skip


def _run_hidden(kind: Any, d: Draw) -> dict[str, Any]:
    layer = kind()
    out = np.array(layer.forward(d.a.copy()))
    return {"out": out, "dx": layer.backward(d.dout.copy())}


def _run_node(kind: Any, d: Draw) -> dict[str, Any]:
    layer = kind()
    out = np.array(layer.forward(d.a.copy(), d.second.copy()))
    dx, dy = layer.backward(d.dout.copy())
    return {"out": out, "dx": dx, "dy": dy}


def _run_loss(kind: Any, d: Draw) -> dict[str, Any]:
    """Return the loss and dx with one-hot rows, and under OTHER with labels, if the layer takes
    both; otherwise those with what it takes.
    """
    rows = np.eye(d.scores.shape[1])[d.labels]
    return call_with_each(partial(_call_loss, kind, d), rows, d.labels)


def _call_loss(kind: Any, d: Draw, t: Array) -> dict[str, Any]:
    layer = kind()
    loss = layer.forward(d.scores.copy(), t.copy())
    return {"loss": loss, "dx": _go_back(layer)}


def _go_back(layer: Any) -> Any:
    is_needed = any(p.default is p.empty for p in list_arguments(layer.backward))
    return layer.backward(1) if is_needed else layer.backward()


SHAPE = Shape("the book's layers", lambda _found: None, list_parts)
