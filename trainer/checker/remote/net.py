"""Objects of the judge that stand for a class and its instances in a worker."""

import math
from typing import Any, cast

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.book_loop import LoopRun
from trainer.checker.adapt.names import METHODS, PARAMS
from trainer.checker.adapt.plan import Curve, Plan, Rows
from trainer.checker.adapt.subject import TRAITS, ForeignClass, Subject
from trainer.checker.adapt.weights import WeightPlaces
from trainer.checker.remote.calling import (
    RemoteFunction,
    ask_for_value,
    make_error,
    read_signature,
)
from trainer.checker.remote.connection import Connection
from trainer.checker.worker.protocol import (
    MOST_AXES,
    MOST_ELEMENTS,
    ProtocolError,
    encode,
    take_list,
    take_number,
    take_text,
)


class RemoteClass(ForeignClass):
    """Somebody's class, in a worker."""

    def __init__(self, connection: Connection, about: dict[str, Any]):
        self._connection, self.stores_bias_twice = connection, about.get("stores_twice") is True
        self.__name__ = take_text(about, "name")
        self.__signature__ = read_signature(about)
        traits: Any = about.get("traits")
        self.is_built = isinstance(traits, dict)
        for name in TRAITS:
            if self.is_built and name in traits:
                setattr(self, name, _take_trait(traits[name]))

    def __call__(self) -> None:
        """Do nothing: inspect reads the arguments of what can be called."""

    def seed(self) -> None:
        """Start the global generators of the worker from 0, so that a net is built again alike."""
        self._connection.ask({"do": "seed"})

    def build_subject(self, D: int, H: int, C: int, reg: float) -> Subject:
        """Return an instance in these sizes; raise what its constructor raises."""
        answer = self._connection.ask({"do": "build", "sizes": [D, H, C], "reg": reg})
        if "error" in answer:
            raise make_error(answer["error"])
        return RemoteSubject(self._connection, answer, (D, H, C), reg)


