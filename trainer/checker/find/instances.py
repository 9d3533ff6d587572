"""Builds instances of a file's classes in small sizes: as the file does it, or by arguments."""

import ast
import copy
import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from trainer.checker.adapt.building import build_instance
from trainer.checker.adapt.names import SIZES as ROLES
from trainer.checker.adapt.names import (
    call_by_role,
    find_call_roles,
    find_role,
    list_arguments,
    list_required,
)
from trainer.checker.find.guessing import choose_usual, is_own, list_dims, shrink
from trainer.checker.find.leaves import Namespace, list_leaves
from trainer.checker.find.tensors import GRAD, is_module

REG = 0.1  # so that a penalty shows
SIZES = (5, 4, 3)  # inputs, hidden neurons and outputs of what is built by its arguments
LARGER = 4  # times as large, where a share of these is none: int(0.1 * inputs) is 0
Added = tuple[str, Namespace]  # a method that adds a layer, and its arguments


@dataclass
class Instance:
    """A way to make a net: its class, and an expression of the file, None for its arguments.

    tree is that of the file. sizes are the numbers of inputs, hidden neurons and outputs.
    """

    kind: type
    tree: ast.Module
    expression: ast.expr | None = None
    sizes: tuple[int, int, int] = SIZES
    named: Namespace = field(default_factory=dict)  # values of arguments that were found by trying
    setups: list[str] = field(default_factory=list)  # methods that are called on a new net
    added: list[Added] | None = None  # the calls that add its layers, None until they are sought

    def build(self, module: Namespace, values: dict[str, Any]) -> Any:
        """Return a new net, with the samples and targets of values if its constructor takes them,
        and ready to train where values has these; raise what its code raises.

        values["named"] are values of arguments by name.
        """
        self._renew()
        net = self._make(module, values)
        for name, given in copy.deepcopy(self.added or []):
            getattr(net, name)(**given)
        for name in self.setups if "x" in values else ():
            required = list_required(getattr(net, name))
            values.setdefault("asked", []).extend(required)
            usual = self._choose_setup(required, values["batch"])
            getattr(net, name)(**usual | {k: v for k, v in values["named"].items() if k in usual})
        return net

    def _renew(self) -> None:
        """Give the class the lists and tables of its body again, as new: all nets share these."""
        for node in self.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.List() | ast.Dict()):
                    with suppress(ValueError):
                        setattr(self.kind, name, ast.literal_eval(node.value))

    def _make(self, module: Namespace, values: dict[str, Any]) -> Any:
        """Return a net: as the file's own code makes it, else with the values chosen by name, else
        with data where it takes these, else with sizes.
        """
        chosen = values.get("option", {}).items()
        option = {k: v for k, v in chosen if k in inspect.signature(self.kind).parameters}
        if self.expression is not None:
            made = ast.fix_missing_locations(ast.Expression(self.expression))
            names = {**module, self.kind.__name__: partial(self._make_with, option)}
            return eval(compile(made, "<net>", "eval"), names if option else module)
        required = list_required(self.kind)
        values.setdefault("asked", []).extend(required)
        named = {name: values["named"][name] for name in required if name in values["named"]}
        if self.takes_data and "x" in values:
            roles = {name: find_role(name, ROLES) for name in required}
            hidden = {
                name: list_dims(self.sizes)[1:-1] for name, role in roles.items() if role == "H"
            }
            return call_by_role(partial(self.kind, **hidden | named | option), values)
        dims = {name: list_dims(self.sizes) for name in self._list_sized()}
        if named or dims:
            usual = {name: choose_usual(name, self.sizes) for name in required}
            return self.kind(**usual | dims | named | option)
        try:
            return self._build_sized(option, 1)
        except ArithmeticError:
            return self._build_sized(option, LARGER)

    def _build_sized(self, option: Namespace, times: int) -> Any:
        """Return a net of so many times the sizes."""
        inputs, hidden, outputs = (times * size for size in self.sizes)
        more = list_dims((inputs, hidden, outputs))[2:-1]
        kind = partial(self.kind, **option)
        return build_instance(kind, inputs, hidden, outputs, reg=REG, more=more)

    def _list_sized(self) -> list[str]:
        """Return the arguments whose default is the sizes of several layers."""
        defaults = {p.name: p.default for p in list_arguments(self.kind)}
        lists = {name: d for name, d in defaults.items() if isinstance(d, list | tuple)}
        return [n for n, d in lists.items() if len(d) > 1 and all(type(size) is int for size in d)]

    def _choose_setup(self, names: list[str], samples: int) -> Namespace:
        """Return the arguments of a method that prepares a net, such as build(n_in, n_out): sizes
        by their names where all names are known, else in the usual order: D, H, C, samples.
        """
        found = {name: choose_usual(name, self.sizes) for name in names}
        if all(isinstance(value, int | list) for value in found.values()):
            return found
        return found | dict(zip(names, (*self.sizes, samples), strict=False))

    def _make_with(self, option: Namespace, *args: Any, **named: Any) -> Any:
        """Return a net made with these arguments but for those of an option."""
        given = inspect.signature(self.kind).bind(*args, **named).arguments
        return self.kind(**{**given, **option})

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of the class in the file."""
        kinds = (n for n in self.tree.body if isinstance(n, ast.ClassDef))
        return [n for kind in kinds if kind.name == self.kind.__name__ for n in kind.body]

    @cached_property
    def returned(self) -> dict[str, tuple[str, int | None]]:
        """The names that methods of the class return: the method, and the place in a tuple."""
        found: dict[str, tuple[str, int | None]] = {}
        for method in (n for n in self.body if isinstance(n, ast.FunctionDef)):
            for node in ast.walk(method):
                match node:
                    case ast.Return(value=ast.Name(id=name)):
                        found.setdefault(name, (method.name, None))
                    case ast.Return(value=ast.Tuple(elts=parts)):
                        for i, part in enumerate(parts):
                            found.setdefault(ast.unparse(part), (method.name, i))
        return found

    @property
    def takes_data(self) -> bool:
        """Whether the constructor takes samples and targets, and not only sizes."""
        has_others = not all(find_role(name, ROLES) for name in list_required(self.kind))
        return has_others and {"x", "t"} <= find_call_roles(self.kind)


def list_instances(
    module: Namespace, tree: ast.Module, sizes: tuple[int, int, int] = SIZES
) -> Iterator[Instance]:
    """Yield the ways to make each class that the file defines: its own calls come first."""
    own = {k: v for k, v in module.items() if isinstance(v, type) and is_own(v, module)}
    for name, kind in own.items():
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id == name
        ]  # fmt: skip
        for call in calls[:2]:
            yield Instance(kind, tree, shrink(call), sizes)
        yield Instance(kind, tree, sizes=sizes)


def list_shapes(net: object) -> list[tuple[int, int]]:
    """Return the shapes of the matrices that a net has."""
    leaves = [leaf.as_array() for leaf in list_leaves({"net": net}).values()
              if not isinstance(leaf.value, list) and leaf.key != GRAD]  # fmt: skip
    return [v.shape for v in leaves if v.ndim == 2 and v.size > 1]


def guess_sizes(net: object) -> list[tuple[int, int]]:
    """Return the numbers of inputs and outputs that a net may have, by its matrices."""
    shapes = list_shapes(net)
    if not shapes:
        return []
    if is_module(net):  # whose matrices have a row for each output
        return [(shapes[0][1], shapes[-1][0])]
    (a, b), (c, d) = shapes[0], shapes[-1]
    if len(shapes) == 1:
        return [(a, b), (b, a)]
    rows = [(a, d)] if b == shapes[1][0] or shapes[-2][1] == c else []
    columns = [(b, c)] if a == shapes[1][1] or shapes[-2][0] == d else []
    return rows + columns or [(a, d), (b, c)]


def find_output(instance: Instance, module: Namespace) -> Namespace:
    """Return the argument that is the number of outputs, as 1, of a net that has more: the one with
    which as 1 the net has one output and as many inputs; {} for none.
    """
    asked: list[str] = []
    net = instance.build(module, {"named": copy.deepcopy(instance.named), "asked": asked})
    inputs = {D for D, C in guess_sizes(net) if C > 1}
    for name in dict.fromkeys(asked) if inputs else ():
        named = copy.deepcopy(instance.named) | {name: 1}
        with suppress(Exception):
            found = guess_sizes(instance.build(module, {"named": named}))
            if any(C == 1 and D in inputs for D, C in found):
                return {name: 1}
    return {}
