"""Finds layers, each with a forward and a backward function, and runs both as one step.

That step goes down ½ Σ (y − t)² of the layer's outputs y, or y itself where that is one number. So
dout is y − t, and the gradients by the arguments and by the layer's arrays are subtracted from
these. A function that returns a loss and its gradients is a layer too.
"""

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.names import find_call_roles, list_arguments, simplify_name
from trainer.checker.find.applying import read_arrays, subtract_from, subtract_gradients, trains
from trainer.checker.find.guessing import list_words
from trainer.checker.find.instances import Instance, list_instances
from trainer.checker.find.inventing import (
    DOUT,
    PROBABLE,
    choose_back,
    draw,
    draw_inputs,
    invent_arguments,
    split_result,
)
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.steps import SUBTRACTED, Step, capture_call
from trainer.checker.find.tracing import Site, Tracer
from trainer.checker.find.trying import Trier

LOSS = "½ Σ (y − t)²"  # the text of the site at which a layer's step shows its loss
FORWARD = r"(forward|fwd|fprop)(prop\w*|pass)?"
BACKWARD = r"(backward|bwd|bprop|backprop)(prop\w*|pass|agation|agate)?"
GOAL = "goal"  # the name of t, None where a function returns its gradients itself
GUESSED = "guessed"  # the name of a number that is there where two methods may be no layer
MOST = 40  # layers of a file
FILLS = 3  # what backward may be given beside dout
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

    def follow(self, trier: Trier, layout: int) -> list[Step]:
        """Return the steps of the layer with inputs of one layout, each with another thing that
        backward may be given beside dout.
        """
        made = self._list_made()

        def run(named: Namespace) -> Any:
            net = self._build(trier, named)
            return self._get(net, trier, self.forward)(**_leave_out(named, made))

        forward = self._get(self.instance and self.instance.kind, trier, self.forward)
        named = invent_arguments(forward, made, draw_inputs(layout), run, trier)
        if named is None:
            return []
        named |= self.option
        y = split_result(run(copy.deepcopy(named)))[0]
        if y.size > 1 and (not self.backward or layout == PROBABLE):
            return []
        goal = draw(y.shape, 9) if self.backward else None
        names = _leave_out(named, made) | {"layer": self._build(trier, named), GOAL: goal}
        names |= {GUESSED: 1.0} if self.is_guessed else {}
        return [self._capture(trier, names, fill) for fill in self._list_fills()]

    def _list_fills(self) -> Sequence[int]:
        return range(FILLS) if self.backward else (0,)

    def _capture(self, trier: Trier, names: Namespace, fill: int) -> Step:
        def run(layer: Any, goal: Any, **named: Any) -> str | None:
            return self._run(layer, trier, _leave_out(named, [GUESSED]), goal, fill)

        return capture_call(trier.tracer, trier.choices.module, self.name, run, names)

    def _list_made(self) -> list[str]:
        """Return the arguments that the constructor requires, where the file does not call it."""
        if self.instance is None or self.instance.expression is not None:
            return []
        arguments = list_arguments(self.instance.kind)
        return [p.name for p in arguments if p.default is p.empty]

    def _build(self, trier: Trier, named: Namespace) -> Any:
        if self.instance is None:
            return None
        if self.instance.expression is not None:
            return self.instance.build(trier.choices.module, {"named": {}})
        return self.instance.kind(**{name: named[name] for name in self._list_made()})

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
            others = (rest, [returned], list(named.values()))[fill]
            dout = np.ones(y.shape) if y.size == 1 else y - t
            rest = self._go_back(self._get(net, trier, self.backward), dout, named, others)
        _show(trier.tracer, float(y.sum() if y.size == 1 else 0.5 * ((y - t) ** 2).sum()))
        keys = self.returned if len(self.returned) == len(rest) else map(str, range(len(rest)))
        trains_itself = trains(net, before)
        subtract_from(named, net, dict(zip(keys, rest, strict=True)), is_named=not self.backward)
        if not trains_itself:
            subtract_gradients(net, None)
        return None if trains_itself else SUBTRACTED

    @staticmethod
    def _go_back(backward: Function, dout: Array, named: Namespace, others: list[Any]) -> list[Any]:
        """Return what backward returns, as a list."""
        grads = backward(**choose_back(backward, dout, named, others))
        return list(grads) if isinstance(grads, tuple) else [grads]


