"""Lists the functions and methods that may train somebody's net, and runs them with small data."""

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from trainer.checker.adapt.names import (
    INPUTS,
    METHODS,
    TARGETS,
    find_call_roles,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.adding import add_layers
from trainer.checker.find.composing import (
    BACK,
    call_alone,
    call_method,
    call_with_net,
    compose,
    move_by_loss,
)
from trainer.checker.find.datasets import draw_samples
from trainer.checker.find.discovering import Discovery
from trainer.checker.find.flowing import Start, list_flows
from trainer.checker.find.guessing import is_own, list_dims, list_keys
from trainer.checker.find.instances import (
    REG,
    SIZES,
    Instance,
    find_output,
    guess_sizes,
    list_instances,
    list_shapes,
)
from trainer.checker.find.inventing import DOUT
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.modules import takes_loader, train_module
from trainer.checker.find.options import list_options, show_option
from trainer.checker.find.preparing import prepare
from trainer.checker.find.self_changing import list_changing, moves_in_loop
from trainer.checker.find.shortening import shorten
from trainer.checker.find.steps import Step, capture_call
from trainer.checker.find.trying import Outcome, Trier
from trainer.checker.find.using import find_use

N = 7  # samples: no usual size, and not as many of each class
LAYOUTS = 17
OF_ONE = 15  # the first layout for nets that are built with one output
NET = r".*net(work)?|model|nn|mlp|classifier|clf"
Function = Callable[..., Any]


def _flatten(value: Any) -> Iterator[Any]:
    """Yield the values in tables, lists and tuples."""
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list | tuple):
        for part in parts:
            yield from _flatten(part)
    else:
        yield value


def list_data(D: int, C: int) -> list[tuple[Any, Any, int]]:
    """Return inputs, targets and the number of outputs in each layout."""
    return list(_make_data(D, C))


def _make_data(D: int, C: int) -> Iterator[tuple[Any, Any, int]]:
    """Yield the same samples as rows, columns, one by one and in pairs, with one-hot targets,
    labels, and two classes in one column.
    """
    labels = np.arange(N) % max(C, 2)
    x, hot = draw_samples(labels, D, C)
    yield x, hot, C
    yield x.T, hot.T, C
    yield x[0], hot[1], C
    yield x, labels, C
    column = labels.reshape(-1, 1) % 2.0
    yield x, column, 1
    yield x.T, column.T, 1
    pairs = zip(x, hot, strict=True)
    yield [(row.reshape(-1, 1), each.reshape(-1, 1)) for row, each in pairs], None, C
    yield x[:1].T, hot[1:2].T, C
    yield x[:1], hot[1:2], C
    yield x[0], int(labels[1]), C
    yield x, column[:, 0], 1
    yield x.T, labels, C
    yield x[:, np.newaxis], hot[:, np.newaxis], C  # rows and columns, one for each sample
    yield x[:, :, np.newaxis], hot[:, :, np.newaxis], C
    yield list(zip(x.tolist(), hot.tolist(), strict=True)), None, C
    yield x, column, 1
    yield x.T, column.T, 1


