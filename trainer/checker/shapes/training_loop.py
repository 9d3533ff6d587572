"""A function that draws weights and trains them with the file's own functions, such as nn_model.

After a few iterations its weights are those of as many steps of these functions. Where they are
not, only a known mistake is wrong: it may train in another way that is right.
"""

import copy
import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.names import PARAMS, list_arguments, simplify_name
from trainer.checker.shapes import chain
from trainer.checker.shapes.binding import Function, call, list_results, name_value
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.plan import Plan
from trainer.checker.shapes.planar import find_plan, requires_only
from trainer.checker.shapes.shape import OWN, Found, Part, Shape

Values = dict[str, Array]

STEPS = 2  # iterations that are asked for
LR = 0.3
MORE = 2  # hidden units, to see whether their number is used
UNITS, RATE = "hidden units", "learning rate"  # results beside the parameters
GIVEN = {"x", "y", "hidden", "once", "lr", "quiet", "reg", "m"}


@dataclass
class Run:
    """One call of the training function: its inputs, what it drew and returned, and its rates."""

    x: Array
    t: Array
    drawn: list[Any] = field(default_factory=list)
    rates: list[Any] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


def list_parts(found: Found) -> Iterator[Part]:
    """Yield the training function, if the file has one that draws the weights itself."""
    functions = found.get_functions(*found.names)
    known = [f for name, f in functions.items() if _is_trainer(name, f)]
    plan = find_plan(found) if known and found.kind is None else None
    if plan and {"init", "loss", "backward", "update"} <= plan.functions.keys():
        trainer = Trainer(known[-1], plan)
        name = known[-1].__name__
        needs = name, *(each.__name__ for each in plan.functions.values())
        yield Part(name, needs, trainer.run)


def _is_trainer(name: str, function: Function) -> bool:
    """Return whether a function trains, can be called, and takes how many times to iterate."""
    is_named = re.fullmatch(chain.TRAIN, simplify_name(name))
    return bool(is_named) and requires_only(function, GIVEN) and "once" in list_values(function)


def list_values(function: Function) -> set[str]:
    """Return what the arguments of a function are."""
    return {name_value(p.name) for p in list_arguments(function)}


class Trainer:
    """A training function, and the functions that it is to call, by the roles of a plan."""

    def __init__(self, function: Function, plan: Plan):
        self.function, self.plan = function, plan
        self._takes = list_values(function)

    def run(self, d: Draw) -> dict[str, Any]:
        """Return the parameters after the training, and the sizes and rates that were used.

        Under OWN is what the file's own functions give from the same first weights.
        """
        run = self._train(d)
        made = {k: run.result.get(simplify_name(self.plan.keys[k])) for k in PARAMS}
        made |= {RATE: run.rates[0]} if run.rates and "lr" in self._takes else {}
        own = attempt(lambda: self._list_own(run)).value or {}
        if "hidden" in self._takes:
            more = attempt(lambda: self._count_units(self._train(d, MORE))).value
            own |= {"units": self.plan.sizes[1], "more units": more}
        return made | {UNITS: self._count_units(run), OWN: own}

    def _list_own(self, run: Run) -> dict[str, Any]:
        """Return the weights after the steps, and after steps as known mistakes take them.

        {} where the first weights are unknown.
        """
        if not run.drawn or len(self._start(run)) < len(PARAMS):
            return {}
        start, again = self._start(run), self._start(run, -1)
        made: dict[str, Any] = {
            "start": start,
            "steps": self._take_steps(run, start),
            "repeated": self._take_steps(run, start, repeats=2),
            "stale": self._take_steps(run, start, is_stale=True),
            "learns": self._learns(run),
        }
        return made | ({"restarted": self._take_steps(run, again, 1)} if len(run.drawn) > 1 else {})

    def _train(self, d: Draw, more: int = 0) -> Run:
        """Call the function for a few iterations, with some more hidden units than usual."""
        rng, plan = d.make_generator(), self.plan
        run = Run(rng.normal(size=(len(d.a), plan.sizes[0])), plan.make_targets(d.labels))
        values = plan.start({}, run.x, run.t) | {"hidden": plan.sizes[1] + more, "lr": LR}
        with self._record(run):
            result = call(self.function, values | {"once": STEPS, "quiet": False})
        run.result = list_results(self.function, result)
        return run

    @contextmanager
    def _record(self, run: Run) -> Iterator[None]:
        """Keep what is drawn, and the rates of the updates, while the function runs."""
        names = self.function.__globals__
        init, update = self.plan.functions["init"], self.plan.functions["update"]

        def draw(*arguments: Any, **options: Any) -> Any:
            made = init(*arguments, **options)
            run.drawn.append(copy.deepcopy(made))
            return made

        def step(*arguments: Any, **options: Any) -> Any:
            bound = inspect.signature(update).bind(*arguments, **options)
            bound.apply_defaults()
            run.rates += [v for k, v in bound.arguments.items() if name_value(k) == "lr"]
            return update(*arguments, **options)

        patched = {init.__name__: draw, update.__name__: step}
        before = {name: names[name] for name in patched if name in names}
        names.update({name: patched[name] for name in before})
        try:
            yield
        finally:
            names.update(before)

    def _start(self, run: Run, index: int = 0) -> dict[str, Array]:
        """Return the parameters that were drawn, by W1 … b2."""
        made = list_results(self.plan.functions["init"], run.drawn[index])
        names = {k: simplify_name(v) for k, v in self.plan.keys.items()}
        return {k: np.array(made[name], float) for k, name in names.items() if name in made}

    def _take_steps(
        self, run: Run, start: Values, steps: int = STEPS, repeats: int = 1, is_stale: bool = False
    ) -> Values:
        """Return the parameters after some steps of the file's own functions."""
        plan = self.plan
        params: dict[str, Any] = {plan.keys[k]: np.array(v) for k, v in start.items()}
        grads: Any = None
        for step in range(steps):
            if grads is None or not is_stale:
                grads = chain.compute_gradient(plan, params, run.x, run.t)
            for _ in range(repeats):
                rate = run.rates[min(step * repeats, len(run.rates) - 1)] if run.rates else LR
                chain.apply_update(plan, params, copy.deepcopy(grads), rate)
        return {k: np.asarray(params[plan.keys[k]]) for k in PARAMS}

    def _learns(self, run: Run) -> bool:
        """Return whether each right step lowers the loss: the best weights are then the last."""
        every = [self._take_steps(run, self._start(run), n) for n in range(STEPS + 1)]
        named = [{self.plan.keys[k]: v for k, v in params.items()} for params in every]
        losses = [chain.compute_loss(self.plan, p, run.x, run.t) for p in named]
        return all(b < a for a, b in pairwise(losses))

    def _count_units(self, run: Run) -> int:
        """Return how many hidden units the returned parameters have."""
        shape = np.shape(run.result.get(simplify_name(self.plan.keys["W1"]), 0))
        return shape[0 if self.plan.columns else -1] if len(shape) == 2 else 0


SHAPE = Shape("training function of a net", lambda _found: None, list_parts)
