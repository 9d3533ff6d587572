"""Nets of layer functions such as linear_forward, linear_backward and L_model_backward.

They are those of deeplearning.ai's "Building your Deep Neural Network: Step by Step".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.findings.comparing import CLOSE, FLOAT32, compute_error
from trainer.checker.shapes import chain, layer_pairs
from trainer.checker.shapes.binding import Function
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.operations import Operation, Values
from trainer.checker.shapes.parts import Part
from trainer.checker.shapes.shape import Found, Shape

ROLES = {
    "init": ("initialize_parameters_deep", "initialize_parameters"), "loss": ("compute_cost",),
    "forward": ("L_model_forward",), "backward": ("L_model_backward",),
    "update": ("update_parameters",),
}  # fmt: skip
# The number of arguments that each function takes; others are called in another way.
COUNTS = {"linear_forward": 3, "linear_backward": 2, "linear_activation_forward": 4,
          "linear_activation_backward": 3, "L_model_forward": 2, "L_model_backward": 3,
          "relu": 1, "sigmoid": 1, "relu_backward": 2, "sigmoid_backward": 2}  # fmt: skip
SINGLES = {"relu_backward": "relu", "sigmoid_backward": "sigmoid"}
PAIRS = {"linear_backward": "linear_forward",
         "linear_activation_backward": "linear_activation_forward"}  # fmt: skip


def build(found: Found) -> type | None:
    """Return the net of the functions of whole passes, None where one of them is missing."""
    functions: dict[str, Function] = {
        role: f for role, names in ROLES.items() for f in found.get_functions(*names).values()
    }
    kind: Any = chain.build_net(found, functions)
    if kind is not None:
        kind.is_checked_in_parts = True
    return kind


def list_parts(found: Found) -> Iterator[Part]:
    """Yield each function of a layer that the file has, and the backward pass of three layers."""
    functions: dict[str, Function] = {
        k: f for k, f in found.get_functions(*COUNTS).items() if len(list_arguments(f)) == COUNTS[k]
    }
    if found.kind is not None or "linear_forward" not in functions:
        return
    is_in_rows = attempt(lambda: _is_in_rows(functions)).value
    for name, forward in (*SINGLES.items(), *PAIRS.items()):
        pair = Pair(functions, name, forward, columns=not is_in_rows)
        if forward in functions and name in PAIRS:
            yield pair.make_forward()
        if {name, forward} <= functions.keys():
            yield pair.make_single() if name in SINGLES else pair.make_backward()
    if not is_in_rows and {"L_model_forward", "L_model_backward"} <= functions.keys():
        yield make_deep(functions["L_model_forward"], functions["L_model_backward"])


def _is_in_rows(functions: dict[str, Function]) -> bool:
    """Return whether linear_forward is right with samples as rows."""
    pair, d = Pair(functions, "linear_backward", "linear_forward", columns=False), draw_inputs(0, 7)
    return compute_error(pair.run_forward(d)["Z"], layer_pairs.compute_forward("", d)) <= FLOAT32


@dataclass(frozen=True)
class Pair:
    """A backward function and the forward function that gives its cache, by their names."""

    functions: dict[str, Function]
    name: str
    forward: str
    columns: bool

    def make_single(self) -> Part:
        """Return the part that is the backward function of an activation."""
        operation = layer_pairs.BACKWARD[self.forward]
        return Part(self.name, (self.name, self.forward), self._run_single, operation)

    def make_forward(self) -> Part:
        """Return the part that is the forward function."""
        operation = Operation(
            lambda d: {k or "Z": layer_pairs.compute_forward(k, d) for k in self._activations},
            lambda d: self._merge(layer_pairs.mistake_forward, d),
        )
        builds_on = ("linear_forward",) if self._takes_activation else ()
        return Part(self.forward, (self.forward,), self.run_forward, operation,
                    builds_on=builds_on, reasons=layer_pairs.REASONS)  # fmt: skip

    def make_backward(self) -> Part:
        """Return the part that is the backward function."""
        operation = Operation(self._compute, lambda d: self._merge(self._mistake, d))
        builds_on = (*SINGLES, *PAIRS, *PAIRS.values()) if self._takes_activation else ()
        return Part(self.name, (self.name, self.forward), self.run, operation,
                    builds_on=builds_on, reasons=layer_pairs.REASONS)  # fmt: skip

    @property
    def _takes_activation(self) -> bool:
        return self.forward == "linear_activation_forward"

    @property
    def _activations(self) -> dict[str, tuple[str, ...]]:
        """The activations that the forward function has, each with its argument for it."""
        if not self._takes_activation:
            return {"": ()}
        texts = [c for c in self.functions[self.forward].__code__.co_consts if isinstance(c, str)]
        known = {simplify_name(text): (text,) for text in texts}
        return {k: v for k, v in known.items() if k and k in layer_pairs.ACTIVATIONS}

    def _turn(self, array: Any) -> Any:
        """Return samples or weights as the functions take them, or as rows again."""
        return np.array(array).T if self.columns and array is not None else array

    def _call_forward(self, option: tuple[str, ...], d: Draw) -> Any:
        b = d.b[:, None] if self.columns else d.b.copy()
        x, w = self._turn(d.flatten().x), self._turn(d.w)
        return self.functions[self.forward](x, w, b, *option)

    def run_forward(self, d: Draw) -> dict[str, Any]:
        """Return the outputs with each activation."""
        made = {k or "Z": self._call_forward(option, d) for k, option in self._activations.items()}
        return {k: self._turn(v[0] if isinstance(v, tuple) else v) for k, v in made.items()}

    def run(self, d: Draw) -> dict[str, Any]:
        """Return dA_prev, dW and db with each activation, from the caches of the own forward."""
        made: dict[str, Any] = {}
        for k, option in self._activations.items():
            _, cache = self._call_forward(option, d)
            grads = self.functions[self.name](self._turn(d.dout), cache, *option)
            made |= _label(k, dict(zip(layer_pairs.NAMES, map(self._turn, grads), strict=True)))
        return made

    def _run_single(self, d: Draw) -> dict[str, Any]:
        _, cache = self.functions[self.forward](self._turn(d.a))
        return {"": self._turn(self.functions[self.name](self._turn(d.dout), cache))}

    def _compute(self, d: Draw) -> Values:
        every = (_label(k, self._compute_one(k, d)) for k in self._activations)
        return {label: value for values in every for label, value in values.items()}

    def _compute_one(self, k: str, d: Draw) -> Values:
        return layer_pairs.compute_backward(k, d, self._find_scale(k, d))

    def _mistake(self, k: str, d: Draw) -> dict[str, Values]:
        return layer_pairs.mistake_backward(k, d, self._find_scale(k, d))

    def _find_scale(self, k: str, d: Draw) -> float:
        """Return 1 where dW and db are sums over the samples, since dZ may hold 1 / N already."""
        got = attempt(lambda: self.run(d)).value or {}
        sums = _label(k, layer_pairs.compute_backward(k, d, 1.0))
        are_sums = all(compute_error(got.get(f), sums[f]) <= CLOSE for f in list(sums)[1:])
        return 1.0 if are_sums else 1 / len(d.x)

    def _merge(self, compute: Callable[[str, Draw], dict[str, Any]], d: Draw) -> dict[str, Values]:
        """Return for each mistake what it gives with every activation."""
        found: dict[str, Values] = {}
        for k in self._activations:
            for slug, made in compute(k, d).items():
                values = _label(k, made) if isinstance(made, dict) else {k or "Z": made}
                found.setdefault(slug, {}).update(values)
        return found


def _label(activation: str, values: dict[str, Any]) -> dict[str, Any]:
    return {f"{activation} {key}".strip(): value for key, value in values.items()}


def make_deep(forward: Function, backward: Function) -> Part:
    """Return the part that is the backward pass of three layers.

    Only where the forward pass is ReLU and sigmoid, and the gradient of the last layer is right
    but for a factor: then those of the other layers follow. All else is seen with two layers.
    """

    def compute(d: Draw) -> Values:
        got, right = run(d), layer_pairs.run_deep(d)[1]
        last, want = got.get("dW3"), right["dW3"]
        factor = float(np.vdot(last, want) / np.vdot(want, want)) if last is not None else 0.0
        is_right = compute_error(last, factor * want) <= FLOAT32
        return {k: factor * grad for k, grad in right.items()} if is_right else {}

    def run(d: Draw) -> dict[str, Any]:
        params, t = layer_pairs.draw_deep(d)
        made = attempt(lambda: forward(np.array(d.flatten().x.T), dict(params))).value
        if made is None or compute_error(made[0], layer_pairs.run_deep(d)[0]) > FLOAT32:
            return {}
        grads = backward(np.array(made[0]), t, made[1])
        return {f"d{k}": grads[f"d{k}"] for k in params if f"d{k}" in grads}

    names = backward.__name__, forward.__name__
    return Part(names[0], names, run, Operation(compute, lambda d: {}), builds_on=tuple(COUNTS))


SHAPE = Shape("layer functions of deep nets", build, list_parts)