@dataclass
class Call:
    """A way to train: a function of a net and of values by their roles, and how the net is made.

    instance is None for a function of the file that makes its weights itself. required are the
    arguments of one that makes its data too.
    """

    function: Function
    name: str
    instance: Instance | Start | None = None
    required: list[str] | None = None
    trained: tuple[Function, ...] = ()  # the function of the file that trains, where it is known
    outcome: Outcome | None = None  # how far it came

    @property
    def kind(self) -> type | None:
        """The class of the net, None for a function."""
        return self.instance.kind if self.instance else None

    @property
    def title(self) -> str:
        """The name of what is called, with its class."""
        is_method = self.kind and hasattr(self.kind, self.name)
        return f"{self.kind.__name__}.{self.name}" if self.kind and is_method else self.name

    def find_error(self) -> str:
        """Return the error at which the call ended, "" for none."""
        error = self.outcome.error if self.outcome else None
        return str(error) if isinstance(error, ValueError | IndexError) else ""

    def list_kinds(self) -> list[Any]:
        """Return the classes of the objects, and the functions, that the call and its net are given
        as arguments.
        """
        named = self.outcome.named if self.outcome else {}
        if isinstance(self.instance, Instance):
            added = [given for _, given in self.instance.added or []]
            named = {**named, **self.instance.named, **{str(i): g for i, g in enumerate(added)}}
        return [part if hasattr(part, "__name__") else type(part) for part in _flatten(named)]

    def renew(self, sizes: tuple[int, int, int]) -> "Call | None":
        """Return the same call with a net of other sizes, None where the file chooses these."""
        if not isinstance(self.instance, Instance) or self.instance.expression is not None:
            return None
        instance = Instance(self.instance.kind, self.instance.tree, sizes=sizes)
        return replace(self, instance=instance, outcome=None)

    def prepare(self, trier: Trier) -> list[tuple[int, int]]:
        """Return the numbers of inputs and outputs that the net may have, which is built for that
        with the arguments with which it comes farthest.
        """
        D, _, C = trier.choices.sizes
        usual = [(D, C)]
        instance, module = self.instance, trier.choices.module
        if instance is None:
            return usual
        if instance.takes_data and not instance.expression:
            return [*usual, (D, 1)]
        if isinstance(instance, Instance) and instance.added is None:
            add_layers(trier.choices, instance)
        if not instance.expression and not instance.named:
            instance.named = trier.settle(
                lambda named, asked: instance.build(module, {"named": named, "asked": asked}),
                {}, dict(zip("xt", list_data(*usual[0])[0], strict=False)),
            )  # fmt: skip
        if isinstance(instance, Instance) and C == 1 and instance.expression is None:
            instance.named |= find_output(instance, module)
        net = instance.build(module, {"named": copy.deepcopy(instance.named)})
        found = guess_sizes(net)
        is_of_more = C == 1 and not any(shape[0] > shape[1] == 1 for shape in list_shapes(net))
        has_own = found and (instance.expression is not None or is_of_more)
        usual += [] if found else [(D, 1)]  # its weights may fit any targets
        return found if has_own else list(dict.fromkeys([*usual, *found]))

    def follow(self, trier: Trier, x: Any, t: Any, C: int, option: int = 0) -> list[Step]:
        """Return the steps of the loops in it, and the call itself as one.

        option is the number of another activation than the usual one, from 1.
        """
        tracer, module = trier.tracer, trier.choices.module
        values: dict[str, Any] = _make_values(x, t, C)

        def run(named: Namespace, asked: list[str]) -> object:
            given = values | {"named": named, "asked": asked, "tracer": tracer}
            return self.function(self._build(module, given), given)

        first = self.instance.named if self.instance else {}
        usual = {name: trier.choices.choose_usual(name) for name in self.required or []}

        def get_ready(best: Outcome) -> Outcome:
            if not isinstance(self.instance, Instance):
                return best
            return prepare(trier, self.instance, run, best, values)

        best = get_ready(trier.find_best(run, first | usual, values, get_ready))
        self.outcome, named = best, best.named
        options = self._list_options(trier, named)
        if option > len(options):
            return []
        values["option"] = options[option - 1] if option else {}
        steps = Discovery(tracer).follow(lambda: run(copy.deepcopy(named), []))
        runs = lambda net, x, t, **named: self.function(  # noqa: E731
            net, values | {"x": x, "t": t, "named": named, "tracer": tracer}
        )
        net = self._build(module, values | {"named": named})
        names = named | {"net": net, "x": x, "t": t}
        whole = capture_call(tracer, module, self.name, runs, names)
        shorten(whole)
        for step in (*steps, whole):
            step.option = show_option(values["option"])
        return [*steps, whole]

    def _list_options(self, trier: Trier, named: Namespace) -> list[Namespace]:
        """Return other activations, for arguments of the net's class and of what trains it."""
        functions: list[Function] = [*([self.kind] if self.kind else []), *self.trained]
        return list_options(functions, named, trier.choices.module, trier.choices.tree)

    def _build(self, module: Namespace, values: dict[str, Any]) -> Any:
        return self.instance.build(module, values) if self.instance else None


