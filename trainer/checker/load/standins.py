"""Replaces modules that a file imports and that are missing.

Repositories often leave out the book's `common` (functions, gradient, layers; of volume 2 too),
the layer functions of CS231n and the activations of deeplearning.ai. Our own versions replace them,
so that the net can be checked. Any other name of a missing module raises an error when it is used.
"""

import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dis import opname
from itertools import repeat
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from trainer.book import functions
from trainer.book.functions import Array
from trainer.checker.load.assigned import give_assigned, is_statement
from trainer.checker.load.given_files import Data, read_given
from trainer.checker.load.libraries import answer
from trainer.common.language import N_
from trainer.common.language import translate as _

# Modules that compute nothing.
SHOWN = {"matplotlib", "mpl_toolkits", "seaborn", "tqdm", "IPython", "plt"}
PROGRESS = "tqdm"  # which goes through what it is given
READERS = ("read_csv", "read_excel", "read_table", "from_csv")
NOT_FOUND = N_("module {name} was not found")
Cache = tuple[Array, ...]  # x, w, b of an affine layer


class MissingNameError(Exception):
    """The use of a name whose module is missing; the message names both."""


class StandIn:
    """A placeholder for a missing name: its attributes are placeholders too, and any use raises.

    A use raises error, the exception because of which the name was not set, or MissingNameError.
    Where is_quiet is set, what only shows something does nothing. Where data of ours are given, an
    attribute or a key that names some is these, and so is what a call returns to names of such: of
    other names it is a placeholder too.
    """

    is_quiet = False
    given_data: Data | None = None  # to the script that is followed

    def __init__(
        self, name: str, why: str, error: Exception | None = None, data: Data | None = None
    ):
        trace = error.__traceback__ if error else None
        self.__dict__.update(_name=name, _why=why, _error=error, _trace=trace)
        self.__dict__["_data"] = data or StandIn.given_data  # also when a step of the script runs

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        data = self._give(name, has_tables=False)  # a module may be called mnist
        if data is not None:
            return data
        known = self.__dict__
        return StandIn(f"{self._name}.{name}", str(self._why), known["_error"], known["_data"])

    def __getitem__(self, key: Any) -> Any:
        """Return data of ours that the key names, else raise as any use does."""
        data = self._give(key, has_tables=True) if isinstance(key, str) else None
        return self._answer() if data is None else data

    def _give(self, name: str, has_tables: bool) -> Any:
        data = self.__dict__["_data"]
        return data.give(name, has_tables) if StandIn.is_quiet and data else None

    def __setattr__(self, name: str, value: Any) -> None:
        """Ignore it, as in plt.rcParams = …."""

    def __setitem__(self, key: object, value: Any) -> None:
        """Ignore it where it shows something, as in plt.rcParams["font.size"] = …."""
        self._answer()

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        """Return a base of its own, since no class has one twice."""
        return (type(str(self._name).rpartition(".")[2], (), {}),)

    def __or__(self, other: object) -> "StandIn":
        """Return itself, as in the annotation plt.Axes | None."""
        return self

    __ror__ = __or__

    def _answer(self, /, *args: Any, **options: Any) -> Any:
        module = str(self._name).split(".")[0]
        if module in SHOWN and StandIn.is_quiet:
            return Progress(str(self._why), *args) if args and module == PROGRESS else self
        if StandIn.is_quiet and StandIn.given_data and str(self._name).endswith(READERS):
            return read_given(StandIn.given_data, *args[:1])
        if StandIn.is_quiet and not self.__dict__["_error"]:
            with suppress(KeyError):
                return answer(str(self._name), *args, **options)
        if self.__dict__["_error"]:
            raise self.__dict__["_error"].with_traceback(self.__dict__["_trace"])
        raise MissingNameError(f"{self._name}: {self._why}")

    def __call__(self, /, *args: Any, **options: Any) -> Any:
        """Return what a known function gives, or a placeholder where there are data of ours, and
        where it is no use of data: log = get_logger(), or log.info(loss) as a statement.
        """
        try:
            return self._answer(*args, **options)
        except MissingNameError:
            data = self.__dict__["_data"]
            if not (StandIn.is_quiet and data):
                if is_statement(sys._getframe(1)) or all(map(_is_text, (*args, *options.values()))):
                    return self
                raise
            given = give_assigned(sys._getframe(1), data.give)
            if given is not None:
                return given
            return StandIn(f"{self._name}()", str(self._why), data=data)

    def __iter__(self) -> Iterator[Any]:
        """Yield itself for each target of an assignment, where it shows something: fig, ax = …, and
        data of ours for names of such: x, t = ….
        """
        data = self.__dict__["_data"] if StandIn.is_quiet else None
        given = give_assigned(sys._getframe(1), data.give) if data else None
        if isinstance(given, tuple):
            return iter(given)
        answer = self._answer()
        if answer is not self:
            return iter(answer)
        frame = sys._getframe(1)
        code = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
        is_unpacked = opname[code[0]] == "UNPACK_SEQUENCE"
        return repeat(self, code[1] if is_unpacked else 0)

    def __bool__(self) -> bool:
        """Return True for what shows something, as for any object: if axes: …."""
        return bool(answer) if (answer := self._answer()) is not self else True

    def __enter__(self) -> Any:
        return self if StandIn.is_quiet and self.__dict__["_data"] else self._answer()

    def __exit__(self, *_reason: object) -> None:
        """Close nothing."""


