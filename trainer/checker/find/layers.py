"""Finds layers, each with a forward and a backward function, and runs both as one step.

That step goes down ½ Σ (y − t)² of the layer's outputs y, or y itself where that is one number. So
dout is y − t, and the gradients by the arguments and by the layer's arrays are subtracted from
these. A function that returns a loss and its gradients is a layer too.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import list_arguments
from trainer.checker.find.applying import read_arrays, subtract_from, subtract_gradients, trains
from trainer.checker.find.instances import Instance
from trainer.checker.find.inventing import (
    PROBABLE,
    choose_back,
    draw,
    draw_inputs,
    invent_arguments,
    split_result,
)
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.steps import Step, capture_call
from trainer.checker.find.trace import SUBTRACTED
from trainer.checker.find.tracing import Site, Tracer
from trainer.checker.find.trying import Trier

LOSS = "½ Σ (y − t)²"  # the text of the site at which a layer's step shows its loss
OWN = "layer"  # the name of the instance, None for functions
GOAL = "goal"  # the name of t, None where a function returns its gradients itself
GUESSED = "guessed"  # the name of a number that is there where two methods may be no layer
FILLS = 4  # what backward may be given beside dout
RATE = 0.1  # of a layer that trains itself
Function = Callable[..., Any]


@dataclass
class Layer:
    """A forward and a backward function of a module, or of instances of one of its classes.

    backward is "" where forward returns the gradients too. returned are the names of what backward
    returns. is_guessed tells that the order of two methods alone makes them a layer. option is the
    value of one argument that has a default.
    """

    forward: str
    backward: str
    instance: Instance | None = None
    returned: tuple[str, ...] = ()
    is_guessed: bool = False
    option: Namespace = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the layer is called in a report."""
        kind = self.instance.kind.__name__ + "." if self.instance else ""
        options = "".join(f"({name}={value!r})" for name, value in self.option.items())
        return kind + (self.backward or self.forward) + options

    def find_lines(self, module: Namespace) -> tuple[int, int]:
        """Return the first and the last line of the function that goes back."""
        names, name = (vars(self.instance.kind) if self.instance else module), self.backward
        return _find_lines(names.get(name or self.forward))

    def list_bodies(self, module: Namespace) -> list[tuple[int, int]]:
        """Return the first and the last line of each function of the layer, of all methods."""
        kinds = self.instance.kind.__mro__ if self.instance else ()
        methods = [method for kind in kinds for method in vars(kind).values()]
        functions = methods or [module.get(self.forward), module.get(self.backward)]
        return [lines for each in functions if (lines := _find_lines(each)) != (0, 0)]

    def follow(self, trier: Trier, layout: int) -> list[Step]:
        """Return the steps of the layer with inputs of one layout, each with another thing that
        backward may be given beside dout.
        """
        made = self._list_made(trier)

        def run(named: Namespace) -> Any:
            net = self._build(trier, made, named)
            return self._get(net, trier, self.forward)(**_leave_out(named, made))

        forward = self._get(self.instance and self.instance.kind, trier, self.forward)
        named = invent_arguments(forward, made, draw_inputs(layout), run, trier)
        if named is None:
            return []
        named |= self.option | trier.choices.match_slopes(named)
        y = split_result(run(copy.deepcopy(named)))[0]
        if y.size > 1 and (not self.backward or layout == PROBABLE):
            return []
        goal = draw(y.shape, 9) if self.backward else None
        names = _leave_out(named, made) | {OWN: self._build(trier, made, named), GOAL: goal}
        names |= {GUESSED: 1.0} if self.is_guessed else {}
        return [self._capture(trier, names, fill) for fill in self._list_fills()]

    def _list_fills(self) -> Sequence[int]:
        return range(FILLS) if self.backward else (0,)

    def _capture(self, trier: Trier, names: Namespace, fill: int) -> Step:
        def run(layer: Any, goal: Any, **named: Any) -> str | None:
            return self._run(layer, trier, _leave_out(named, [GUESSED]), goal, fill)

        return capture_call(trier.tracer, trier.choices.module, self.name, run, names)

    def _list_made(self, trier: Trier) -> list[str]:
        """Return the arguments of the constructor, where the file does not call it: those that it
        requires, and functions.
        """
        if self.instance is None or self.instance.expression is not None:
            return []
        return [p.name for p in list_arguments(self.instance.kind) if p.default is p.empty
                or (p.default is None and trier.choices.is_called(p.name))]  # fmt: skip

    def _build(self, trier: Trier, made: list[str], named: Namespace) -> Any:
        if self.instance is None:
            return None
        if self.instance.expression is not None:
            return self.instance.build(trier.choices.module, {"named": {}})
        return self.instance.kind(**{name: named[name] for name in made})

    def _get(self, net: Any, trier: Trier, name: str) -> Function:
        found: Function = trier.choices.module[name] if net is None else getattr(net, name)
        return found

    def _run(self, net: Any, trier: Trier, named: Namespace, t: Any, fill: int) -> str | None:
        """Run forward and backward, show the loss, and subtract the gradients; return SUBTRACTED
        where the layer does not train itself.
        """
        returned = self._get(net, trier, self.forward)(**named)
        y, rest = split_result(returned)
        before = read_arrays(net)
        if self.backward:
            others = (rest, [returned], list(named.values()), [RATE])[fill]
            dout = np.ones(y.shape) if y.size == 1 else y - t
            rest = self._go_back(self._get(net, trier, self.backward), dout, named, others)
        _show(trier.tracer, float(y.sum() if y.size == 1 else 0.5 * ((y - t) ** 2).sum()))
        keys = self.returned if len(self.returned) == len(rest) else map(str, range(len(rest)))
        trains_itself = trains(net, before)
        subtract_from(named, net, dict(zip(keys, rest, strict=True)), is_named=not self.backward)
        if not trains_itself:
            subtract_gradients(net, None, list(named.values()))
        return None if trains_itself else SUBTRACTED

    @staticmethod
    def _go_back(backward: Function, dout: Array, named: Namespace, others: list[Any]) -> list[Any]:
        """Return what backward returns, as a list."""
        grads = backward(**choose_back(backward, dout, named, others))
        return list(grads) if isinstance(grads, tuple) else [grads]


def _find_lines(function: Any) -> tuple[int, int]:
    """Return the first and the last line of a function, (0, 0) of what is none."""
    code = getattr(function, "__code__", None)
    lines = [line for *_range, line in code.co_lines() if line] if code else []
    return (min(lines), max(lines)) if lines else (0, 0)


def _show(tracer: Tracer, loss: float) -> None:
    """Show the loss as if a line of the file computed it."""
    if all(site.text != LOSS for site in tracer.sites):
        tracer.sites.append(Site(Path(), 0, "", LOSS))
    if tracer.see:
        tracer.see([site.text for site in tracer.sites].index(LOSS), loss)


def _leave_out(named: Namespace, names: list[str]) -> Namespace:
    return {name: value for name, value in named.items() if name not in names}
