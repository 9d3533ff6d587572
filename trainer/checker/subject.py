"""A net of any shape of class, asked for the quantities of the book."""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.building import build_instance
from trainer.checker.names import (
    METHODS,
    PARAMS,
    call_by_role,
    find_call_roles,
    find_method,
    list_arguments,
    simplify_name,
)
from trainer.checker.weights import Weights, find_weights, fits, is_torch, key_of


class Subject:
    """An instance of somebody's class in sizes D, H, C."""

    def __init__(self, kind: type, D: int, H: int, C: int, reg: float = 0.0):
        self.D, self.H, self.C, self.reg = D, H, C, reg
        self.net = build_instance(kind, D, H, C, reg)
        self.weights: Weights = find_weights(self.net, D, H, C)
        self.torch = any(is_torch(self._array(key)) for key in self.weights.places)
        self.methods = {quantity: find_method(self.net, quantity) for quantity in METHODS}
        self.no_loss = False  # loss gives gradients and nothing else
        self._second_volume()

    def _array(self, key: str) -> Any:
        container, index = self.weights.places[key]
        return container[index] if isinstance(container, dict | list) else getattr(container, index)

    def _second_volume(self) -> None:
        """forward(x, t) is the loss; forward(x) predicts; backward() leaves grads behind."""
        forward = getattr(self.net, "forward", None) or getattr(self.net, "__forward__", None)
        if not callable(forward):
            return
        takes = sum(p.default is p.empty for p in list_arguments(forward))
        if takes >= 2 and self.methods["predict"] == forward:
            self.methods["predict"] = None
        optional = any(
            simplify_name(p.name) in ("t", "y", "labels", "target") for p in list_arguments(forward)
        )
        if (takes >= 2 or optional) and not self.methods["loss"]:
            self.methods["loss"] = forward
        elif takes == 1 and not self.methods["predict"]:
            self.methods["predict"] = forward

    def has(self, quantity: str) -> bool:
        """Whether there is a method for it, or another that gives it too."""
        if quantity == "gradient":
            return bool(self.methods["gradient"] or self.gives_both() or self._kept() is not None)
        return bool(self.methods[quantity])

    def gives_both(self) -> bool:
        """Whether loss(X, y) gives the gradient too, as CS231n's does: reg or an optional y."""
        loss = self.methods["loss"]
        if loss is None or self.methods["gradient"]:
            return False
        return self.regular("loss") or any(p.default is None for p in list_arguments(loss))

    def regular(self, quantity: str) -> bool:
        """Whether the method takes the strength of a penalty."""
        found = self.methods[quantity]
        return found is not None and "reg" in find_call_roles(found)

    def is_float32(self) -> bool:
        """Whether any of the weights is kept in float32."""
        return any(str(self._array(k).dtype).endswith("float32") for k in PARAMS)

    def native(self, array: Any) -> Any:
        """An array as the net takes it: a tensor if its weights are tensors."""
        if self.torch and array is not None:
            import torch

            return torch.from_numpy(np.array(array))
        return array

    def _of(self, quantity: str) -> Callable[..., Any]:
        found = self.methods[quantity]
        if found is None:
            raise AttributeError(f"there is no {quantity}")
        return found

    def _call(self, function: Callable[..., Any], x: Array, t: Any = None) -> Any:
        values = {"x": self.native(x), "reg": self.reg, "batch": len(x), "dout": 1}
        if t is not None:
            values["t"] = self.native(t)
        values["y"] = lambda: self._of("predict")(values["x"])
        return call_by_role(function, values)

    def predict(self, x: Array) -> Any:
        """What predict gives, or CS231n's loss without targets."""
        result = self._call(self.methods["predict"] or self._of("loss"), x)
        while isinstance(result, tuple) and result:
            result = result[-1] if np.ndim(result[0]) == 0 else _pick(result, len(x), self.C)
        return result

    def loss(self, x: Array, t: Array) -> Any:
        """The loss alone."""
        if not {"x", "y"} & find_call_roles(self._of("loss")) and self.methods["predict"]:
            self._call(self._of("predict"), x)  # it looks at what that left
        result = self._call(self._of("loss"), x, t)
        if isinstance(result, tuple | list):
            result = next((r for r in result if not isinstance(r, dict)), None)
        self.no_loss = isinstance(result, dict)
        return None if self.no_loss else result

    def gradient(self, x: Array, t: Array) -> dict[str, Any] | None:
        """By the names W1, b1, W2, b2; None where nothing of the kind came back."""
        function = self.methods["gradient"] or self._of("loss")
        if self.methods["gradient"] and "x" not in find_call_roles(function):
            self.loss(x, t) if self.methods["loss"] else self.predict(x)  # it goes back from there
        result = self._call(function, x, t)
        parts = result if isinstance(result, tuple | list) else [result]
        found: Any = next((r for r in parts if isinstance(r, dict)), None)
        if found is None and len(parts) >= 4:
            found = parts
        return self.named(self._kept() if found is None else found)

    def _kept(self) -> Any:
        """The gradients that the net keeps as an attribute."""
        names = ("grads", "gradients", "grad")
        kept = (getattr(self.net, name, None) for name in names)
        return next((g for g in kept if isinstance(g, dict | list)), None)

    def numerical(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Their own numerical gradient, by name."""
        return self.named(self._call(self._of("numerical"), x, t))

    def accuracy(self, x: Array, t: Array) -> Any:
        """Their accuracy."""
        return self._call(self._of("accuracy"), x, t)

    def named(self, grads: Any) -> dict[str, Any] | None:
        """Gradients by W1 … b2, in the book's orientation, from a dict or a list of them."""
        if isinstance(grads, dict):
            named = {key_of(_bare(k)): v for k, v in grads.items()}
            found = {k: v for k, v in named.items() if k in PARAMS}
            found = found or self._by_shape(list(grads.values()))
        elif isinstance(grads, list | tuple):
            flat = [
                g for part in grads for g in (part if isinstance(part, list | tuple) else [part])
            ]
            found = self._by_shape(flat)
        else:
            return None
        return {k: self._turn(k, v) for k, v in found.items()}

    def _by_shape(self, arrays: list[Any]) -> dict[str, Any]:
        shapes = {"W1": (self.D, self.H), "b1": (self.H,), "W2": (self.H, self.C), "b2": (self.C,)}
        return {
            key: array
            for key, shape in shapes.items()
            for array in arrays
            if hasattr(array, "shape") and fits(array, shape)
        }

    def _turn(self, key: str, array: Any) -> Any:
        return array.T if key in self.weights.turned and hasattr(array, "T") else array


def _bare(key: Any) -> str:
    """dW1, grad_W1 → W1."""
    text = simplify_name(str(key))
    for start in ("gradient", "grads", "grad", "d"):
        text = text.removeprefix(start)
    return text


def _pick(parts: tuple[Any, ...], N: int, C: int) -> Any:
    """The output among several that a forward pass returns."""
    fits = [p for p in parts if getattr(p, "shape", None) == (N, C)]
    return fits[-1] if fits else parts[0]