def _make_values(x: Any, t: Any, C: int) -> dict[str, Any]:
    D, H, _ = SIZES
    return {"x": x, "t": t, "x val": x, "t val": t, "lr": 0.1, "reg": REG, "batch": N, "epochs": 2,
            "D": D, "H": H, "C": C, "dims": list_dims((D, H, C)), "named": {}}  # fmt: skip


def list_calls(module: Namespace, tree: ast.Module, sizes: tuple[int, int, int]) -> list[Call]:
    """Return the ways to train what a module defines: its nets by their methods, its functions.

    Classes whose instances other classes make come last: they are layers.
    """
    parts = _list_parts(module)
    nets = sorted(_list_nets(module, tree, sizes), key=lambda call: call.kind in parts)
    flows = (Call(run, name, start) for start, run, name in list_flows(module, tree, sizes))
    named, entries = _list_functions(module), _list_entries(module, tree)
    return [*nets, *named, *entries, *flows, *_list_moving(module, tree)]


def _list_parts(module: Namespace) -> set[type | None]:
    """Return the classes of a module that the methods of others name."""
    kinds = [value for value in list(module.values()) if isinstance(value, type)]
    methods = [(kind, m) for kind in kinds for _, m in inspect.getmembers(kind, inspect.isfunction)]
    return {each for each in kinds for kind, method in methods
            if kind is not each and each.__name__ in method.__code__.co_names}  # fmt: skip


def _list_nets(module: Namespace, tree: ast.Module, sizes: tuple[int, int, int]) -> Iterator[Call]:
    """Yield the calls of each net: a torch module, methods that may train by name, arguments or
    what they change, and else forward and backward one after the other, or the loss alone.
    """
    for instance in list_instances(module, tree, sizes):
        if any(each.__module__.startswith("torch.nn") for each in instance.kind.__mro__):
            step = partial(train_module, text=ast.unparse(tree))
            yield Call(step, instance.kind.__name__, instance)
            continue
        members = inspect.getmembers(instance.kind, inspect.isfunction)
        methods = {name: m for name, m in members if not _needs_gradient(m, instance)}
        changing = list_changing(instance.body)
        for name, method in methods.items():
            is_called = name == "__call__" or not name.startswith("__")
            may_train = (
                _may_train(name, method, instance.takes_data)
                or _reads_data(tree, method)
                or (name in changing and len(list_required(method)) > 1)
            )
            if is_called and may_train:
                runs = partial(call_method, name=name, returned=instance.returned)
                yield Call(runs, name, instance)
        if any(re.fullmatch(BACK, simplify_name(name)) for name in methods):
            composed = partial(compose, returned=instance.returned)
            yield Call(composed, instance.kind.__name__, instance)
        elif any(_gives_loss(name, method) for name, method in methods.items()):
            yield Call(move_by_loss, f"{instance.kind.__name__}.loss", instance)


def _gives_loss(name: str, method: Function) -> bool:
    """Return whether a method computes a loss of samples and targets."""
    is_named = re.fullmatch(METHODS["loss"], simplify_name(name)) is not None
    return is_named and {"x", "t"} <= find_call_roles(method)


def _needs_gradient(method: Function, instance: Instance) -> bool:
    """Return whether a method requires a gradient that no other method returns: of a layer, which
    is not given samples and targets. An only argument d is one, and no desired output.
    """
    if {"x", "t"} <= find_call_roles(method):
        return False
    given = [name for name in list_required(method)[1:] if name not in instance.returned]
    may_be_targets = [name for name in given if re.fullmatch(TARGETS, name) and given != ["d"]]
    return any(re.fullmatch(DOUT, name) and name not in may_be_targets for name in given)


