"""How the functions of a net are called: with which sizes, samples as columns or as rows."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.building import build_instance, is_call_known
from trainer.checker.adapt.names import (
    PARAMS,
    SIZES,
    find_role,
    list_arguments,
    simplify_name,
)
from trainer.checker.adapt.parameter_names import identify_parameter
from trainer.checker.adapt.sizes import D, H, N
from trainer.checker.adapt.weights import find_weights, infer_sizes
from trainer.checker.load.standins import StandIn
from trainer.checker.shapes.binding import Function, call, list_results

COLUMN = (D, H, 1)  # sizes of a net of one sigmoid output
CLASSES = (D, H, 3)
DIGITS = 10  # the classes of functions that make one-hot rows of so many themselves
COUNT = r"m|mtrain|(num|n)(samples|examples)"  # a global for the number of samples


@dataclass(frozen=True)
class Plan:
    """The functions by role, and how they take samples: as columns (D, N) or as rows (N, D)."""

    functions: dict[str, Function]
    sizes: tuple[int, int, int]
    columns: bool
    keys: dict[str, str]  # W1 … b2 → the key in their dictionary
    takes_labels: bool = False  # whether one-hot rows make the backward pass fail
    has_run: bool = True  # False where no call of them gave outputs, and columns is a guess

    def make_params(self, *sizes: int) -> dict[str, Any]:
        """Return parameters by their own keys, for D, H, C: of their own function, or zeros."""
        inputs, hidden, outputs = sizes or self.sizes
        if init := self.functions.get("init"):
            made: Any = build_instance(init, inputs, hidden, outputs)
            made = list_results(init, made) if isinstance(made, tuple) else made
            places = find_weights(made, inputs, hidden, outputs)
            return {self.keys[k]: np.array(places.get_array(k), float) for k in places.places}
        shapes = {"W1": (inputs, hidden), "b1": (1, hidden),
                  "W2": (hidden, outputs), "b2": (1, outputs)}  # fmt: skip
        return {self.keys[k]: np.zeros(s[::-1] if self.columns else s) for k, s in shapes.items()}

    def turn(self, array: Array) -> Array:
        """Return samples as the functions take them, or as rows again."""
        return array.T if self.columns else array

    def start(self, params: dict[str, Any], x: Array, t: Array | None) -> dict[str, Any]:
        """Return the values that every function may ask for, and set the number of samples where
        a global holds it.
        """
        for names, name in self.counts:
            names[name] = len(x)
        values = {"x": self.turn(x), "params": params, "m": len(x), "reg": 0.0}
        values |= {simplify_name(k): v for k, v in params.items()}
        if t is not None:
            is_row = t.ndim == 1 and self.sizes == COLUMN
            values["y"] = self.turn(t.reshape(-1, 1) if is_row else t)
        return values

    def make_targets(self, labels: Array) -> Array:
        """Return targets as the functions take them: one column of 0 and 1 for one output."""
        C = self.sizes[2]
        if C == 1:
            return (labels[:, None] % 2).astype(float)
        return labels % C if self.takes_labels else np.eye(C)[labels % C]

    @cached_property
    def counts(self) -> list[tuple[dict[str, Any], str]]:
        """Where the functions read the number of samples from a global that data sets."""
        read = ((f.__globals__, n) for f in self.functions.values() for n in f.__code__.co_names)
        counts = ((g, n) for g, n in read if n in g and re.fullmatch(COUNT, simplify_name(n)))
        return [(g, n) for g, n in counts if isinstance(g[n], int | StandIn)]

    def run_forward(self, values: dict[str, Any]) -> list[Any]:
        """Add to values what forward returns; return it in order, for arguments of other names."""
        result = call(self.functions["forward"], values)
        made = list_results(self.functions["forward"], result)
        parts = [*result] if isinstance(result, tuple) else [result]
        values |= {k: v for k, v in made.items() if k not in values}
        values.setdefault("cache", next((p for p in parts if isinstance(p, dict | tuple)), None))
        outputs = self._pick_outputs(parts, made)
        values["a2"] = outputs
        return [outputs, *(p for p in parts if p is not outputs)]

    def _pick_outputs(self, parts: list[Any], made: dict[str, Any]) -> Any:
        """Return the outputs, named a2 or last of the arrays of their shape."""
        if isinstance(made.get("a2"), np.ndarray):
            return made["a2"]
        arrays = [p for p in [*parts, *made.values()] if isinstance(p, np.ndarray)]
        return next((a for a in reversed(arrays) if self.sizes[2] in a.shape), None)


def make_plan(functions: dict[str, Function]) -> Plan | None:
    """Return how the functions are called: in the first way in which forward gives outputs."""
    keys = find_keys(functions)
    fixed = _find_fixed_sizes(functions)
    every = (fixed,) if fixed else (*_find_own_sizes(functions, keys), CLASSES, COLUMN)
    ways = [(sizes, columns) for sizes in every for columns in (True, False)]
    for sizes, columns in ways:
        plan = Plan(functions, sizes, columns, keys)
        outputs = attempt(lambda plan=plan: _probe(plan)).value
        if outputs is None:
            continue
        if sizes == CLASSES and _are_sigmoids(outputs):
            single = Plan(functions, COLUMN, columns, keys)
            if attempt(lambda plan=single: _probe(plan)).value is not None:
                return single
        return plan if fixed else _choose_classes(plan)
    return _fit_shapes(functions, keys)


def _find_own_sizes(
    functions: dict[str, Function], keys: dict[str, str]
) -> list[tuple[int, int, int]]:
    """Return the sizes of weights that take none for the hidden layer, such as D, C, C."""
    init = functions.get("init")
    roles = {find_role(p.name, SIZES) for p in list_arguments(init)} if init else {"H"}
    if "H" in roles or not roles >= {"D", "C"}:
        return []
    made = attempt(Plan(functions, CLASSES, True, keys).make_params).value
    sizes = infer_sizes(find_weights(made, *CLASSES)) if made else None
    return [sizes] if sizes and sizes != CLASSES else []


def _choose_classes(plan: Plan) -> Plan:
    """Return the plan with the number of classes and the targets with which its backward pass runs,
    or as it is where none makes it run.
    """
    inputs, hidden, classes = plan.sizes
    digits = inputs, DIGITS if hidden == classes else hidden, DIGITS
    for sizes in (plan.sizes, digits):
        for is_labels in (False, True):
            choice = replace(plan, sizes=sizes, takes_labels=is_labels)
            t = choice.make_targets(np.arange(N) % sizes[2])
            if not attempt(lambda choice=choice, t=t: _call_backward(choice, t)).error:
                return choice
    return plan


def _call_backward(plan: Plan, t: Array) -> None:
    values = plan.start(plan.make_params(), np.ones((N, plan.sizes[0])), t)
    chain = plan.run_forward(values)
    if backward := plan.functions.get("backward"):
        call(backward, values, chain)


def _find_fixed_sizes(functions: dict[str, Function]) -> tuple[int, int, int] | None:
    """Return D, H, C of weights whose function takes no sizes, None where it takes them."""
    init = functions.get("init")
    if init is None or list_arguments(init):
        return None
    made = attempt(init).value
    made = list_results(init, made) if isinstance(made, tuple) else made
    return infer_sizes(find_weights(made, *CLASSES))


def _fit_shapes(functions: dict[str, Function], keys: dict[str, str]) -> Plan | None:
    """Return a plan for functions that run in no way because a weight has the wrong shape."""
    init = functions.get("init")
    if init is None or not is_call_known(init):  # type: ignore[arg-type]
        return None
    plan = Plan(functions, CLASSES, True, keys, has_run=False)
    params = attempt(plan.make_params).value or {}
    shapes = [np.shape(params.get(keys[key], 0)) for key in PARAMS]
    return plan if shapes.count(()) == 0 and shapes[1] == (H, 1) else replace(plan, columns=False)


def find_keys(functions: dict[str, Function]) -> dict[str, str]:
    """Return the keys of W1 … b2 in their dictionary, as the functions write them."""
    constants = [c for f in functions.values() for c in f.__code__.co_consts]
    found = {identify_parameter(c): c for c in reversed(constants) if isinstance(c, str)}
    return {key: found.get(key, key) for key in PARAMS}


def _probe(plan: Plan) -> Array | None:
    """Return the outputs for random weights and inputs, None where they have another shape."""
    rng = np.random.default_rng(0)
    params = {k: rng.normal(size=np.shape(v)) for k, v in plan.make_params().items()}
    values = plan.start(params, rng.normal(size=(N, plan.sizes[0])), None)
    plan.run_forward(values)
    outputs = values["a2"]
    is_right = isinstance(outputs, np.ndarray) and plan.turn(outputs).shape == (N, plan.sizes[2])
    return plan.turn(outputs) if is_right else None


def _are_sigmoids(y: Array) -> bool:
    """Return whether outputs are numbers in (0, 1) that no softmax gives."""
    sums = (y.sum(axis=1), y.sum(axis=0), y.sum())
    is_softmax = any(np.allclose(s, 1) for s in sums)
    return bool((y > 0).all() and (y < 1).all()) and not is_softmax