class RemoteSubject(Subject):
    """An instance of somebody's class, in a worker."""

    def __init__(
        self, connection: Connection, about: dict[str, Any], sizes: tuple[int, int, int], reg: float
    ):
        self.D, self.H, self.C = sizes
        self.reg, self.no_loss, self.has_tensors, self.is_derived = reg, False, False, False
        self._connection, self._id = connection, take_number(about, "id")
        self._is_float32, self.columns = about.get("float32") is True, about.get("columns") is True
        self.weights = RemoteWeights(connection, self._id, about)
        methods = about.get("methods")
        if not isinstance(methods, dict):
            raise ProtocolError
        self.methods = {q: self._make_method(q, methods.get(q)) for q in METHODS}
        self.internal = self._make_method("internal", about.get("internal"))

    def _make_method(self, quantity: str, about: dict[str, Any] | None) -> Any:
        question = {"do": "method", "id": self._id, "quantity": quantity}
        return RemoteFunction(self._connection, question, about) if about is not None else None

    def has(self, quantity: str) -> bool:
        """Return whether there is a method for the quantity, or another that gives it too."""
        question = {"do": "has", "id": self._id, "quantity": quantity}
        return self._connection.ask(question).get("has") is True

    def to_native(self, array: Array) -> Any:
        """Return an array as it is: the worker turns it as the net takes it."""
        return array

    def is_float32(self) -> bool:
        """Return whether any of the weights is kept in float32."""
        return self._is_float32

    def _ask(self, method: str, *arrays: Array) -> Any:
        question = {"do": "call", "id": self._id, "method": method}
        question["args"] = [encode(array) for array in arrays]
        value, answer = ask_for_value(self._connection, question, *arrays)
        self.no_loss, self.is_derived = (answer.get(k) is True for k in ("no_loss", "is_derived"))
        return value

    def predict(self, x: Array) -> Any:
        """Return what predict gives for x (N, D)."""
        return self._ask("predict", x)

    def loss(self, x: Array, t: Array) -> Any:
        """Return the loss alone; None if the method gives only gradients."""
        return self._ask("loss", x, t)

    def gradient(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return the gradient by the names W1, b1, W2, b2; None if no gradients came back."""
        return _take_grads(self._ask("gradient", x, t))

    def backpropagate(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return the gradient after a forward pass, both in one question."""
        return _take_grads(self._ask("backpropagate", x, t))

    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return their own numerical gradient, by name."""
        return _take_grads(self._ask("numerical_gradient", x, t))

    def accuracy(self, x: Array, t: Array) -> Any:
        """Return their accuracy."""
        return self._ask("accuracy", x, t)

    def run_loop(self, x: Array, t: Array, lr: float) -> LoopRun | None:
        """Take a step of the book's loop; None for nets that may update as they like."""
        question = {"do": "loop", "id": self._id, "args": [encode(x), encode(t)], "lr": lr}
        answer = self._connection.ask(question)
        loop = answer.get("loop")
        if loop is None:
            return None
        names, shapes = _take_dict(loop, "names"), _take_dict(loop, "shapes")
        return LoopRun(
            {key: take_text(names, key) for key in PARAMS},
            list(map(str, take_list(loop, "keys"))),
            list(map(str, take_list(loop, "absent"))),
            {key: _take_shapes(shapes[key]) for key in PARAMS if key in shapes},
            take_text(loop, "failed"),
            make_error(answer["error"]) if "error" in answer else None,
        )

    def train(self, rows: Rows, plan: Plan) -> Curve:
        """Train in the worker for the steps of a plan; return the accuracies."""
        self._send(rows)
        question = {"do": "train", "id": self._id, "test": rows.test, "classes": rows.classes}
        answer = self._connection.ask(
            question | {"plan": {k: encode(v) for k, v in vars(plan).items()}}
        )
        if "error" in answer:
            raise make_error(answer["error"])
        found = [each for each in take_list(answer, "accuracies") if type(each) in (int, float)]
        if not found:
            raise ProtocolError
        return Curve([min(max(each, 0.0), 1.0) for each in found], take_text(answer, "error text"))

    def _send(self, rows: Rows) -> None:
        """Send the rows once for all nets of this worker, as many at a time as it takes."""
        if self._connection.rows is rows:
            return
        self._connection.rows = rows
        number = MOST_ELEMENTS // rows.x.shape[1]
        for i in range(0, len(rows.x), number):
            args = [encode(each[i : i + number]) for each in (rows.x, rows.t)]
            self._connection.ask({"do": "rows", "args": args})

    def count_calls(self, quantity: str, x: Array, t: Array) -> int:
        """Return how often gradient calls the net's method for a quantity."""
        question = {"do": "count", "id": self._id, "quantity": quantity}
        answer = self._connection.ask(question | {"args": [encode(x), encode(t)]})
        return take_number(answer, "count") if "count" in answer else 0


def _take_grads(value: Any) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise ProtocolError
    return value and {key: value[key] for key in value if key in PARAMS}


class RemoteWeights(WeightPlaces):
    """Where an instance of a worker keeps its weights."""

    def __init__(self, connection: Connection, number: int, about: dict[str, Any]):
        self._connection, self._id = connection, number
        shapes, problems = about.get("shapes"), about.get("problems")
        if not isinstance(shapes, dict) or not isinstance(problems, dict):
            raise ProtocolError
        self._shapes = {k: _take_shape(shapes[k]) for k in PARAMS if k in shapes}
        super().__init__(
            dict.fromkeys(self._shapes, (None, None)),
            problems={str(k): str(v) for k, v in problems.items()},
            **{
                name: set(map(str, take_list(about, name)))
                for name in ("transposed", "absent", "extra", "numbers", "shared")
            },
        )

    def get_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the net's own arrays."""
        return self._shapes

    def has_tensors(self) -> bool:
        """Return False, since the worker converts arrays to tensors."""
        return False

    def get(self) -> dict[str, Array]:
        """Return copies in the book's shapes, as float64."""
        question = {"do": "get", "id": self._id}
        found = ask_for_value(self._connection, question)[0]
        if not isinstance(found, dict) or set(found) != set(self._shapes):
            raise ProtocolError
        if not all(isinstance(value, np.ndarray) for value in found.values()):
            raise ProtocolError
        return cast(dict[str, Array], found)

    def set(self, values: dict[str, Array]) -> None:
        """Write the values into the net's arrays."""
        weights = encode({key: values[key] for key in self.places})
        answer = self._connection.ask({"do": "set", "id": self._id, "weights": weights})
        if "error" in answer:
            raise make_error(answer["error"])


def _take_dict(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise ProtocolError
    return found


def _take_shapes(pair: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ProtocolError
    return _take_shape(pair[0]), _take_shape(pair[1])


def _take_trait(value: Any) -> Any:
    """Return a trait of a class: yes or no, or the sizes D, H, C."""
    if isinstance(value, bool):
        return value
    sizes = _take_sizes(value)
    if len(sizes) != 3 or not min(sizes) or (sizes[0] + sizes[2]) * sizes[1] > MOST_ELEMENTS:
        raise ProtocolError
    return sizes


def _take_shape(shape: Any) -> tuple[int, ...]:
    found = _take_sizes(shape)
    if math.prod(found) > MOST_ELEMENTS:
        raise ProtocolError
    return found


def _take_sizes(sizes: Any) -> tuple[int, ...]:
    if not isinstance(sizes, list) or not all(isinstance(n, int) and n >= 0 for n in sizes):
        raise ProtocolError
    if len(sizes) > MOST_AXES:
        raise ProtocolError
    return tuple(sizes)