def list_users(module: Namespace, tree: ast.Module) -> list[Call]:
    """Return the functions that take a net, samples and targets, each with every class of nets
    that we can build: the classes first that have most of what the function reads of its net.
    """
    instances = [each for each in list_instances(module, tree) if not each.expression]
    return list(_list_users(module, tree, instances))


def _list_users(module: Namespace, tree: ast.Module, instances: list[Instance]) -> Iterator[Call]:
    text = ast.unparse(tree)
    for function in list(module.values()):
        if not _is_own_function(function, module):
            continue
        if not ({"x", "t"} <= find_call_roles(function) or takes_loader(function)):
            continue
        nets = [p.name for p in list_arguments(function) if re.fullmatch(NET, p.name.lower())]
        for instance in _sort_by_use(tree, nets[0], instances) if len(nets) == 1 else ():
            runs = partial(call_with_net, function=function, argument=nets[0], text=text)
            yield Call(runs, function.__name__, instance)


def _sort_by_use(tree: ast.Module, name: str, instances: list[Instance]) -> list[Instance]:
    """Return the nets, those first that lack least of what code reads of an argument."""
    read = find_use(tree, name).own
    return sorted(instances, key=lambda each: len(read - {*dir(each.kind)}))


def _is_own_function(value: Any, module: Namespace) -> bool:
    return isinstance(value, FunctionType) and is_own(value, module)


def _may_train(name: str, method: Function, has_data: bool) -> bool:
    """Return whether a method may train a net, which may have its data from its constructor."""
    roles = find_call_roles(method)
    required = [p for p in list_arguments(method) if p.default is p.empty and p.name != "self"]
    if re.fullmatch(METHODS["numerical"], simplify_name(name)):
        return False
    is_named = re.fullmatch(METHODS["train"], simplify_name(name)) is not None
    return {"x", "t"} <= roles or (is_named and (has_data or bool(required)))


def _reads_data(tree: ast.Module, function: Function) -> bool:
    """Return whether a function reads samples and targets from one argument, by keys."""
    tables = (list_keys(tree, p.name, function.__name__) for p in list_arguments(function))
    forms = INPUTS, f"{TARGETS}|y"
    return any(
        all(any(re.fullmatch(form, simplify_name(key)) for key in keys) for form in forms)
        for keys in tables
    )


def _list_functions(module: Namespace) -> Iterator[Call]:
    for function in list(module.values()):
        if _is_own_function(function, module) and _may_train(function.__name__, function, False):
            runs = partial(call_alone, function=function)
            yield Call(runs, function.__name__, trained=(function,))


def _list_entries(module: Namespace, tree: ast.Module) -> Iterator[Call]:
    """Yield functions and classes with a loop that nothing in the file names: they may have their
    own data, and a class may train in its constructor.
    """
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    own = (n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef))
    for node in (n for n in own if n.name not in names):
        function: Any = module.get(node.name)
        has_loop = any(isinstance(each, ast.For | ast.While) for each in ast.walk(node))
        is_class = isinstance(function, type) and not list_required(function)
        is_entry = is_class or (_is_own_function(function, module) and not _takes_data(function))
        if has_loop and is_entry:
            runs = partial(call_alone, function=function)
            yield Call(runs, node.name, required=list_required(function))


def _list_moving(module: Namespace, tree: ast.Module) -> Iterator[Call]:
    """Yield functions of another name that move something in a loop, and are given something."""
    for node in (n for n in tree.body if isinstance(n, ast.FunctionDef)):
        function: Any = module.get(node.name)
        if not (_is_own_function(function, module) and list_required(function)):
            continue
        if moves_in_loop(node) and not _may_train(node.name, function, False):
            yield Call(partial(call_alone, function=function), node.name, trained=(function,))


def _takes_data(function: Function) -> bool:
    return bool({"x", "t"} & find_call_roles(function))
