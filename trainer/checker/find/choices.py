"""Lists values that an argument of somebody's function may have, the likeliest first."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import chain, product
from types import SimpleNamespace
from typing import Any

import numpy as np

from trainer.checker.adapt.names import (
    FLAG,
    INPUTS,
    OPTIONS,
    SIZES,
    TARGETS,
    find_role,
    list_arguments,
    simplify_name,
)
from trainer.checker.find.assembling import Assembler
from trainer.checker.find.guessing import (
    DIMS,
    choose_usual,
    list_attributes,
    list_dims,
    list_keys,
    list_nodes,
    list_switches,
    list_words,
    shrink,
)
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.using import list_beside
from trainer.checker.load.standins import StandIn

WEIGHT = r"(w|b)[a-z]*?(\d)"  # of names, without underscores
MOST_WORDS = 4  # that are put into lists with each other
SIMPLE = (1, 2, 3, True, None, 0.1, "")


class Choices(Assembler):
    """Values for arguments of what a module defines."""

    def choose_usual(self, name: str) -> Any:
        """Return what the file has under the name of an argument, or what such a name means."""
        return next(self._list_own(name), choose_usual(name, self.sizes))

    def list_fewer(self, names: list[str]) -> Namespace:
        """Return the sizes of a net with one hidden layer for the arguments that may be such."""
        usual = {name: choose_usual(name, self.sizes) for name in names}
        return {n: [*self.sizes] for n, value in usual.items() if value == list_dims(self.sizes)}

    def list_values(self, name: str, data: Mapping[str, Any], error: str) -> Iterator[Any]:
        """Yield values that an argument may have: those that the file's own code gives it first.

        error is what another value raised, which shows what may help.
        """
        if re.fullmatch(FLAG, simplify_name(name)):
            yield True
            return
        yield from self._list_tables(name, data)
        if attributes := list_attributes(self.tree, name):
            switches = list_switches(self.tree)
            usual = {each: each not in switches and self.sizes[1] for each in attributes}
            known = {each: next(self._list_options(each), usual[each]) for each in attributes}
            yield SimpleNamespace(**known)
        yield from self._list_samples(data, error)
        words = list_words(name, self.tree, self.module)
        yield from words
        yield from ([*each] for each in product(words[:MOST_WORDS], repeat=2))
        yield from ([word] * 3 for word in words)
        found = (v for v in self._list_values(name, data) if may_help(v, error))
        is_hidden = find_role(name, SIZES) == "H"  # one neuron hides shapes that do not fit
        yield from (v for v in found if not (is_hidden and type(v) is int and v == 1))

    def _list_tables(self, name: str, data: Mapping[str, Any]) -> Iterator[Namespace]:
        """Yield tables for an argument that code reads by keys: those of the module, or some of
        which all keys are known, with one hidden layer or several.
        """
        keys = list_keys(self.tree, name)
        tables = (value for value in self.module.values() if isinstance(value, dict))
        yield from (table for table in tables if keys and table.keys() >= set(keys))
        found = {key: list(self._list_read(key, data)) for key in keys}
        weights = [key for key, values in found.items() if not values]
        known = {key: values[0] for key, values in found.items() if values}
        for drawn in self.list_weights(weights) if weights else [{}] if keys else []:
            if drawn.keys() | known.keys() == found.keys():
                yield known | drawn
                hidden = [key for key in known if find_role(key, SIZES) == "H"]
                yield known | drawn | dict.fromkeys(hidden, list_dims(self.sizes)[1:-1])

    def _list_samples(self, data: Mapping[str, Any], error: str) -> Iterator[list[Any]]:
        """Yield samples as objects, where what code goes through lacks an attribute that it reads,
        and that and another one are inputs and targets by their names.
        """
        lacking = re.search(r"'(?:numpy\.\w+|int)' object has no attribute '(\w+)'", error)
        names = sorted(list_beside(self.tree, lacking[1])) if lacking else []
        targets = [n for n in names if re.fullmatch(f"{TARGETS}|y", simplify_name(n))]
        inputs = [n for n in names if n not in targets]
        x, t = data["x"], data["t"]
        if len(targets) == len(inputs) == 1 and np.ndim(t) and len(x) == len(t):
            rows = ({inputs[0]: a, targets[0]: b} for a, b in zip(x, t, strict=True))
            yield [SimpleNamespace(**row) for row in rows]

    def _list_read(self, key: str, data: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what a key of a table may give: samples, targets, words, sizes, or options."""
        simple = simplify_name(key)
        roles = {"x": INPUTS, "t": f"{TARGETS}|y"}
        yield from (data[role] for role, form in roles.items() if re.fullmatch(form, simple))
        yield from self._list_options(key)

    def _list_options(self, name: str) -> Iterator[Any]:
        """Yield what a name among options may mean: words, sizes, a rate and so on."""
        yield from list_words(name, self.tree, self.module)
        is_size = re.fullmatch(DIMS, simplify_name(name)) or find_role(name, SIZES)
        if is_size or find_role(name, OPTIONS):
            yield self.choose_usual(name)

    def list_weights(self, names: list[str]) -> Iterator[Namespace]:
        """Yield weights for arguments that are named so, W1 and b1 and so on, for samples as rows
        and as columns; nothing where fewer than two are. Without biases among them, these may be in
        the weights, for a column of ones that the net adds to its hidden layers, or to all.
        """
        found = {name: re.fullmatch(WEIGHT, simplify_name(name)) for name in names}
        places = {name: (each[1], int(each[2])) for name, each in found.items() if each}
        numbers = sorted({number for _, number in places.values()})
        D, H, C = self.sizes
        sizes = [D, *[H] * (len(numbers) - 1), C]
        around = {n: (sizes[i], sizes[i + 1]) for i, n in enumerate(numbers)}
        has_biases = any(kind == "b" for kind, _ in places.values())
        ones = [(0, 0)] if has_biases else [(0, 0), (0, 1), (1, 1)]
        for (first, later), columns in product(ones, (False, True)) if len(places) > 1 else ():
            rng = np.random.default_rng(0)
            yield {
                name: rng.standard_normal(_choose_shape(
                    around[number][0] + (later if number > numbers[0] else first),
                    around[number][1], kind, columns,
                ))
                for name, (kind, number) in places.items()
            }  # fmt: skip

    def _list_values(self, name: str, data: Mapping[str, Any]) -> Iterator[Any]:
        """Yield what the file gives an argument, then sizes, data, objects, layers, and simple
        values.
        """
        yield from self._list_own(name)
        D, H, C = self.sizes
        yield from (list_dims(self.sizes), [D, H, C], [H], H, D, C)
        x, t = data["x"], data["t"]
        yield from (x, t, (x, t))
        with suppress(TypeError):  # one sample alone
            yield list(zip(x, t, strict=False))
        yield from self.list_made()
        yield from self.list_activations()
        yield from chain.from_iterable(self._list_stacks())
        yield from self.list_layers(name)
        yield from self.list_objects(name)
        yield from SIMPLE

    def list_pairs(self, names: list[str]) -> Iterator[Namespace]:
        """Yield the matrices of two layers for one of two arguments, and their biases for the
        other; or layers for arguments of the same name with other numbers, one after the other.
        """
        for stacks in self._list_stacks() if len(names) == 2 else ():
            yield dict(zip(names, stacks, strict=True))
        stems = [re.fullmatch(r"(.*?)_?\d", name) for name in names]
        numbered = [stem[0] for stem in stems if stem and stem[1] == (stems[0] or [""])[1]]
        for layers in self.list_chains(numbered[0], len(numbered)) if len(numbered) > 1 else ():
            yield dict(zip(numbered, layers, strict=True))

    def _list_stacks(self) -> Iterator[tuple[list[Any], list[Any]]]:
        """Yield the matrices of two layers in a list, and their biases, for samples as rows and as
        columns.
        """
        for drawn in self.list_weights(["W1", "b1", "W2", "b2"]):
            yield [drawn["W1"], drawn["W2"]], [drawn["b1"], drawn["b2"]]

    def _list_own(self, name: str) -> Iterator[Any]:
        """Yield what the file has under the name of an argument, or gives it, in small sizes."""
        yield from self._list_set(name)
        for given in self._given.get(name, ()):
            if isinstance(given, ast.Name):
                yield from self._list_set(given.id)
            else:
                yield from self._evaluate(given)

    @cached_property
    def _given(self) -> dict[str, list[ast.expr]]:
        """What the calls in the code give for each argument."""
        found: dict[str, list[ast.expr]] = {}
        for call in list_nodes(self.tree, ast.Call):
            for name, given in zip(self._list_names(call), call.args, strict=False):
                found.setdefault(name, []).append(given)
        return found

    def _list_set(self, name: str) -> Iterator[Any]:
        """Yield what the module has under a name, and what the file sets it or a keyword to."""
        value = self.module.get(name)
        if value is not None and not isinstance(value, StandIn):
            yield value
        for node in list_nodes(self.tree, ast.keyword, ast.Assign):
            match node:
                case ast.keyword(arg=arg, value=given) if arg == name:
                    yield from self._evaluate(given)
                case ast.Assign(targets=[ast.Name(id=target)], value=given) if target == name:
                    yield from self._evaluate(given)

    def _list_names(self, call: ast.Call) -> list[str]:
        """Return the arguments of the class, function or method of the module that is called."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        methods = (vars(kind).get(name) for kind in self.kinds)
        found = [self.module.get(name), *methods]  # a stand-in can be called too
        called = next((f for f in found if inspect.isfunction(f) or inspect.isclass(f)), None)
        names = [p.name for p in list_arguments(called)] if called is not None else []
        return names[1:] if names[:1] == ["self"] else names

    def _evaluate(self, node: ast.expr) -> Iterator[Any]:
        expression = ast.fix_missing_locations(ast.Expression(shrink(node)))
        with suppress(Exception):
            yield eval(compile(expression, "<value>", "eval"), self.module)


def _choose_shape(before: int, after: int, kind: str, columns: bool) -> tuple[int, ...]:
    """Return the shape of a weight matrix or a bias between two layers of these sizes."""
    if kind == "b":
        return (after, 1) if columns else (after,)
    return (after, before) if columns else (before, after)


def may_help(value: object, error: str) -> bool:
    """Return whether a value is of the kind that Python says is lacking."""
    if lacking := re.search(r"has no attribute '(\w+)'", error):
        parts = value if isinstance(value, list | tuple) else [value]
        return any(hasattr(part, lacking[1]) for part in parts)
    if asked := re.search(r"to unpack \(expected (\d+)", error):
        return hasattr(value, "__len__") and len(value) == int(asked[1])
    if re.search(r"not (iterable|subscriptable)|has no len", error):
        return hasattr(value, "__getitem__")
    if "interpreted as an integer" in error:
        return type(value) is int
    return "not callable" not in error or callable(value)
