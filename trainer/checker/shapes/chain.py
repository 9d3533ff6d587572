"""Nets of functions: parameters in a dictionary or as arguments, samples as columns or rows.

deeplearning.ai's forward_propagation, compute_cost, backward_propagation and update_parameters
are such, and many others after them.
"""

import re
from difflib import get_close_matches
from typing import Any

from trainer.book.functions import Array
from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.shapes.binding import Function, call, list_results, name_value
from trainer.checker.shapes.plan import Plan, make_plan
from trainer.checker.shapes.shape import Found, Shape
from trainer.common.errors import InputError
from trainer.common.language import translate as _

ROLES = {
    "init": r"init(iali[sz]e)?(param(eter)?s?|weights|network|(twolayer)?(model|net))?(deep)?",
    "forward": r"(feed)?forward(prop(agation)?|pass)?|modelforward|forwardpropag.*|fp|feedforward",
    "loss": r"(compute|calc(ulate)?|get)?(cost|loss)(function)?|(binary|categorical)?crossentropy"
            r"(loss|cost)?|bce(loss)?",
    "backward": r"back(ward)?(prop(agation)?|pass)?|modelbackward|(compute|get)?grad(ient)?s|bp",
    "squares": r"mse(loss)?|(mean)?squarederror(loss)?",
    "update": r"update(param(eter)?s?|weights)?|optimi[sz]e(step)?|gradientdescentstep",
}  # fmt: skip
USUAL = ("initializeparameters", "forwardpropagation", "computecost", "costfunction",
         "backwardpropagation", "updateparameters")  # fmt: skip
TRAIN = (
    r"nnmodel|neuralnet(work)?(model)?|train(model|network|nn|ing)?|fit|gradientdescent|model"
    r"|twolayer(model|net|nn)"
)


def find_functions(found: Found) -> dict[str, Function]:
    """Return the functions of the file by role, the last of several."""
    named = ((_find_role(name), f) for name, f in found.get_functions(*found.names).items())
    functions: dict[str, Function] = {role: function for role, function in named if role}
    squares = functions.pop("squares", None)  # beside another loss it may be a measure only
    return functions if squares is None else {"loss": squares} | functions


def _find_role(name: str) -> str | None:
    """Return the role of a function by its name, or by what its name is a misspelling of."""
    simple = simplify_name(name)
    names = [simple, *get_close_matches(simple, USUAL, 1, 0.88)]
    pairs = ((role, each) for each in names for role, form in ROLES.items()
             if re.fullmatch(form, each))  # fmt: skip
    return next((role for role, _ in pairs), None)


def build(found: Found) -> type | None:
    """Return the net that these functions make, None where they are none."""
    return build_net(found, find_functions(found))


def build_net(found: Found, functions: dict[str, Function]) -> type | None:
    """Return the net of the functions by role, None without a forward or a backward pass.

    Raises InputError where one of them is a template that nobody filled in.
    """
    names = [f.__name__ for f in functions.values()]
    if found.kind is not None or not {"forward", "backward"} <= functions.keys():
        return None
    takes = {name_value(p.name) for p in list_arguments(functions["forward"])}
    if not {"params"} & takes and not {"w1", "w2"} <= takes:
        return None
    if blocked := next((name for name in names if name in found.unfinished), None):
        raise InputError(_("{name} is not written yet").format(name=blocked))
    plan = make_plan(functions)
    return make_class(plan) if plan is not None else None


def make_class(plan: Plan) -> type:
    """Return a class with the book's methods, which call the functions of a plan."""

    class TwoLayerNet:
        checked_sizes = plan.sizes
        takes_columns = plan.columns
        has_guessed_calls = True
        counts_samples = bool(plan.counts)
        draws_weights = "init" in plan.functions

        def __init__(self, input_size: int, hidden_size: int, output_size: int):
            self.params = plan.make_params(input_size, hidden_size, output_size)

        def predict(self, x: Array) -> Array:
            values = plan.start(self.params, x, None)
            plan.run_forward(values)
            return plan.turn(values["a2"])

    kind: Any = TwoLayerNet
    if "loss" in plan.functions:
        kind.loss = lambda net, x, t: compute_loss(plan, net.params, x, t)
    if "backward" in plan.functions:
        kind.gradient = lambda net, x, t: compute_gradient(plan, net.params, x, t)
    if {"update", "backward"} <= plan.functions.keys():
        kind.train = lambda net, x, t, lr: update(plan, net.params, x, t, lr)
    return TwoLayerNet


def compute_loss(plan: Plan, params: dict[str, Any], x: Array, t: Array) -> Any:
    """Return the loss."""
    values = plan.start(params, x, t)
    chain = plan.run_forward(values)
    return call(plan.functions["loss"], values, chain)


def compute_gradient(plan: Plan, params: dict[str, Any], x: Array, t: Array) -> Any:
    """Return the gradients, by name if the function gives them names."""
    values = plan.start(params, x, t)
    chain = plan.run_forward(values)
    result = call(plan.functions["backward"], values, chain)
    if isinstance(result, tuple):
        named = list_results(plan.functions["backward"], result)
        kept = {k: v for k, v in named.items() if re.fullmatch("(d|grad)?(w|b)[12]", k)}
        return next((r for r in result if isinstance(r, dict)), kept if len(kept) == 4 else result)
    return result


def update(plan: Plan, params: dict[str, Any], x: Array, t: Array, lr: float) -> None:
    """Take one step with their update."""
    apply_update(plan, params, compute_gradient(plan, params, x, t), lr)


def apply_update(plan: Plan, params: dict[str, Any], grads: Any, lr: float) -> None:
    """Change params by their update, which returns new parameters or changes the old ones."""
    values = {"params": params, "grads": grads, "lr": lr}
    values |= {simplify_name(k): v for k, v in params.items()}
    values |= {simplify_name(k): v for k, v in grads.items()} if isinstance(grads, dict) else {}
    result = call(plan.functions["update"], values)
    made = list_results(plan.functions["update"], result) if result is not None else {}
    for key in params:
        if simplify_name(key) in made:
            params[key] = made[simplify_name(key)]


SHAPE = Shape("functions", build)