for _use in ("len", "add", "radd", "mul", "rmul", "sub",
             "rsub", "truediv", "rtruediv", "neg", "pow", "float", "int", "index", "array",
             "lt", "gt", "le", "ge", "contains", "matmul", "rmatmul"):  # fmt: skip
    setattr(StandIn, f"__{_use}__", StandIn._answer)


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str | bool)


class Progress(StandIn):
    """A progress bar that shows nothing: of what it is given, or of as many numbers: trange(n)."""

    def __init__(self, why: str, given: Any, *rest: Any):
        super().__init__(PROGRESS, why)
        self.__dict__["_given"] = range(given, *rest) if isinstance(given, int) else given

    def __iter__(self) -> Iterator[Any]:
        """Return what goes through what it is given."""
        return iter(self._given)

    def __len__(self) -> int:
        """Return how many rounds there are."""
        return len(self._given)


@contextmanager
def be_quiet() -> Iterator[None]:
    """Let what only shows something do nothing, and loaders of digits return some, for a while."""
    before, StandIn.is_quiet = StandIn.is_quiet, True
    try:
        yield
    finally:
        StandIn.is_quiet = before


def describe(missing: StandIn) -> str:
    """Return the name of a stand-in, and why it is missing."""
    return f"{vars(missing)['_name']}: {vars(missing)['_why']}"


def differentiate_in_place(f: Callable[[Array], Any], x: Array) -> Array:
    """Return ∂f/∂x by central differences.

    Writes to x on the way, since the book's f reads x itself and ignores its argument.
    """
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        value = x[i]
        x[i] = value + 1e-4
        above = f(x)
        x[i] = value - 1e-4
        grad[i] = (above - f(x)) / 2e-4
        x[i] = value
    return grad


def softmax_loss(a: Array, t: Array) -> tuple[functions.Scalar, Array]:
    """Return the mean cross-entropy of logits (N, C), and its gradient, as CS231n's does."""
    rows = functions.one_hot(t, a)
    return functions.softmax_cross_entropy(a, t), (functions.softmax(a) - rows) / len(a)


def svm_loss(a: Array, t: Array) -> tuple[functions.Scalar, Array]:
    """Return the mean multi-class hinge loss of scores (N, C), and its gradient, as CS231n's."""
    rows = functions.one_hot(t, a)
    margins = np.maximum(0, a - (a * rows).sum(axis=1, keepdims=True) + 1 - rows)
    slopes = (margins > 0) - rows * (margins > 0).sum(axis=1, keepdims=True)
    return margins.sum() / len(a), slopes / len(a)


class Relu:
    """max(0, x), and back."""

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Return max(0, x), of any shape."""
        self.x = x
        return functions.relu(x)

    def backward(self, dout: Array) -> Array:
        """Return dout where x > 0, else 0."""
        return dout * (self.x > 0)


class Sigmoid(Relu):
    """1 / (1 + e^−x), and back."""

    def forward(self, x: Array) -> Array:
        """Return σ(x), of any shape."""
        self.out = functions.sigmoid(x)
        return self.out

    def backward(self, dout: Array) -> Array:
        """Return dout · out (1 − out)."""
        return dout * self.out * (1 - self.out)


class Affine:
    """x W + b, with gradients as dW and db (volume 1) and in grads (volume 2)."""

    def __init__(self, W: Array, b: Array):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
        self.params, self.grads = [W, b], [self.dW, self.db]

    def forward(self, x: Array) -> Array:
        """Return x W + b, (N, D) → (N, H)."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout: Array) -> Array:
        """Set dW and db, and return dx: (N, H) → (N, D)."""
        self.dW[...] = self.x.T @ dout
        self.db[...] = dout.sum(axis=0)
        return dout @ self.W.T


class SoftmaxWithLoss(Relu):
    """The mean cross-entropy of softmax(x)."""

    def forward(self, x: Array, t: Array) -> functions.Scalar:  # type: ignore[override]
        """Return the loss of logits x (N, C), for labels or one-hot rows t."""
        self.loss, self.dx = softmax_loss(x, t)
        self.y, self.t = functions.softmax(x), t
        return self.loss

    def backward(self, dout: Array | float = 1) -> Array:
        """Return dout · (y − t) / N."""
        return self.dx * dout


def affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, Cache]:
    """Return CS231n's x w + b, of x in rows of any shape, and what backward needs."""
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx, dw, db."""
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def affine_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, tuple[Cache, Array]]:
    """Return max(0, x w + b), and what backward needs."""
    a, cache = affine_forward(x, w, b)
    return functions.relu(a), (cache, a)


def affine_relu_backward(dout: Array, cache: tuple[Cache, Array]) -> tuple[Array, Array, Array]:
    """Return dx, dw, db."""
    return affine_backward(dout * (cache[1] > 0), cache[0])


FUNCTIONS: dict[str, Any] = {
    name: getattr(functions, name)
    for name in ("identity_function", "step_function", "sigmoid", "sigmoid_grad", "relu",
                 "relu_grad", "softmax", "cross_entropy_error")
} | {"np": np}  # fmt: skip
for _name in ("mean_squared_error", "sum_squared_error"):
    FUNCTIONS[_name] = lambda y, t: 0.5 * np.sum((y - t) ** 2)
GRADIENT: dict[str, Any] = {"numerical_gradient": differentiate_in_place, "np": np}
LAYERS: dict[str, Any] = {
    c.__name__: c for c in (Relu, Sigmoid, Affine, SoftmaxWithLoss, OrderedDict)
} | {"ReLU": Relu}
CS231N: dict[str, Any] = {
    f.__name__: f
    for f in (affine_forward, affine_backward, affine_relu_forward, affine_relu_backward,
              softmax_loss, svm_loss)
} | {
    "relu_forward": lambda x: (functions.relu(x), x),
    "relu_backward": lambda dout, cache: dout * (cache > 0),
}  # fmt: skip
# deeplearning.ai's dnn_utils: each activation returns its input too, for the way back.
WITH_CACHE: dict[str, Any] = {
    "sigmoid": lambda z: (functions.sigmoid(z), z),
    "relu": lambda z: (functions.relu(z), z),
    "sigmoid_backward": lambda dA, cache: dA * functions.sigmoid_grad(cache),
    "relu_backward": lambda dA, cache: dA * (cache > 0),
}
NUMBA: dict[str, Any] = {"prange": range} | {
    name: lambda function=None, *_types, **_options: (
        function if isinstance(function, FunctionType) else lambda inner: inner
    )
    for name in ("jit", "njit")
}  # without numba the functions are slower, and the same
PYTHON_2: dict[str, Any] = {"xrange": range, "range": range, "object": object, "input": input}
USUAL = {k: FUNCTIONS[k] for k in ("sigmoid", "relu", "softmax")}  # from a module of any name
BOOK = FUNCTIONS | GRADIENT | LAYERS


def list_usual(text: str) -> dict[str, Any]:
    """Return the names that most notebooks import: np, and activations as this text calls them."""
    has_cache = re.search(r"\w+, *\w+ *= *(sigmoid|relu)\(", text)
    plain = {k: FUNCTIONS[k] for k in ("sigmoid", "relu", "softmax", "cross_entropy_error")}
    others = {"np": np, "OrderedDict": OrderedDict} | GRADIENT
    return others | (WITH_CACHE if has_cache else plain)


def make_module(name: str, reason: str = NOT_FOUND) -> ModuleType:
    """Return a replacement for the missing module of that dotted name: the book's, or empty.

    reason says why the module is not used, untranslated.
    """
    names = _get_known_names(name)
    module = ModuleType(name)
    vars(module).update(names, __all__=list(names), __standin__=reason)
    why = _("not in our version of {name}") if names else _(reason)
    module.__getattr__ = StandIn(name, why.format(name=name)).__getattr__  # type: ignore[method-assign]
    return module


def _get_known_names(name: str) -> dict[str, Any]:
    """Return what a missing module of that name would have offered, as far as is known."""
    parts = name.lower().split(".")
    if parts[0] in ("past", "builtins", "future", "six"):
        return PYTHON_2
    if parts[0] in ("cs231n", "cs231n_layers") or parts[-1] in ("layer_utils", "fast_layers"):
        return CS231N
    if parts[0] in ("matplotlib", "keras", "tensorflow", "dataset", "datasets", "mnist", "sklearn"):
        return {}
    if parts[0] == "numba":
        return NUMBA
    if parts[-1].startswith(("dnn_utils", "dnn_app_utils")):
        return WITH_CACHE
    if parts[-1].startswith("planar_utils"):
        return {"sigmoid": functions.sigmoid}
    if "layer" in parts[-1]:
        return CS231N | BOOK
    if "grad" in parts[-1]:
        return GRADIENT
    return BOOK if "common" in parts or "func" in parts[-1] else {}
