"""Stand-ins for what a file imports and does not have: ours for the book's, or one that raises.

The book's `common` (functions, gradient, layers; of volume 2 too) and the layer functions of
CS231n are so often left out of a repository that a net can be checked with ours in their place.
"""

from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array


class NotThereError(Exception):
    """A name was used whose module is not there; the message names it."""


class StandIn:
    """Takes the place of a missing import: attributes are stand-ins, any use of it raises."""

    def __init__(self, name: str, why: str):
        self.__dict__.update(_name=name, _why=why)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}", str(self._why))

    def __setattr__(self, name: str, value: Any) -> None:
        pass  # plt.rcParams = …

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (object,)

    def _raise(self, *_args: Any, **_options: Any) -> NoReturn:
        raise NotThereError(f"{self._name}: {self._why}")


for _use in ("call", "iter", "len", "getitem", "bool", "add", "radd", "mul", "rmul", "sub",
             "rsub", "truediv", "rtruediv", "neg", "pow", "float", "int", "index", "array",
             "lt", "gt", "le", "ge", "enter", "contains", "matmul", "rmatmul"):  # fmt: skip
    setattr(StandIn, f"__{_use}__", StandIn._raise)


def numerical_gradient(f: Callable[[Array], Any], x: Array) -> Array:
    """∂f/∂x by central differences, writing to x on the way: the book's f looks there itself."""
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + 1e-4
        above = f(x)
        x[i] = value - 1e-4
        grad[i] = (above - f(x)) / 2e-4
        x[i] = value
    return grad


def softmax_loss(a: Array, t: Array) -> Any:
    """CS231n's: the mean cross-entropy of logits (N, C), and its gradient."""
    rows = functions.one_hot(t, a)
    return functions.softmax_cross_entropy(a, t), (functions.softmax(a) - rows) / len(a)


class Relu:
    """max(0, x), and back."""

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Of any shape."""
        self.x = x
        return functions.relu(x)

    def backward(self, dout: Array) -> Array:
        """dout where x > 0."""
        return dout * (self.x > 0)


class Sigmoid(Relu):
    """1 / (1 + e^−x), and back."""

    def forward(self, x: Array) -> Array:
        """Of any shape."""
        self.out = functions.sigmoid(x)
        return self.out

    def backward(self, dout: Array) -> Array:
        """dout · out (1 − out)."""
        return dout * self.out * (1 - self.out)


class Affine:
    """x W + b; dW and db as the first volume keeps them, params and grads as the second."""

    def __init__(self, W: Array, b: Array):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
        self.params, self.grads = [W, b], [self.dW, self.db]

    def forward(self, x: Array) -> Array:
        """(N, D) → (N, H)."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Array) -> Array:
        """(N, H) → (N, D)."""
        self.dW[...] = self.x.T @ dout
        self.db[...] = dout.sum(axis=0)
        return dout @ self.W.T


class SoftmaxWithLoss(Relu):
    """The mean cross-entropy of softmax(x)."""

    def forward(self, x: Array, t: Array) -> Any:  # type: ignore[override]
        """Logits (N, C), and targets as labels or one-hot rows."""
        self.loss, self.dx = softmax_loss(x, t)
        self.y, self.t = functions.softmax(x), t
        return self.loss

    def backward(self, dout: Any = 1) -> Array:
        """(y − t) / N."""
        return self.dx * dout


def affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    """CS231n's x w + b, of x in rows of any shape, and what backward needs."""
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dx, dw, db."""
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x: Array) -> tuple[Array, Array]:
    """max(0, x), and x."""
    return functions.relu(x), x


def relu_backward(dout: Array, cache: Array) -> Array:
    """dout where x > 0."""
    return dout * (cache > 0)


def affine_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, Any]:
    """Both, one after the other."""
    a, cache = affine_forward(x, w, b)
    return functions.relu(a), (cache, a)


def affine_relu_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dx, dw, db."""
    return affine_backward(relu_backward(dout, cache[1]), cache[0])


def _half_squares(y: Array, t: Array) -> Any:
    return 0.5 * np.sum((y - t) ** 2)


FUNCTIONS: dict[str, Any] = {
    name: getattr(functions, name)
    for name in ("identity_function", "step_function", "sigmoid", "sigmoid_grad", "relu",
                 "relu_grad", "softmax", "cross_entropy_error")
} | {"mean_squared_error": _half_squares, "sum_squared_error": _half_squares, "np": np}  # fmt: skip
GRADIENT: dict[str, Any] = {"numerical_gradient": numerical_gradient, "np": np}
LAYERS: dict[str, Any] = {c.__name__: c for c in (Relu, Sigmoid, Affine, SoftmaxWithLoss)} | {
    "ReLU": Relu, "OrderedDict": OrderedDict,
}  # fmt: skip
CS231N: dict[str, Any] = {
    f.__name__: f
    for f in (affine_forward, affine_backward, relu_forward, relu_backward,
              affine_relu_forward, affine_relu_backward, softmax_loss)
}  # fmt: skip
PYTHON_2: dict[str, Any] = {"xrange": range, "range": range, "object": object, "input": input}
BOOK = FUNCTIONS | GRADIENT | LAYERS


def module(name: str) -> ModuleType:
    """A module to stand in for the missing one of that dotted name: the book's, or empty."""
    names = _provided(name)
    made = ModuleType(name)
    vars(made).update(names, __all__=list(names), __standin__=True)
    why = f"module {name} is not there" if not names else f"not in our stand-in for {name}"
    made.__getattr__ = lambda key: _missing(name, key, why)  # type: ignore[method-assign]
    return made


def _missing(name: str, key: str, why: str) -> StandIn:
    if key.startswith("__") and key.endswith("__"):
        raise AttributeError(key)
    return StandIn(f"{name}.{key}", why)


def _provided(name: str) -> dict[str, Any]:
    """What a missing module of that name would have given, as far as we know."""
    parts = name.lower().split(".")
    if parts[0] in ("past", "builtins", "future", "six"):
        return PYTHON_2
    if parts[0] in ("cs231n", "cs231n_layers") or parts[-1] in ("layer_utils", "fast_layers"):
        return CS231N
    if parts[0] in ("matplotlib", "keras", "tensorflow", "dataset", "datasets", "mnist", "sklearn"):
        return {}
    if "layer" in parts[-1]:
        return CS231N | BOOK
    if "grad" in parts[-1]:
        return GRADIENT
    return BOOK if "common" in parts or "func" in parts[-1] else {}
