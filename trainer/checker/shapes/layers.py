"""The book's layer classes alone: Affine, Relu, Sigmoid and SoftmaxWithLoss."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.adapt.weights import make_zeros
from trainer.checker.findings.comparing import CLOSE, FLOAT32, Finding, as_array, compute_error
from trainer.checker.findings.descriptions import describe_mistake
from trainer.checker.shapes import operations as ops
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.losses import SOFTMAX_LOSS
from trainer.checker.shapes.operations import Operation, Values
from trainer.checker.shapes.parts import Part, skip_edges
from trainer.checker.shapes.shape import Found, Shape

HIDDEN = {
    "Relu": (ops.RELU_FORWARD, ops.RELU_BACKWARD), "ReLU": (ops.RELU_FORWARD, ops.RELU_BACKWARD),
    "Sigmoid": (ops.SIGMOID_FORWARD, ops.SIGMOID_BACKWARD),
}  # fmt: skip
LOSS = "SoftmaxWithLoss"


def list_parts(found: Found) -> Iterator[Part]:
    """Yield each layer that the file has, where it has no net."""
    classes = found.get_classes("Affine", *HIDDEN, LOSS) if found.kind is None else {}
    for name, kind in classes.items():
        if not all(callable(getattr(kind, method, None)) for method in ("forward", "backward")):
            continue
        if name == LOSS:
            yield Part(name, (name,), partial(_run_loss, kind), SOFTMAX_LOSS)
        elif name in HIDDEN and not _list_required(kind):
            edges = partial(_check_at_zero, kind) if name != "Sigmoid" else skip_edges
            yield Part(name, (name,), partial(_run_hidden, kind), _join(*HIDDEN[name]), edges)
        elif name == "Affine" and _takes_weights(kind):
            operation = _join(ops.AFFINE_FORWARD, ops.AFFINE_BACKWARD)
            edges = partial(_check_repeated, kind)
            yield Part(name, (name,), partial(_run_affine, kind), operation, edges)


def _list_required(kind: type) -> list[str]:
    return [simplify_name(p.name) for p in list_arguments(kind) if p.default is p.empty]


def _takes_weights(kind: type) -> bool:
    """Return whether a layer is built from W and b, not from sizes."""
    names = _list_required(kind)
    forms = r"w\d?|weights?", r"b\d?|bias"
    return len(names) == 2 and all(map(re.fullmatch, forms, names))


def _join(forward: Operation, backward: Operation) -> Operation:
    """Return the operation of a layer: its output out, then its gradients."""

    def name(values: Values, label: str) -> Values:
        return {key or label: value for key, value in values.items()}

    def compute(d: Draw) -> Values:
        d = d.flatten()
        return name(forward.compute(d), "out") | name(backward.compute(d), "dx")

    def compute_mistaken(d: Draw) -> dict[str, Values]:
        right, d = compute(d), d.flatten()
        wrong = {k: name(v, "out") for k, v in forward.compute_mistaken(d).items()}
        wrong |= {k: name(v, "dx") for k, v in backward.compute_mistaken(d).items()}
        return {slug: right | values for slug, values in wrong.items()}

    return Operation(compute, compute_mistaken)


def _run_affine(kind: type, d: Draw) -> dict[str, Any]:
    layer = kind(d.w.copy(), d.b.copy())
    out = np.array(layer.forward(d.flatten().x))
    dx = layer.backward(d.dout.copy())
    return {"out": out, "dx": dx} | _get_gradients(layer)


def _get_gradients(layer: Any) -> dict[str, Any]:
    """Return dw and db, which volume 1 keeps as attributes and volume 2 in a list."""
    grads = getattr(layer, "grads", None) or [None, None]
    dw, db = (getattr(layer, name, grads[i]) for i, name in enumerate(("dW", "db")))
    return {"dw": np.array(dw) if dw is not None else None,
            "db": np.array(db) if db is not None else None}  # fmt: skip


def _run_hidden(kind: Any, d: Draw) -> dict[str, Any]:
    layer = kind()
    out = np.array(layer.forward(d.a.copy()))
    return {"out": out, "dx": layer.backward(d.dout.copy())}


def _run_loss(kind: Any, d: Draw) -> dict[str, Any]:
    """Return the loss and dx with one-hot rows or labels, whichever the layer takes."""
    rows = np.eye(d.scores.shape[1])[d.labels]
    outcomes = [attempt(partial(_call_loss, kind, d, t)) for t in (rows, d.labels)]
    right = SOFTMAX_LOSS.compute(d)
    made = [o for o in outcomes if not o.error]
    for outcome in made:
        if all(compute_error(outcome.value[k], right[k]) <= FLOAT32 for k in right):
            return dict(outcome.value)
    if not made and outcomes[0].error:
        raise outcomes[0].error
    return dict(made[0].value)


def _call_loss(kind: Any, d: Draw, t: Array) -> dict[str, Any]:
    layer = kind()
    loss = layer.forward(d.scores.copy(), t.copy())
    return {"loss": loss, "dx": _go_back(layer)}


def _go_back(layer: Any) -> Any:
    is_needed = any(p.default is p.empty for p in list_arguments(layer.backward))
    return layer.backward(1) if is_needed else layer.backward()


def _check_at_zero(kind: Any) -> Iterator[Finding]:
    """Yield a note where the derivative of ReLU at 0 is not 0."""

    def differentiate() -> Any:
        layer = kind()
        layer.forward(np.array([[0.0, 1.0, -1.0]]))
        return layer.backward(np.ones((1, 3)))

    grad = as_array(attempt(differentiate).value)
    if grad is not None and compute_error(grad, [[1.0, 1.0, 0.0]]) == 0:
        message = describe_mistake("relu-grad-at-zero")
        yield Finding(kind.__name__, "note", message, "relu-grad-at-zero")


def _check_repeated(kind: Any) -> Iterator[Finding]:
    """Yield a finding where a second backward pass adds to the gradients of the first."""
    d = draw_inputs(0, 5).flatten()

    def repeat() -> list[dict[str, Any]]:
        layer = kind(d.w.copy(), d.b.copy())
        made = []
        for _ in range(2):
            layer.forward(d.x.copy())
            layer.backward(d.dout.copy())
            made.append(_get_gradients(layer))
        return made

    first, second = attempt(repeat).value or ({}, {})
    for key, grad in first.items():
        if grad is not None and grad.any() and compute_error(second[key], 2 * grad) <= CLOSE:
            message = f"a second call gives the sum of both: {describe_mistake('stale-gradient')}"
            yield Finding(f"{kind.__name__} {key}", "differs", message, "stale-gradient")


def build(found: Found) -> type | None:
    """Return the net of these layers, None where one is missing or built in another way."""
    hidden: Any = next(iter(found.get_classes(*HIDDEN).values()), None)
    kinds: Any = found.get_classes("Affine", LOSS)
    parts = {part.name for part in list_parts(found)}
    if hidden is None or not {"Affine", LOSS, hidden.__name__} <= parts:
        return None
    if not found.has_finished("Affine", LOSS, hidden.__name__):
        return None
    return _make_class(kinds["Affine"], hidden, kinds[LOSS])


def _make_class(affine: Callable[..., Any], hidden: Callable[..., Any], loss: Any) -> type:
    class TwoLayerNet:
        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            self.params = make_zeros(input_size, hidden_size, output_size)

        def _forward(self, x: Array) -> tuple[Any, list[Any]]:
            p = self.params
            layers = [affine(p["W1"], p["b1"]), hidden(), affine(p["W2"], p["b2"])]
            for layer in layers:
                x = layer.forward(x)
            return x, layers

        def predict(self, x: Array) -> Any:
            return self._forward(x)[0]

        def loss(self, x: Array, t: Array) -> Any:
            return loss().forward(self._forward(x)[0], t)

        def gradient(self, x: Array, t: Array) -> dict[str, Any]:
            a2, layers = self._forward(x)
            last = loss()
            last.forward(a2, t)
            dout = _go_back(last)
            for layer in reversed(layers):
                dout = layer.backward(dout)
            first, second = _get_gradients(layers[0]), _get_gradients(layers[2])
            return {"W1": first["dw"], "b1": first["db"], "W2": second["dw"], "b2": second["db"]}

    return TwoLayerNet


SHAPE = Shape("the book's layers", build, list_parts)
