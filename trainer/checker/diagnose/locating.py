"""Finds the lines whose value, replaced by the expected one, makes the net right."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from trainer.book.functions import Array
from trainer.checker.adapt.weights import is_tensor
from trainer.checker.diagnose.counting import Count
from trainer.checker.diagnose.quantities import FORMULAS, Quantity, has_value
from trainer.checker.findings.comparing import CLOSE, as_array
from trainer.checker.load.recording import Record, Recorder, Site, is_flat
from trainer.common.language import translate as _

# What is computed on the way to a quantity, and is no quantity of its own.
PARTS = {"a1": "x W1", "a2": "z1 W2"}
GRADIENT = re.compile(r"\bd([az][12])\b")
NUMBERS = (np.ndarray, np.number, float, int)  # values that may be quantities
MOST_REPLACED = 600  # replacements that are tried for one result


@dataclass(frozen=True)
class Location:
    """A line that may be wrong: the value it had, and the quantity that it should have been.

    is_expected tells that the value itself is another quantity of a right net, so that something
    is missing at the line or after it. settles tells that with the expected value nothing of
    predict, loss and gradient is wrong, and begins that it is the first of several lines with whose
    right values nothing is. before holds the names as they were before an update. is_derivative
    tells that the value that it had is a derivative of the loss by some other value.
    """

    site: Site
    record: Record
    quantity: Quantity
    is_expected: bool
    settles: bool = False
    before: Record | None = None
    begins: bool = False
    is_derivative: bool = False


def locate(
    recorder: Recorder,
    run: Callable[[], object],
    is_right: Callable[[], bool],
    quantities: list[Quantity],
    replaced: Count,
) -> list[Location]:
    """Return the lines where one replaced value makes is_right() true, the likeliest first.

    replaced counts the values that are tried. run() calls the method whose result is wrong.
    """
    every = recorder.run(run)
    records = [r for r in keep_first(every) if not is_tensor(r.value)]
    found = [
        Location(
            recorder.sites[record.site],
            record,
            quantity,
            _is_known(record.value, [q for q in quantities if not _is_part(q, quantity)]),
            before=_find_before(recorder, every, record),
        )
        for record, quantity in _list_replacements(records, quantities)
        if replaced.spend() and _is_right_with(recorder, record.site, quantity.value, is_right)
    ]
    functions = {site.function.name for site in recorder.sites}
    order = {id(location): number for number, location in enumerate(found)}
    return sorted(found, key=lambda each: _rank(each, order[id(each)], functions))


def describe_location(location: Location) -> str:
    """Return what the value of the line should be, at the element that differs most, "" where it is
    that already.
    """
    got, quantity = np.asarray(location.record.value, dtype=np.float64), location.quantity
    name = location.site.name or _name_value(location.site)
    if got.shape != quantity.value.shape:
        message = _("{name} should have the shape {expected}, but has {found}")
        return message.format(name=name, expected=quantity.value.shape, found=got.shape)
    index = np.unravel_index(np.argmax(np.abs(got - quantity.value)), got.shape)
    formula = _name_formula(quantity, name)
    if formula and got.ndim:
        message = _("{name} should be {formula}: {expected} at {place}, but is {found}")
    elif formula:
        message = _("{name} should be {formula}: {expected}, but is {found}")
    elif got.ndim:
        message = _("{name} should be {expected} at {place}, but is {found}")
    else:
        message = _("{name} should be {expected}, but is {found}")
    expected, number = _show_apart(float(quantity.value[index]), float(got[index]))
    if expected == number:
        return ""  # it is right where it stands, and wrong later
    place = [int(i) for i in index]
    return message.format(name=name, formula=formula, place=place, expected=expected, found=number)


def _name_value(site: Site) -> str:
    """Return what a value without a name is called: by its expression where nothing returns it."""
    returns = (node for node in ast.walk(site.function) if isinstance(node, ast.Return))
    is_returned = any(node.value is site.value for node in returns)
    return _("the returned value") if is_returned else ast.unparse(site.value)


def _show_apart(*numbers: float) -> list[str]:
    """Return numbers with as many digits as they differ by, 4 or more."""
    every = ([f"{each:.{digits}g}" for each in numbers] for digits in (4, 6, 9, 17))
    return next((shown for shown in every if len(set(shown)) > 1), [f"{numbers[0]:.4g}"] * 2)


def _name_formula(quantity: Quantity, name: str) -> str:
    """Return the name and the formula of a quantity, "dz1 = da1 * (z1 > 0)", without the name where
    the line has the same one; "" where no formula is known.
    """
    if not quantity.formula:
        return ""
    what = dict.fromkeys(_name_gradients([quantity.name, _(quantity.formula)], name))
    what.pop(name, None)
    return " = ".join(what)


def _name_gradients(texts: list[str], name: str) -> list[str]:
    """Return texts with ∂loss/∂a1 in place of da1 where a variable has another gradient's name.

    The book calls the gradient at z1 da1, and that at a1 dz1.
    """
    means_other = name in FORMULAS and name != texts[0]
    return [GRADIENT.sub(r"∂loss/∂\1", text) if means_other else text for text in texts]


def _is_part(one: Quantity, whole: Quantity) -> bool:
    """Return whether a quantity is computed on the way to another, in either orientation."""
    return one.name.rstrip("ᵀ") == PARTS.get(whole.name.rstrip("ᵀ"))


def keep_first(records: list[Record]) -> list[Record]:
    """Return the first record of each site and shape whose value is an array or a number."""
    first: dict[tuple[int, tuple[int, ...]], Record] = {}
    for record in records:
        is_number = isinstance(record.value, NUMBERS) or is_tensor(record.value)
        value = as_array(record.value) if is_number else None
        if value is not None:
            first.setdefault((record.site, value.shape), record)
    return list(first.values())


def _find_before(recorder: Recorder, records: list[Record], update: Record) -> Record | None:
    """Return an update with the names as the line before it left them, None for other lines."""
    site = recorder.sites[update.site]
    if not site.is_update:
        return None
    earlier = records[: next(i for i, each in enumerate(records) if each is update)]
    for last in reversed(earlier):
        there = recorder.sites[last.site]
        if there.function is site.function:
            known = {there.name: last.value} if there.name.isidentifier() else {}
            return replace(update, scope=last.scope | known)
    return None


def _list_replacements(
    records: list[Record], quantities: list[Quantity]
) -> Iterator[tuple[Record, Quantity]]:
    """Yield each record with each quantity that it could have been: of its shape, not its value, or
    a bias's gradient of which it is a sum over other axes.
    """
    count = 0
    for record in records:
        value = as_array(record.value)
        for quantity in quantities if value is not None else ():
            same = value is not None and (
                quantity.value.shape == value.shape or _is_other_sum(quantity, value)
            )
            if same and not has_value(quantity, value) and count < MOST_REPLACED:
                count += 1
                yield record, quantity


def _is_other_sum(quantity: Quantity, value: Array) -> bool:
    """Return whether a value of another size has the sum of the gradient of a bias."""
    is_bias = quantity.name.removeprefix("N·") in ("db1", "db2") and is_flat(value)
    is_other = is_bias and value.size != quantity.value.size
    return is_other and bool(np.isclose(value.sum(), quantity.value.sum(), rtol=CLOSE))


def _is_right_with(
    recorder: Recorder, site: int, value: Array, is_right: Callable[[], bool]
) -> bool:
    recorder.replacement = site, value
    try:
        return is_right()
    finally:
        recorder.replacement = None


def _is_known(value: object, quantities: list[Quantity]) -> bool:
    """Return whether a value is one of the book's quantities, not a multiple or the negative."""
    return any(has_value(q, value) for q in quantities if q.is_plain)


