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
from trainer.checker.findings.comparing import FLOAT32, compute_error
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function, call, list_results, name_value
from trainer.checker.shapes.draws import Draw, draw_inputs
from trainer.checker.shapes.operations import Operation, Values
from trainer.checker.shapes.parts import Part
from trainer.checker.shapes.plan import COLUMN, Plan, make_plan
from trainer.checker.shapes.shape import Found, Shape

TRIES = 100  # draws of weights, until no output is near 0.5 and both classes occur
CLEAR = 0.02  # how far from 0.5 an output must be
GIVEN = {"params", "x", "y", "w1", "b1", "w2", "b2"}  # what predict may ask for
SIZES = {
    "sizes-of-samples": "the samples are counted (where they are columns, X has the shape (n_x, m) "
    "and Y the shape (n_y, m))"
}
CLASSES = {
    "threshold-side": "the comparison is the wrong way round (a sample is of class 1 where a2 > "
    "0.5)",
    "threshold-low": "every sample is of class 1 (compare a2 with 0.5)",
    "threshold-high": "every sample is of class 0 (compare a2 with 0.5: argmax and int give 0 for "
    "one output below 1)",
    "classes-axis": "argmax is taken over the samples (take it over the outputs of each sample)",
}


def list_parts(found: Found) -> Iterator[Part]:
    """Yield layer_sizes and predict, where the file has them."""
    functions = found.get_functions("layer_sizes", "predict")
    if found.kind is not None or not functions:
        return
    plan = find_plan(found)
    sizes, predict = functions.get("layer_sizes"), functions.get("predict")
    if sizes and requires_only(sizes, {"x", "y"}):
        yield _make_sizes(sizes, plan.columns if plan else not _takes_rows(sizes))
    if predict and plan and requires_only(predict, GIVEN):
        yield _make_predict(predict, plan)


def find_plan(found: Found) -> Plan | None:
    """Return how the functions of the file's net are called, None where it has none."""
    functions = chain.find_functions(found)
    names = [f.__name__ for f in functions.values()]
    if "forward" not in functions or any(name in found.unfinished for name in names):
        return None
    return make_plan(functions)


def requires_only(function: Function, names: set[str]) -> bool:
    """Return whether a function requires x and nothing that is not among these names."""
    required = {name_value(p.name) for p in list_arguments(function) if p.default is p.empty}
    return "x" in required and required <= names


def _make_sizes(function: Function, columns: bool) -> Part:
    operation = Operation(
        lambda d: {"n_x": np.array(6.0), "n_y": np.array(1.0)},
        lambda d: {"sizes-of-samples": dict.fromkeys(("n_x", "n_y"), np.array(float(len(d.x))))},
    )
    run = partial(_run_sizes, function, columns)
    return Part("layer_sizes", ("layer_sizes",), run, operation, reasons=SIZES, is_open=True)


def _run_sizes(function: Function, columns: bool, d: Draw) -> dict[str, Any]:
    """Return the first and the last of the sizes."""
    x, y = d.flatten().x, d.labels[:, None] % 2
    values = {"x": x.T, "y": y.T} if columns else {"x": x, "y": y}
    result = call(function, values)
    is_known = isinstance(result, tuple) and len(result) > 1
    made = {"nx": result[0], "ny": result[-1]} if is_known else {}
    made |= list_results(function, result)
    return {k: made[v] for k, v in {"n_x": "nx", "n_y": "ny"}.items() if v in made}


def _takes_rows(function: Function) -> bool:
    """Return whether layer_sizes gives the right sizes for samples as rows."""
    part = _make_sizes(function, columns=False)
    return bool(attempt(lambda: part.run(draw_inputs(0, 7)) == {"n_x": 6, "n_y": 1}).value)


def _make_predict(function: Function, plan: Plan) -> Part:
    run = partial(_run_predict, function, plan)
    operation = Operation(partial(_pick_right, function, plan), partial(_list_mistaken, plan))
    needs = "predict", plan.functions["forward"].__name__
    return Part("predict", needs, run, operation, reasons=CLASSES, is_open=True)


def _draw_values(plan: Plan, d: Draw) -> dict[str, Any]:
    """Return parameters and inputs for which both classes occur and no output is near 0.5."""
    rng = d.make_generator()
    shapes = {k: np.shape(v) for k, v in plan.make_params().items()}
    for _ in range(TRIES):
        params = {k: rng.normal(size=shape) for k, shape in shapes.items()}
        x = rng.normal(size=(len(d.x), plan.sizes[0]))
        values = plan.start(params, x, make_targets(plan, d.labels))
        a2 = _compute_outputs(plan, values)
        classes = a2 > 0.5 if plan.sizes == COLUMN else a2.argmax(axis=1)
        if np.abs(a2 - 0.5).min() > CLEAR and len(np.unique(classes)) > 1:
            break
    return values


def make_targets(plan: Plan, labels: Array) -> Array:
    """Return one column of 0 and 1 for a net of one output, one-hot rows for others."""
    C = plan.sizes[2]
    return (labels[:, None] % 2).astype(float) if C == 1 else np.eye(C)[labels % C]


def _compute_outputs(plan: Plan, values: dict[str, Any]) -> Array:
    """Return the outputs (N, C) of the file's own forward pass."""
    made = dict(values)
    plan.run_forward(made)
    return np.array(plan.turn(made["a2"]), dtype=np.float64)


def _run_predict(function: Function, plan: Plan, d: Draw) -> dict[str, Any]:
    return {"classes": call(function, _draw_values(plan, d))}


def _pick_right(function: Function, plan: Plan, d: Draw) -> Values:
    """Return the classes as numbers or one-hot, or the outputs, whichever predict gives."""
    a2 = _compute_outputs(plan, _draw_values(plan, d))
    if plan.sizes == COLUMN:
        ways = [a2 > 0.5, a2]
    else:
        labels = a2.argmax(axis=1)
        ways = [labels, np.eye(a2.shape[1])[labels], a2]
    got = attempt(lambda: _run_predict(function, plan, d)["classes"]).value
    turned = [way.T if plan.columns else way for way in ways]
    fits = (way for way in turned if compute_error(got, way) <= FLOAT32)
    return {"classes": np.asarray(next(fits, turned[0]), dtype=np.float64)}


def _list_mistaken(plan: Plan, d: Draw) -> dict[str, Values]:
    a2 = plan.turn(_compute_outputs(plan, _draw_values(plan, d)))
    if plan.sizes == COLUMN:
        made = {"threshold-side": a2 < 0.5, "threshold-low": a2 < 2, "threshold-high": a2 > 2}
    else:
        made = {"classes-axis": a2.argmax(axis=1 if plan.columns else 0)}
    return {slug: {"classes": np.asarray(c, dtype=np.float64)} for slug, c in made.items()}


SHAPE = Shape("functions around a net", lambda _found: None, list_parts)
