"""Asks a net of any class for the quantities of the book."""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.book_loop import LoopRun, count_calls, run_loop
from trainer.checker.adapt.building import build_instance
from trainer.checker.adapt.gradients import find_beside, find_kept, list_held, name_gradients
from trainer.checker.adapt.names import (
    INTERNAL,
    METHODS,
    PARAMS,
    call_by_role,
    find_call_roles,
    find_method,
    is_internal,
    list_arguments,
    list_methods,
    simplify_name,
    takes_outputs,
)
from trainer.checker.adapt.orientation import takes_columns
from trainer.checker.adapt.plan import Curve, Plan, Rows, run_plan
from trainer.checker.adapt.stepping import (
    RATE,
    derive_from_training,
    derive_gradient,
    takes_rate,
)
from trainer.checker.adapt.weights import find_weights
from trainer.common.language import translate as _

# What a class may have that was made of functions: D, H, C, and how it is to be judged.
TRAITS = ("checked_sizes", "takes_columns", "has_guessed_calls", "derives_gradient",
          "is_checked_in_parts", "draws_weights", "counts_samples")  # fmt: skip


class Subject:
    """An instance of somebody's class, in sizes D, H, C.

    columns tells that it takes samples as columns (D, N); here they are rows.
    """

    columns = False

    def __init__(self, kind: type, D: int, H: int, C: int, reg: float = 0.0):
        self.D, self.H, self.C, self.reg = D, H, C, reg
        self._build(kind)
        is_own = not any(hasattr(kind, trait) for trait in TRAITS)  # what is built takes rows
        has_outputs = self.methods["predict"] and not self.weights.problems
        if is_own and has_outputs and not self.has_tensors:
            self.columns = takes_columns(self)
            self._build(kind)  # again: the calls may have left something in it

    def _build(self, kind: type) -> None:
        """Make a net of the class, and find its weights and the methods of each role."""
        self.net: object = build_instance(kind, self.D, self.H, self.C, self.reg)
        self.weights = find_weights(self.net, self.D, self.H, self.C)
        self.has_tensors = self.weights.has_tensors()
        if self.has_tensors and callable(double := getattr(self.net, "double", None)):
            double()  # a torch module, which computes in float32 otherwise
        self._dtype = next((self.weights.get_array(k).dtype for k in self.weights.places), None)
        self.methods = {quantity: find_method(self.net, quantity) for quantity in METHODS}
        self.internal: Callable[..., Any] | None = None  # a gradient method that cannot be called
        if (gradient := self.methods["gradient"]) and is_internal(gradient, INTERNAL):
            self.methods["gradient"], self.internal = None, gradient
        self.returned_grads: object = None  # the gradients as they came, under their own names
        self.no_loss = False  # Whether loss returns gradients and nothing else.
        self.is_derived = False  # Whether the gradient is what an update of the net subtracts.
        self._assign_forward()

    def _assign_forward(self) -> None:
        """Use forward for what it does in volume 2: predict forward(x), or the loss forward(x, t).

        backward() then leaves the gradients in grads.
        """
        forward = getattr(self.net, "forward", None) or getattr(self.net, "__forward__", None)
        arguments = list_arguments(forward) if callable(forward) else []
        takes = sum(p.default is p.empty for p in arguments)
        if takes >= 2 and self.methods["predict"] == forward:
            self.methods["predict"] = None
        if not self.methods["predict"]:
            self._leave_out_losses_of_outputs()
        if not callable(forward):
            return
        optional = any(simplify_name(p.name) in ("t", "y", "labels", "target") for p in arguments)
        if (takes >= 2 or optional) and not self.methods["loss"]:
            self.methods["loss"] = forward
        elif takes == 1 and not self.methods["predict"]:
            self.methods["predict"] = forward

    def _leave_out_losses_of_outputs(self) -> None:
        """Use no loss and no accuracy of outputs, which nothing gives."""
        for quantity in ("loss", "accuracy"):
            if (method := self.methods[quantity]) and takes_outputs(method):
                self.methods[quantity] = None

    def has(self, quantity: str) -> bool:
        """Return whether there is a method for the quantity, or another that gives it too."""
        others = (self.gives_both, self.trains_alone, lambda: find_kept(self.net) is not None)
        return bool(self.methods[quantity]) or (
            quantity == "gradient" and any(is_given() for is_given in others)
        )

    def gives_both(self) -> bool:
        """Return whether loss(X, y) gives the gradient too, as CS231n's: y is optional, or reg."""
        loss = self.methods["loss"]
        if loss is None or self.methods["gradient"]:
            return False
        return "reg" in find_call_roles(loss) or any(
            p.default is None for p in list_arguments(loss)
        )

    def trains_alone(self) -> bool:
        """Return whether only a training method has the gradient: it takes x, t and a rate."""
        train = self.methods["train"]
        if train is None or self.methods["gradient"] or find_kept(self.net) is not None:
            return False
        return {"x", "t"} <= find_call_roles(train) and takes_rate(self.net, train)

    def is_float32(self) -> bool:
        """Return whether any of the weights is kept in float32."""
        arrays = (self.weights.get_array(key) for key in PARAMS)
        return any(str(array.dtype).endswith("float32") for array in arrays)

    def to_native(self, array: Array) -> Any:
        """Return samples as the net takes them: as a tensor if its weights are, or as columns."""
        if self.has_tensors:
            import torch

            tensor = torch.from_numpy(np.array(array))
            return tensor.to(self._dtype) if tensor.is_floating_point() else tensor
        return self._turn(array)

    def _turn(self, array: Any) -> Any:
        """Return samples as rows in the other orientation, or the other way round, if that is the
        net's.
        """
        return array.T if self.columns and getattr(array, "ndim", 0) == 2 else array

    def _is_output(self, value: Any, x: Array) -> bool:
        """Return whether a value has the shape of the net's outputs for x."""
        shape = (len(x), self.C)
        return getattr(value, "shape", None) == (shape[::-1] if self.columns else shape)

    def _get_method(self, quantity: str) -> Callable[..., Any]:
        found = self.methods[quantity]
        if found is None:
            raise AttributeError(f"the net has no method for {quantity}")
        return found

    def call(
        self, function: Callable[..., Any], x: Array, t: Array | None = None, **more: float
    ) -> Any:
        """Call a method of the net with values chosen by the names of its arguments."""
        values = more | {"x": self.to_native(x), "reg": self.reg, "batch": len(x), "dout": 1}
        if t is not None:
            values["t"] = self.to_native(t)
        # An accuracy may compare classes.
        takes_classes = function == self.methods["accuracy"]
        if function != (self.methods["predict"] or self.methods["loss"]):  # which gives the outputs
            values["y"] = lambda: self._predict(x) if takes_classes else self._compute_outputs(x)
            if takes_outputs(function):
                values["x"] = values["y"]()
        values["kept"] = lambda: self._list_kept(function, x)
        return call_by_role(function, values)

    def _compute_outputs(self, x: Array) -> Any:
        """Return the outputs (N, C), of the forward pass where predict gives classes alone."""
        y = self._predict(x)
        return y if self._is_output(y, x) else self._find_outputs(x, y)

    def _find_outputs(self, x: Array, classes: Any) -> Any:
        """Return the outputs that another method than predict gives, the classes if none does."""
        for method in list_methods(self.net, "predict"):
            outcome = attempt(lambda method=method: self._pick(self.call(method, x), x))
            if self._is_output(outcome.value, x) and not self._are_classes(outcome.value):
                return outcome.value
        return classes

    def _are_classes(self, y: Any) -> bool:
        """Return whether the outputs are 0 and 1 only: in one column, or in one for each class."""
        is_shaped = isinstance(y, np.ndarray) and (self.C == 1 or y.ndim > 1)
        return is_shaped and bool(np.isin(y, (0, 1)).all())

    def _list_kept(self, function: Callable[..., Any], x: Array) -> list[Any]:
        """Return what the forward pass returns beside the outputs; nothing for a function that is
        itself such a pass.
        """
        methods = list_methods(self.net, "predict")
        if function in methods:
            return []
        results = (self.call(method, x) for method in methods)
        parts = next((result for result in results if isinstance(result, tuple)), ())
        return [part for part in parts if not self._is_output(part, x)]

    def predict(self, x: Array) -> Any:
        """Return what predict gives for x (N, D).

        Without a predict, loss(x) without targets returns the scores, as CS231n's does.
        """
        return self._turn(self._predict(x))

    def _predict(self, x: Array) -> Any:
        y = self._pick(self.call(self.methods["predict"] or self._get_method("loss"), x), x)
        return self._find_outputs(x, y) if self._are_classes(y) else y

    def _pick(self, result: Any, x: Array) -> Any:
        """Return the scores among what a method returned."""
        while isinstance(result, tuple) and result:
            outputs = [part for part in result if self._is_output(part, x)] or [result[0]]
            result = result[-1] if np.ndim(result[0]) == 0 else outputs[-1]
        return result

    def loss(self, x: Array, t: Array) -> Any:
        """Return the loss alone; None if the method gives only gradients."""
        if not {"x", "y"} & find_call_roles(self._get_method("loss")) and self.methods["predict"]:
            self.call(self.methods["predict"], x)  # The loss reads what predict left in the net.
        result = self.call(self._get_method("loss"), x, t)
        if isinstance(result, tuple | list):
            result = next((r for r in result if not isinstance(r, dict)), None)
        self.no_loss = isinstance(result, dict)
        return None if self.no_loss else result

    def backpropagate(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return the gradient after a forward pass, which may leave in the net what it uses."""
        attempt(self.predict, x)
        return self.gradient(x, t)

    def train(self, rows: Rows, plan: Plan) -> Curve:
        """Train for the steps of a plan by the own gradients; return the accuracies."""
        return run_plan(self, rows, plan)

    def gradient(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return the gradient by the names W1, b1, W2, b2; None if no gradients came back.

        is_derived says afterwards that these are the steps of an update, and no gradients. Raises
        ValueError where the call gives or keeps something that may be gradients in another form.
        """
        if self.trains_alone() and not self.gives_both():
            derived = derive_from_training(self, self._get_method("train"), x, t)
            self.is_derived = derived is not None
            return derived
        function = self.methods["gradient"] or self._get_method("loss")
        if self.methods["gradient"] and "x" not in find_call_roles(function):
            # The backward pass starts from what the forward pass left in the net.
            self.loss(x, t) if self.methods["loss"] else self.predict(x)
        before, held = self.weights.get(), list_held(self.net)
        result = self.call(function, x, t, lr=RATE)
        self.is_derived = False
        parts = result if isinstance(result, tuple | list) else [result]
        found: Any = next((r for r in parts if isinstance(r, dict)), None)
        found = parts if found is None and len(parts) >= len(PARAMS) else found
        if found is None:
            found = self._find_left(function, x, t, before)
        is_getter = simplify_name(getattr(function, "__name__", "")).startswith("grad")
        keeps = not is_getter and list_held(self.net) != held
        if found is None and not self._differs(before) and (len(parts) > 1 or keeps):
            raise ValueError(_("its gradients are in a form or at a place that is not known here"))
        return found if self.is_derived else self._name(found)

    def _find_left(
        self, function: Callable[..., Any], x: Array, t: Array, before: dict[str, Array]
    ) -> Any:
        """Return the gradients that a method left in the net or subtracted from the weights, None
        if it did neither; set back weights that it is there to update.
        """
        kept = find_kept(self.net)
        kept = find_beside(self.weights) if kept is None else kept
        if not self._differs(before):
            return kept
        derived = None if kept is not None else derive_gradient(self, function, x, t, before)
        self.is_derived = derived is not None
        if kept is not None or derived is not None:
            self.weights.set(before)
        return kept if derived is None else derived

    def _differs(self, before: dict[str, Array]) -> bool:
        """Return whether the weights are others than before."""
        return any((before[k] != now).any() for k, now in self.weights.get().items())

    def numerical_gradient(self, x: Array, t: Array) -> dict[str, Any] | None:
        """Return their own numerical gradient, by name."""
        return self._name(self.call(self._get_method("numerical"), x, t))

    def accuracy(self, x: Array, t: Array) -> Any:
        """Return their accuracy."""
        return self.call(self._get_method("accuracy"), x, t)

    def _name(self, grads: object) -> dict[str, Any] | None:
        """Return gradients by W1 … b2, in the book's orientation, from a dict or a list of them."""
        self.returned_grads = grads
        return name_gradients(grads, self.weights, (self.D, self.H, self.C))

    def run_loop(self, x: Array, t: Array, lr: float) -> LoopRun | None:
        """Take a step of the book's loop; None for nets that may update as they like."""
        return run_loop(self, x, t, lr)

    def count_calls(self, quantity: str, x: Array, t: Array) -> int:
        """Return how often gradient calls the net's method for a quantity."""
        return count_calls(self, quantity, x, t)


class ForeignClass:
    """A class that lives in another process, where its instances are built."""

    __name__: str
    stores_bias_twice: bool
    is_built = False  # whether it was made of functions, layers or a torch module

    def build_subject(self, D: int, H: int, C: int, reg: float) -> Subject:
        """Return an instance in these sizes."""
        raise NotImplementedError


def make_subject(kind: type | ForeignClass, D: int, H: int, C: int, reg: float = 0.0) -> Subject:
    """Return an instance of a class in these sizes, in this process or where the class lives."""
    if isinstance(kind, ForeignClass):
        return kind.build_subject(D, H, C, reg)
    return Subject(kind, D, H, C, reg)