def _is_multiple(location: Location) -> bool:
    """Return whether an array is the expected one but for a positive factor."""
    expected = location.quantity.value
    is_same = expected.shape == np.shape(location.record.value) != ()
    if not is_same or not (square := np.vdot(expected, expected)):
        return False
    factor = np.vdot(expected, np.asarray(location.record.value, dtype=np.float64)) / square
    scaled = Quantity(location.quantity.name, "", factor * expected)
    return bool(factor > 0) and has_value(scaled, location.record.value)


def _rank(location: Location, number: int, functions: set[str]) -> tuple[int, int]:
    """Return a sort key: unexpected values in their order, then lines that leave something out.

    A line that passes a value on, or computes the right value of another quantity, leaves
    something out; the last such line is the likeliest, and so it is where only a factor is
    missing. A line that only calls another function of the file comes after the lines of that
    function.
    """
    value = location.site.value
    calls = any(
        isinstance(node, ast.Call) and _name_of(node.func) in functions for node in ast.walk(value)
    )
    if not location.is_expected:
        return (1 if calls else 0), -number if _is_multiple(location) else number
    return (4 if calls else 2 if _passes_on(value) else 3), -number


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)


def _passes_on(value: ast.expr) -> bool:
    """Return whether an expression is a variable or a copy of one."""
    if isinstance(value, ast.Call):
        return _name_of(value.func) in ("copy", "array", "asarray", "deepcopy")
    return isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
