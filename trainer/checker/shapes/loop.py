"""Nets whose gradient exists only inside a training function: its update is compared."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import list_arguments, simplify_name
from trainer.checker.adapt.stepping import measure_gradient
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function, call, list_results, name_value
from trainer.checker.shapes.plan import Plan, make_plan
from trainer.checker.shapes.shape import Found, Shape

FORWARD = r"predict(ions?|proba?)?|output|infer(ence)?"


def build(found: Found) -> type | None:
    """Return the net of a function that trains given weights, and one that gives outputs."""
    functions = chain.find_functions(found)
    trainers = _list_functions(found, chain.TRAIN)
    outputs = functions.get("forward") or next(iter(_list_functions(found, FORWARD)), None)
    if found.kind is not None or "backward" in functions or not trainers or outputs is None:
        return None
    trainer = trainers[-1]
    if not found.has_finished(trainer.__name__, outputs.__name__) or not _takes_weights(outputs):
        return None
    named = {k: f for k, f in functions.items() if k in ("init", "loss")}
    plan = make_plan({"forward": outputs, **named})
    if plan is None:
        return None
    return _make_class(replace(plan, functions={**plan.functions, "train": trainer}))


def _list_functions(found: Found, form: str) -> list[Function]:
    """Return the functions with such a name that take the weights."""
    functions = found.get_functions(*found.names)
    named = [f for name, f in functions.items() if re.fullmatch(form, simplify_name(name))]
    return [f for f in named if _takes_weights(f)]


def _takes_weights(function: Function) -> bool:
    names = {name_value(p.name) for p in list_arguments(function)}
    return "params" in names or {"w1", "b1", "w2", "b2"} <= names


def _make_class(plan: Plan) -> type:
    kind: Any = chain.make_class(plan)
    kind.gradient = lambda net, x, t: _measure(plan, net.params, x, t)
    kind.train = lambda net, x, t, lr: _train(plan, net.params, x, t, lr)
    return kind


def _train(plan: Plan, params: dict[str, Any], x: Array, t: Array, lr: float) -> None:
    steps = _step(plan, params, x, t, lr)
    params.update({k: params[k] - step for k, step in steps.items()})


def _measure(plan: Plan, params: dict[str, Any], x: Array, t: Array) -> dict[str, Array]:
    last = plan.keys["W2"], plan.keys["b2"]
    return measure_gradient(lambda lr: _step(plan, params, x, t, lr), last)


def _step(plan: Plan, params: dict[str, Any], x: Array, t: Array, lr: float) -> dict[str, Array]:
    """Return what one step subtracts from each parameter."""
    given = {k: np.array(v) for k, v in params.items()}
    before = {k: np.array(v) for k, v in params.items()}
    values = plan.start(given, x, t) | {"lr": lr, "once": 1, "m": len(x), "quiet": False}
    values["hidden"] = plan.sizes[1]
    function = plan.functions["train"]
    result = call(function, values)
    made = list_results(function, result) if result is not None else {}
    after = {k: made.get(simplify_name(k), given[k]) for k in before}
    return {k: before[k] - np.asarray(after[k]) for k in before}


SHAPE = Shape("training function", build)
