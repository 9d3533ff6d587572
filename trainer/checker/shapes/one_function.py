"""Nets in one function, as in CS231n of 2015: two_layer_net(X, model, y=None, reg=0.0).

It returns the scores without y, and the loss and its gradients with it.
"""

from typing import Any

from trainer.book.functions import Array
from trainer.checker.adapt.names import list_arguments
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function, call, name_value
from trainer.checker.shapes.plan import Plan, make_plan
from trainer.checker.shapes.shape import Found, Shape
from trainer.common.errors import InputError
from trainer.common.language import translate as _


def build(found: Found) -> type | None:
    """Return the net of the last such function, None where the file has none.

    Raises InputError where it is a template that nobody filled in.
    """
    functions = found.get_functions(*found.names)
    known = [f for f in functions.values() if _gives_both(f)]
    if found.kind is not None or not known:
        return None
    name = known[-1].__name__
    if name in found.unfinished:
        raise InputError(_("{name} is not written yet").format(name=name))
    init = chain.find_functions(found).get("init")
    plan = make_plan({"forward": known[-1]} | ({"init": init} if init else {}))
    return _make_class(plan) if plan is not None else None


def _gives_both(function: Function) -> bool:
    """Return whether a function requires inputs and parameters, and may be given targets."""
    arguments = {name_value(p.name): p.default for p in list_arguments(function)}
    required = {name for name, default in arguments.items() if default is not None}
    return {"x", "params"} <= required and arguments.get("y", 0) is None


def _make_class(plan: Plan) -> type:
    class TwoLayerNet:
        checked_sizes = plan.sizes
        takes_columns = plan.columns
        has_guessed_calls = True
        draws_weights = "init" in plan.functions

        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            self.params = plan.make_params(input_size, hidden_size, output_size)

        def loss(self, X: Array, y: Array | None = None, reg: float = 0.0) -> Any:
            values = plan.start(self.params, X, y) | {"reg": reg}
            result = call(plan.functions["forward"], values)
            return plan.turn(result) if y is None else result

    return TwoLayerNet


SHAPE = Shape("one function", build)
