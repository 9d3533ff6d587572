"""Functions around a net of functions: layer_sizes and predict, as in deeplearning.ai's course.

predict is compared with the file's own forward pass, so that the mistakes of that are not its own.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import list_arguments
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function, call, list_results, name_value
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.plan import Plan, make_plan
from trainer.checker.shapes.shape import OTHER, OWN, Found, Part, Shape

TRIES = 100  # draws of weights, until no output is near 0.5 and both classes occur
CLEAR = 0.02  # how far from 0.5 an output must be
GIVEN = {"params", "x", "y", "w1", "b1", "w2", "b2"}  # what predict may ask for


def list_parts(found: Found) -> Iterator[Part]:
    """Yield layer_sizes and predict, where the file has them."""
    functions = found.get_functions("layer_sizes", "predict")
    if found.kind is not None or not functions:
        return
    plan = find_plan(found)
    sizes, predict = functions.get("layer_sizes"), functions.get("predict")
    if sizes and requires_only(sizes, {"x", "y"}):
        yield Part("layer_sizes", ("layer_sizes",), partial(_run_sizes, sizes, plan))
    if predict and plan and requires_only(predict, GIVEN):
        needs = "predict", plan.functions["forward"].__name__
        yield Part("predict", needs, partial(_run_predict, predict, plan))


def find_plan(found: Found) -> Plan | None:
    """Return how the functions of the file's net are called, None where it has none."""
    functions = chain.find_functions(found)
    names = [f.__name__ for f in functions.values()]
    if "forward" not in functions or any(name in found.unfinished for name in names):
        return None
    plan = make_plan(functions)
    return plan if plan and plan.has_run else None


def requires_only(function: Function, names: set[str]) -> bool:
    """Return whether a function requires x and nothing that is not among these names."""
    required = {name_value(p.name) for p in list_arguments(function) if p.default is p.empty}
    return "x" in required and required <= names


def _run_sizes(function: Function, plan: Plan | None, d: Draw) -> dict[str, Any]:
    """Return the first and the last of the sizes.

    Without a plan, samples may be rows too: those results are under OTHER.
    """
    if plan is not None:
        return _call_sizes(function, plan.columns, d)
    others = attempt(lambda: _call_sizes(function, False, d)).value
    return _call_sizes(function, True, d) | ({OTHER: others} if others else {})


def _call_sizes(function: Function, columns: bool, d: Draw) -> dict[str, Any]:
    x, y = d.flatten().x, d.labels[:, None] % 2
    values = {"x": x.T, "y": y.T} if columns else {"x": x, "y": y}
    result = call(function, values)
    is_known = isinstance(result, tuple) and len(result) > 1
    made = {"nx": result[0], "ny": result[-1]} if is_known else {}
    made |= list_results(function, result)
    return {k: made[v] for k, v in {"n_x": "nx", "n_y": "ny"}.items() if v in made}


def _run_predict(function: Function, plan: Plan, d: Draw) -> dict[str, Any]:
    """Return the classes, and under OWN the outputs (N, C) of the file's own forward pass, and
    whether its functions have samples as columns, so that the classes may be (1, N).
    """
    values = _draw_values(plan, d)
    a2 = _compute_outputs(plan, values)
    return {"classes": call(function, values), OWN: {"a2": a2, "columns": plan.columns}}


def _draw_values(plan: Plan, d: Draw) -> dict[str, Any]:
    """Return parameters and inputs for which both classes occur and no output is near 0.5."""
    rng = d.make_generator()
    shapes = {k: np.shape(v) for k, v in plan.make_params().items()}
    for _ in range(TRIES):
        params = {k: rng.normal(size=shape) for k, shape in shapes.items()}
        x = rng.normal(size=(len(d.x), plan.sizes[0]))
        values = plan.start(params, x, plan.make_targets(d.labels))
        a2 = _compute_outputs(plan, values)
        classes = a2 > 0.5 if plan.sizes[2] == 1 else a2.argmax(axis=1)
        if np.abs(a2 - 0.5).min() > CLEAR and len(np.unique(classes)) > 1:
            break
    return values


def _compute_outputs(plan: Plan, values: dict[str, Any]) -> Array:
    """Return the outputs (N, C) of the file's own forward pass."""
    made = dict(values)
    plan.run_forward(made)
    return np.array(plan.turn(made["a2"]), dtype=np.float64)


SHAPE = Shape("functions around a net", lambda _found: None, list_parts)
