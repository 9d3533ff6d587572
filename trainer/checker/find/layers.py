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
from trainer.checker.adapt.names import list_arguments, list_required
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
# Backward of a loss is given what forward is, or the outputs that it keeps, and targets.
OF_LOSSES = OF_INPUT, OF_OUTPUT = FILLS, FILLS + 1
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
        backward may be given.
        """
        steps = self._follow_as(False, trier, layout)
        return steps + self._follow_as(True, trier, layout) if self._may_be_loss(trier) else steps

    def _follow_as(self, is_loss: bool, trier: Trier, layout: int) -> list[Step]:
        made = self._list_made(trier)

        def run(named: Namespace) -> Any:
            net = self._build(trier, made, named)
            return self._go_forward(net, trier, _leave_out(named, made))

        forward = self._get(self.instance and self.instance.kind, trier, self.forward)
        named = invent_arguments(forward, made, draw_inputs(layout), run, trier, is_loss)
        slopes = None if named is None else trier.choices.match_slopes(named)
        if named is None or slopes is None:
            return []
        named |= self.option | slopes
        y = split_result(run(copy.deepcopy(named)))[0]
        names = _leave_out(named, made) | {OWN: self._build(trier, made, named)}
        fills = OF_LOSSES if is_loss else self._list_fills(y, layout)
        return [self._capture(trier, names, y, f) for f in fills if f < FILLS or y.ndim < 2]

    def _list_fills(self, y: Array, layout: int) -> Sequence[int]:
        if y.size > 1 and (not self.backward or layout == PROBABLE):
            return ()
        return range(FILLS) if self.backward else (0,)

    def _may_be_loss(self, trier: Trier) -> bool:
        """Return whether forward and backward are given two things each: outputs and targets."""
        net = self.instance and self.instance.kind
        functions = [self._get(net, trier, name) for name in (self.forward, self.backward) if name]
        given = [[name for name in list_required(each) if name != "self"] for each in functions]
        return [len(each) for each in given] == [2, 2]

    def _capture(self, trier: Trier, names: Namespace, y: Array, fill: int) -> Step:
        is_loss = fill in OF_LOSSES
        names = names | {GOAL: draw(() if is_loss else y.shape, 9) if self.backward else None}
        names |= {GUESSED: 1.0} if is_loss or self.is_guessed else {}

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
        returned = self._go_forward(net, trier, named)
        y, rest = split_result(returned)
        y = y.mean() if fill in OF_LOSSES else y
        before, is_named = read_arrays(net), not self.backward
        grads = self._name(rest)
        if self.backward:
            dout = np.ones(y.shape) if y.size == 1 else y - t
            backward = self._get(net, trier, self.backward)
            gave, grads = _call(net, backward, _give(backward, net, dout, named, returned, fill))
            is_named = gave is None and fill not in OF_LOSSES
            if gave is not None:
                grads = self._name(gave if isinstance(gave, tuple) else (gave,))
        _show(trier.tracer, float(y.sum() if y.size == 1 else 0.5 * ((y - t) ** 2).sum()))
        trains_itself = trains(net, before)
        subtract_from(named, net, grads, is_named)
        if not trains_itself:
            subtract_gradients(net, None, list(named.values()))
        return None if trains_itself else SUBTRACTED

    def _go_forward(self, net: Any, trier: Trier, named: Namespace) -> Any:
        """Return what forward returns, or else the array that the layer sets last in it."""
        returned, kept = _call(net, self._get(net, trier, self.forward), named)
        given = named.values()
        computed = [v for v in kept.values() if not any(np.array_equal(v, x) for x in given)]
        return [None, *kept.values(), *computed][-1] if returned is None else returned

    def _name(self, grads: Sequence[Any]) -> Namespace:
        """Return gradients by the names that the code gives them, or by their numbers."""
        keys = self.returned if len(self.returned) == len(grads) else map(str, range(len(grads)))
        return dict(zip(keys, grads, strict=True))


def _call(net: Any, function: Function, given: Namespace) -> tuple[Any, Namespace]:
    """Return what a method returns, and the arrays that it gives the layer as attributes."""
    before = dict(getattr(net, "__dict__", {}))
    returned = function(**given)
    now = getattr(net, "__dict__", {}).items()
    kept = {name: each for name, each in now if each is not before.get(name)}
    return returned, {name: each for name, each in kept.items() if isinstance(each, np.ndarray)}


def _give(
    backward: Function, net: Any, dout: Array, named: Namespace, returned: Any, fill: int
) -> Namespace:
    """Return what backward is given, one of the ways: dout, and what forward was given or returned
    beside outputs; or all that forward was given, the first perhaps replaced by the outputs kept.
    """
    if fill not in OF_LOSSES:
        others = (split_result(returned)[1], [returned], list(named.values()), [RATE])[fill]
        return choose_back(backward, dout, named, others)
    first, *others = named.values()
    if fill == OF_OUTPUT:
        arrays = [v for v in net.__dict__.values() if np.shape(v) == first.shape]
        first = next(v for v in arrays if not np.array_equal(v, first))
    return dict(zip(list_required(backward), (first, *others), strict=True))


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
