"""Decide whether two implementations differ by rounding or by a bug."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from trainer.auditing.agreeing.deciding import (
    Result,
    compare_exactly,
    compare_rounded,
    find_excess,
)
from trainer.auditing.agreeing.gradients import compare_along, wrap_gradients
from trainer.auditing.agreeing.measuring import STEPS, Scale, measure
from trainer.auditing.agreeing.naming import name_reason
from trainer.auditing.agreeing.result import DIFFERENT, IMPRECISE, UNKNOWN, Agreement, Row
from trainer.auditing.agreeing.side import AFTER, Side, Values, describe
from trainer.auditing.agreeing.submodules import (
    check_names,
    compare_nets,
    list_module_notes,
    name_first,
    record_submodules,
)
from trainer.auditing.agreeing.values import (
    is_module,
    read_value,
    widen,
)
from trainer.common.errors import InputError

Function = Callable[..., Any]
SHRINK = 2.0**-10  # of the inputs, where a function overflows in float64 too


def agree(
    old: Any,
    new: Any,
    *inputs: Any,
    gradients: bool | tuple[Function | None, Function | None] = False,
    reference: Any = None,
    names: Mapping[str, str] | None = None,
    devices: tuple[Any, Any] = (None, None),
) -> Agreement:
    """Return whether two callables give the same on the inputs, up to rounding, array by array.

    inputs: arrays, tensors, numbers, and dicts, lists and tuples of them; each call gets copies.
    A function that refuses arrays gets tensors, a torch.nn.Module gets its own dtype. The seeds
    of random, NumPy and torch are 0 before each call. If a function returns None, its inputs are
    compared after the call. Two nets of this project are compared by one training step on x and
    t, quantity by quantity, with the audit's bounds.

    gradients: compare the gradients of Σ r y too, with fixed weights r of the results: torch's by
    autograd; of a function of NumPy by differences, or by the function of (*inputs, dy) that is
    given for its side.
    reference: is right by definition, so that the wrong side can be named.
    names: submodule of old → submodule of new, where two modules name them differently.
    devices: where the tensors of each side are, such as ("cpu", "cuda").

    Raises InputError if a side does not run. docs/agree.md describes the method and its limits.
    """
    if hasattr(old, "trace") and hasattr(new, "trace") and len(inputs) == 2:
        if gradients is not False or reference is not None or names:
            raise InputError("two nets are compared with the audit's bounds alone: give no options")
        return Agreement(compare_nets(old, new, *inputs))
    if not (isinstance(devices, tuple | list) and len(devices) == 2):
        raise InputError('devices: give one for each side, such as ("cpu", "cuda")')
    a = Side("old", old, list(inputs), devices[0])
    b = Side("new", new, list(inputs), devices[1])
    b.names, names = a.names, names or {}
    check_names(old, new, names)
    comparison = _Comparison(a, b, reference)
    comparison.run_first()
    along = wrap_gradients(a, b, gradients, names) if gradients is not False else None
    rows = comparison.compare()
    rows += [compare_along(*along)] if along else []
    rows = rows or [Row("y", UNKNOWN, "neither side returns or changes anything")]
    rows = [_add_reason(row, (a, b)) for row in rows]
    notes = [*comparison.notes, *_list_zeros(a)]
    if any(row.status in (DIFFERENT, IMPRECISE) for row in rows):
        notes += _find_first(a, b, rows, names)
    return Agreement(rows, notes, (a.runs, b.runs))


@dataclass
class _Comparison:
    """Compares the results of two sides, array by array."""

    a: Side
    b: Side
    reference: Any = None
    steps: tuple[float, ...] = STEPS
    notes: list[str] = field(default_factory=list)
    _first: list[Values] = field(default_factory=lambda: [{}, {}])

    def run_first(self) -> None:
        """Run both sides without gradients, to know their form, and whether they repeat it."""
        self._first = [side.run() for side in (self.a, self.b)]

    def compare(self) -> list[Row]:
        """Run both sides and return a row for each array of their results."""
        sides, truth = (self.a, self.b), {}
        values = [side.run() for side in sides]
        firsts = [each | first for each, first in zip(values, self._first, strict=True)]
        results = [
            _make_results(side, each, first, self._measure(side, self.steps))
            for side, each, first in zip(sides, values, firsts, strict=True)
        ]
        if self.reference is not None:
            side = Side("reference", self.reference, self.a.inputs)
            side.names = self.a.names
            side.run()
            truth = measure(side)
        rows = []
        changed = self.a.changed | self.b.changed
        for name in dict.fromkeys((*values[0], *values[1])):
            if name.endswith(AFTER) and name not in changed:
                continue
            row = self._compare_kinds(name, values)
            if row is None:
                row = compare_rounded(name, results[0][name], results[1][name], truth.get(name))
            rows.append(row)
        return self._excuse_overflow(rows)

    def _measure(
        self, side: Side, steps: tuple[float, ...], shrink: float = 1.0
    ) -> dict[str, Scale]:
        """Return the scales of a side; none, and a note, if it does not run in float64."""
        try:
            return measure(side, steps, shrink)
        except Exception as error:  # The code of somebody else may raise anything.
            self.notes.append(f"{side.name} does not run in float64: {describe(error)}")
            return {}

    def _compare_kinds(self, name: str, values: list[Values]) -> Row | None:
        sides = (self.a.name, self.b.name)
        missing = [s for s, each in zip(sides, values, strict=True) if name not in each]
        if missing:
            return Row(name, DIFFERENT, f"{missing[0]} has no such result")
        x, y = (each[name] for each in values)
        return compare_exactly(name, (sides[0], x), (sides[1], y))

    def _excuse_overflow(self, rows: list[Row]) -> list[Row]:
        """Ask smaller inputs where one side alone is not finite in float64: is it an overflow?"""
        doubtful = {r.name for r in rows if np.isinf(r.difference) and r.status == DIFFERENT}
        if not doubtful:
            return rows
        x, y = (self._measure(side, (), SHRINK) for side in (self.a, self.b))
        same = {
            name
            for name in doubtful & {*x} & {*y}
            if x[name].value.shape == y[name].value.shape
            and not (find_excess(x[name], y[name]) > 1).any()
        }
        text = "; the formulas agree on smaller inputs"
        return [
            replace(row, status=IMPRECISE, text=row.text + text) if row.name in same else row
            for row in rows
        ]


def _make_results(
    side: Side, values: Values, firsts: Values, scales: dict[str, Scale]
) -> dict[str, Result]:
    """Return the results of a side with their scales; where it has none, the value is the scale."""
    results = {}
    for name, value in values.items():
        if value.is_rounded:
            wide, scale = widen(value.array), scales.get(name)
            is_wide = scale is not None and scale.value.shape == wide.shape
            if scale is None or not is_wide:
                scale = Scale(wide, np.abs(wide), np.zeros(wide.shape), np.zeros(wide.shape))
            first = firsts[name] if firsts[name].array.shape == wide.shape else value
            about = side.u, side.length, side.has_tensors, is_wide
            results[name] = Result(side.name, value, first, scale, *about)
    return results


def _add_reason(row: Row, sides: tuple[Side, Side]) -> Row:
    """Return a row with what makes its side less precise, where that is seen."""
    if row.status != IMPRECISE:
        return row
    found = {side.name: name_reason(side) for side in sides if side.name in row.sides}
    reasons = [f"{name}: {reason}" for name, reason in found.items() if reason]
    return replace(row, text="; ".join([row.text, *reasons]))


def _find_first(a: Side, b: Side, rows: list[Row], names: Mapping[str, str]) -> list[str]:
    """Return lines on where two modules, or dicts of intermediate values, differ first."""
    if is_module(a.function) and is_module(b.function):
        back = {new: old for old, new in names.items()}
        a.wrap, b.wrap = record_submodules({}), record_submodules(back)
        parts = _Comparison(a, b, steps=STEPS[:1])
        return [*list_module_notes(a.function, b.function, names), name_first(parts.compare())]
    bad = [row.name for row in rows if row.status in (DIFFERENT, IMPRECISE)]
    return [f"first of the results that differs: {bad[0]}"] if len(bad) > 1 else []


def _list_zeros(side: Side) -> list[str]:
    """Return a line on inputs of zeros alone: what is multiplied by them is not compared."""
    arrays = {name: read_value(each) for name, each in side.list_floating(side.inputs).items()}
    zeros = [name for name, v in arrays.items() if v.array.size and not v.array.any()]
    text = "only zeros, so what they are multiplied with is not compared"
    return [f"{text}: {', '.join(zeros)}"] if zeros else []
