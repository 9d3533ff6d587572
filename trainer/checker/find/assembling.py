"""Builds what code asks for besides numbers and arrays: objects and layers of the file's classes.

Which class is meant shows in what code reads of an argument: of a layer it calls forward.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, pairwise, product
from typing import Any

import numpy as np

from trainer.checker.adapt.building import get_usual
from trainer.checker.adapt.names import (
    OPTIONS,
    SIZES,
    find_role,
    list_arguments,
    list_required,
    simplify_name,
)
from trainer.checker.find.guessing import (
    choose_usual,
    is_own,
    list_dims,
    list_kept,
    list_words,
)
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.options import ARGUMENT
from trainer.checker.find.using import CALL, Use, count_given, find_use, is_iterated

DEPTH = 2  # objects in objects
LAST = "softmax"  # in the names of what is no hidden layer
SLOPE = "deriv|prime|grad|slope|d_|_d"  # in the names of derivatives


@dataclass
class Assembler:
    """Builds objects of the classes that a module defines.

    tree has the code of all local modules, and others are those besides the first. sizes are the
    numbers of inputs, hidden neurons and outputs.
    """

    module: Namespace
    tree: ast.Module
    sizes: tuple[int, int, int]
    others: Sequence[Namespace] = ()

    def list_objects(self, name: str, depth: int = DEPTH) -> Iterator[Any]:
        """Yield what an argument may be of which code reads attributes, or that it calls."""
        own = self._find_use(name).own
        if self.is_called(name):
            yield from self.list_functions(name)
        for kind in self._list_kinds(own) if own and depth else ():
            with suppress(Exception, SystemExit):
                yield self._make(kind, (), depth)

    def list_layers(self, name: str, is_one: bool = False) -> Iterator[list[Any]]:
        """Yield lists of layers from the inputs to the outputs, for an argument that is a list of
        such, or one of them.
        """
        use = self._find_use(name)
        kinds = self._list_kinds(use.own if is_one else use.parts)
        slots = {kind: self.list_slots(kind) for kind in kinds}
        sized = [kind for kind in kinds if 0 < len(slots[kind]) <= 2]
        for kind in sized[:2]:
            between = [each for each in kinds if not slots[each] and _is_alike(each, kind)]
            inside = [each for each in between if LAST not in each.__name__.lower()][:2]
            hidden: list[type | None] = [*inside, None]
            last: list[type | None] = [None, *hidden, *(k for k in between if k not in hidden)]
            for inner, outer, sizes in product(hidden, last, self._list_sizes(slots[kind])):
                with suppress(Exception, SystemExit):
                    yield self._chain(kind, inner, outer, sizes)

    def list_chains(self, name: str, count: int) -> Iterator[list[Any]]:
        """Yield as many layers from the inputs to the outputs, of which an argument is the first:
        the numbers of inputs and neurons come in the one order or the other.
        """
        D, H, C = self.sizes
        pairs = [*pairwise([D, *[H] * (count - 1), C])]
        for kind in self._list_kinds(self._find_use(name).own):
            for sizes in (pairs, [pair[::-1] for pair in pairs]):
                with suppress(Exception, SystemExit):
                    yield [self._make(kind, each) for each in sizes]

    def list_made(self) -> Iterator[Any]:
        """Yield what functions of the module return that are given the sizes of all layers, and 0
        for a seed, or several arrays of those that are given each size.
        """
        for function in self._list_functions(self.module):
            values = self._list_given(function)
            has_list = any(isinstance(each, list) for each in values)
            if None not in values[:-1] and (has_list or len(values) > 1):
                with suppress(Exception, SystemExit):
                    made = function(*(0 if value is None else value for value in values))
                    if has_list or isinstance(made, list | tuple | dict):
                        yield made

    def _list_given(self, function: Callable[..., Any]) -> list[Any]:
        """Return the sizes for what a function requires, None for what is no size."""
        names = list_required(function)
        usual = {name: choose_usual(name, self.sizes) for name in names}
        if len(names) == 1 and is_iterated(self.tree, function.__name__, names[0]):
            usual = dict.fromkeys(names, list_dims(self.sizes))
        is_size = {n: isinstance(v, list) or find_role(n, SIZES) for n, v in usual.items()}
        return [value if is_size[name] else None for name, value in usual.items()]

    def _chain(self, kind: type, inner: type | None, outer: type | None, sizes: list[Any]) -> Any:
        found: list[Any] = []
        for each in sizes:
            found += [self._make(kind, each, DEPTH), *([self._make(inner, ())] if inner else [])]
        rest = found[:-1] if inner else found
        return [*rest, *([self._make(outer, ())] if outer else [])]

    def _list_sizes(self, slots: list[str]) -> list[list[Any]]:
        """Return the sizes of each layer of a net: two numbers, one pair, or one number."""
        dims = list_dims(self.sizes)
        if len(slots) == 2:
            return [[*pairwise(dims)]]
        if self._find_use(slots[0]).is_pair:
            return [[(pair,) for pair in pairwise(dims)]]
        return [[(size,) for size in dims], [(size,) for size in dims[1:]]]

    def _make(self, kind: type, sizes: Sequence[Any], depth: int = DEPTH) -> Any:
        return kind(**self.give(kind, sizes, depth))

    def give(
        self, function: Callable[..., Any], sizes: Sequence[Any], depth: int = DEPTH
    ) -> Namespace:
        """Return the arguments of a function, with these numbers for those that are sizes."""
        given = dict(zip(self.list_slots(function), sizes, strict=False))
        for parameter in list_arguments(function):
            name = parameter.name
            found: Iterator[Any] = iter(())
            if parameter.default is parameter.empty:
                usual = get_usual(find_role(name, OPTIONS))
                found = chain(self._list_filled(name, depth - 1), [usual])
            elif parameter.default is None:
                found = self.list_objects(name, depth - 1)
            values = [] if name in given else [*islice(found, 1)]
            given |= {name: values[0]} if values else {}
        return given

    def list_slots(self, function: Callable[..., Any]) -> list[str]:
        """Return the arguments that a function requires and that are sizes, as far as one knows."""
        required = list_required(function)
        return [name for name in required if find_role(name, SIZES) or not self._is_filled(name)]

    def _is_filled(self, name: str) -> bool:
        is_option = find_role(name, OPTIONS) or re.fullmatch(ARGUMENT, simplify_name(name))
        return bool(
            is_option or self._find_use(name).own or list_words(name, self.tree, self.module)
        )

    def _list_filled(self, name: str, depth: int) -> Iterator[Any]:
        """Yield what an argument may be that is no size."""
        yield from list_words(name, self.tree, self.module)
        yield from self.list_objects(name, depth)
        if re.fullmatch(ARGUMENT, simplify_name(name)):
            yield from self.list_functions(name)

    def is_called(self, name: str) -> bool:
        """Return whether code only calls an argument."""
        return self._find_use(name).own == {CALL}

    def list_functions(self, name: str) -> list[Callable[..., Any]]:
        """Return functions of as many arguments as an argument is called with: derivatives where it
        is named so, of the file itself or else of those beside it.
        """
        given = count_given(self.tree, name) or {1}
        is_slope = _is_named_as_slope(name)
        every = (self._list_functions(m) for m in (self.module, *self.others))
        fitting = ([f for f in each if len(list_required(f)) in given] for each in every)
        chosen = ([f for f in each if _is_named_as_slope(f.__name__) == is_slope]
                  for each in fitting)  # fmt: skip
        return next(filter(None, chosen), self.list_activations())[:2]

    def match_slopes(self, named: Namespace) -> Namespace | None:
        """Return the derivatives for the arguments that are named so: of the functions that others
        are. None where the modules have no such derivative.
        """
        functions = {n: f for n, f in named.items() if self.is_called(n) and callable(f)}
        plain = [f for n, f in functions.items() if not _is_named_as_slope(n)]
        every = [f for m in (self.module, *self.others) for f in self._list_functions(m)]
        slope = next((g for g in every if any(_is_slope_of(g, f) for f in plain)), None)
        names = [name for name in functions if _is_named_as_slope(name)]
        return None if names and slope is None else dict.fromkeys(names, slope)

    def list_activations(self) -> list[Any]:
        """Return functions of one argument that the module defines."""
        own = self._list_functions(self.module)
        return [f for f in own if len(list_arguments(f)) == 1][:2]

    def _list_functions(self, module: Namespace) -> list[Callable[..., Any]]:
        own = (v for v in module.values() if inspect.isfunction(v))
        return [function for function in own if is_own(function, module)]

    @cached_property
    def kinds(self) -> list[type]:
        """The classes that the modules define."""
        modules = self.module, *self.others
        return [v for m in modules for v in m.values() if isinstance(v, type) and is_own(v, m)]

    def _list_kinds(self, read: frozenset[str]) -> list[type]:
        """Return the classes that have what code reads, those first that have most of it."""
        had = {kind: len(read & {*dir(kind), *list_kept(self.tree, kind)}) for kind in self.kinds}
        return sorted((kind for kind in self.kinds if had[kind]), key=lambda kind: -had[kind])

    def _find_use(self, name: str) -> Use:
        return find_use(self.tree, name)


def _is_named_as_slope(name: str) -> bool:
    """Return whether a name is that of a derivative."""
    return re.search(SLOPE, name.lower()) is not None


def _is_slope_of(slope: Callable[..., Any], function: Callable[..., Any]) -> bool:
    """Return whether a function gives the derivative of another one, at its inputs or outputs."""
    z = np.array([[-1.3, -0.4, 0.3, 1.1]])
    with suppress(Exception):
        want = (function(z + 1e-6) - function(z - 1e-6)) / 2e-6
        return any(np.allclose(slope(each), want, atol=1e-4) for each in (z, function(z)))
    return False


def _is_alike(kind: type, other: type) -> bool:
    """Return whether methods of two classes with the same names take as many arguments."""
    shared = [name for name, method in vars(other).items()
              if inspect.isfunction(method) and not name.startswith("_")]  # fmt: skip
    return all(
        len(list_arguments(getattr(kind, name))) == len(list_arguments(getattr(other, name)))
        for name in shared if inspect.isfunction(getattr(kind, name, None))
    )  # fmt: skip
