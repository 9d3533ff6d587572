"""Nets of layer functions such as linear_forward, linear_backward and L_model_backward.

They are those of deeplearning.ai's "Building your Deep Neural Network: Step by Step".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function
from trainer.checker.shapes.draws import Draw, draw_deep, draw_inputs
from trainer.checker.shapes.shape import FAILED, OWN, Found, Part, Shape

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
ACTIVATIONS = ("relu", "sigmoid", "tanh")
GRADIENTS = ("dA_prev", "dW", "db")


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
            yield Part(forward, (forward,), pair.run_forward)
        if {name, forward} <= functions.keys():
            yield Part(name, (name, forward), pair.run_single if name in SINGLES else pair.run)
    passes = "L_model_backward", "L_model_forward"
    if not is_in_rows and set(passes) <= functions.keys():
        run = partial(_run_deep, functions["L_model_backward"], functions["L_model_forward"])
        yield Part(passes[0], passes, run)


def _is_in_rows(functions: dict[str, Function]) -> bool:
    """Return whether linear_forward can be called with samples as rows."""
    pair, d = Pair(functions, "linear_backward", "linear_forward", columns=False), draw_inputs(0, 7)
    return np.shape(pair.run_forward(d)["Z"]) == d.a.shape


@dataclass(frozen=True)
class Pair:
    """A backward function and the forward function that gives its cache, by their names."""

    functions: dict[str, Function]
    name: str
    forward: str
    columns: bool

    @property
    def _activations(self) -> dict[str, tuple[str, ...]]:
        """The activations that the forward function has, each with its argument for it."""
        if self.forward != "linear_activation_forward":
            return {"": ()}
        texts = [c for c in self.functions[self.forward].__code__.co_consts if isinstance(c, str)]
        known = {simplify_name(text): (text,) for text in texts}
        return {k: v for k, v in known.items() if k in ACTIVATIONS}

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
            named = zip(GRADIENTS, map(self._turn, grads), strict=True)
            made |= {f"{k} {label}".strip(): grad for label, grad in named}
        return made

    def run_single(self, d: Draw) -> dict[str, Any]:
        """Return the gradient of an activation's input."""
        _, cache = self.functions[self.forward](self._turn(d.a))
        return {"": self._turn(self.functions[self.name](self._turn(d.dout), cache))}


def _run_deep(backward: Function, forward: Function, d: Draw) -> dict[str, Any]:
    """Return the gradients of a net of three layers, and under OWN its own outputs AL (1, N).

    A forward pass that does not run is seen with two layers: then nothing is returned. What the
    backward pass raises is under FAILED.
    """
    params, t = draw_deep(d)
    made = attempt(lambda: forward(np.array(d.flatten().x.T), dict(params))).value
    if made is None:
        return {}
    own = {OWN: {"AL": np.array(made[0])}}
    outcome = attempt(lambda: backward(np.array(made[0]), t, made[1]))
    if outcome.error:
        return own | {FAILED: outcome.error}
    return own | {f"d{k}": outcome.value[f"d{k}"] for k in params if f"d{k}" in outcome.value}


SHAPE = Shape("layer functions of deep nets", build, list_parts)