def _show(tracer: Tracer, loss: float) -> None:
    """Show the loss as if a line of the file computed it."""
    if all(site.text != LOSS for site in tracer.sites):
        tracer.sites.append(Site(Path(), 0, "", LOSS))
    if tracer.see:
        tracer.see([site.text for site in tracer.sites].index(LOSS), loss)


def _leave_out(named: Namespace, names: list[str]) -> Namespace:
    return {name: value for name, value in named.items() if name not in names}


def list_layers(module: Namespace, tree: ast.Module) -> list[Layer]:
    """Return the layers that a module defines: its classes with both methods, its functions."""
    plain = [*_list_classes(module, tree), *_list_functions(module, tree)]
    return [each for layer in plain for each in _list_options(layer, module, tree)][:MOST]


def _list_options(layer: Layer, module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    """Yield a layer with each word that an argument of its forward function may be."""
    kind = layer.instance.kind if layer.instance else None
    forward = getattr(kind, layer.forward) if kind else module[layer.forward]
    optional = [p for p in list_arguments(forward) if isinstance(p.default, str)]
    words = list_words(optional[0].name, tree, module) if len(optional) == 1 else []
    for word in words if len(words) > 1 else ():
        yield replace(layer, option={optional[0].name: word})
    if len(words) < 2:
        yield layer


def _list_classes(module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    for instance in list_instances(module, tree):
        kinds = [n for n in tree.body if isinstance(n, ast.ClassDef)]
        own = next((n for n in kinds if n.name == instance.kind.__name__), None)
        names = [n for n, _ in inspect.getmembers(instance.kind, inspect.isfunction)]
        forward, backward = (next((n for n in names if re.fullmatch(form, simplify_name(n))), "")
                             for form in (FORWARD, BACKWARD))  # fmt: skip
        is_named = forward and backward
        if not is_named:
            forward, backward = _guess_methods(own)
        if forward and not (
            _is_empty(own, forward) or _is_of_net(getattr(instance.kind, backward))
        ):
            returned = _name_returned(own, backward)
            yield Layer(forward, backward, instance, returned, is_guessed=not is_named)


def _is_empty(kind: ast.ClassDef | None, name: str) -> bool:
    """Return whether a method only says that other classes have it."""
    methods = (n for n in kind.body if isinstance(n, ast.FunctionDef)) if kind else ()
    bodies = [n.body for n in methods if n.name == name]
    return any(all(isinstance(each, ast.Raise | ast.Pass | ast.Expr) for each in b) for b in bodies)


def _guess_methods(kind: ast.ClassDef | None) -> tuple[str, str]:
    """Return the two methods of a class that has no others besides its constructor, "" for none."""
    methods = [n for n in kind.body if isinstance(n, ast.FunctionDef)] if kind else []
    given = [n.name for n in methods if n.name != "__init__" and len(n.args.args) > 1]
    return (given[0], given[1]) if len(given) == 2 else ("", "")


def _is_of_net(backward: Function) -> bool:
    """Return whether a backward function is given targets, and no gradient."""
    is_given = any(re.fullmatch(DOUT, p.name) for p in list_arguments(backward))
    return not is_given and "t" in find_call_roles(backward)


def _list_functions(module: Namespace, tree: ast.Module) -> Iterator[Layer]:
    own = {k: v for k, v in module.items()
           if isinstance(v, FunctionType) and v.__module__ == module.get("__name__")}  # fmt: skip
    plain = {re.sub(FORWARD, "", simplify_name(name)): name for name in reversed(own)}
    for name in own:
        names = _name_returned(tree, name)
        if len(names) > 1 and any(re.fullmatch(DOUT, each) for each in names[1:]):
            yield Layer(name, "", None, names[1:])
        base, number = re.subn(BACKWARD, "", simplify_name(name))
        if number and base in plain and base and plain[base] != name:
            yield Layer(plain[base], name, None, _name_returned(tree, name))


def _name_returned(tree: ast.AST | None, name: str) -> tuple[str, ...]:
    """Return the names of what a function returns, () where it returns something else."""
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)) if tree else ()
    for function in (n for n in nodes if n.name == name):
        for node in ast.walk(function):
            match node:
                case ast.Return(value=ast.Tuple(elts=parts)):
                    return tuple(ast.unparse(part) for part in parts)
                case ast.Return(value=ast.Name(id=only)):
                    return (only,)
    return ()
