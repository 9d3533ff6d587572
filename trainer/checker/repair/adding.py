"""Writes the update that a step lacks for a weight, as it updates others."""

import ast
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.applying import Candidate, apply_edit
from trainer.checker.diagnose.edits import Edit
from trainer.checker.diagnose.insertions import insert_all
from trainer.checker.diagnose.patching import Function, holds
from trainer.checker.diagnose.pieces import Pieces
from trainer.checker.diagnose.rewriting import list_places, write_line
from trainer.checker.diagnose.scope import find_style, list_callables
from trainer.checker.diagnose.siblings import get_target
from trainer.checker.diagnose.survey import Survey
from trainer.checker.diagnose.wrapping import is_product
from trainer.checker.find.steps import Step
from trainer.checker.findings.comparing import as_array
from trainer.checker.judge.derivatives import Derivatives, find_factor, is_close
from trainer.checker.judge.influence import Model
from trainer.checker.load.recording import Record
from trainer.checker.repair.wanted import Wanted

MOST_TEXTS = 3  # for one gradient

Update = ast.Assign | ast.AugAssign


def list_added(survey: Survey, step: Step, wanted: Wanted) -> Iterator[Candidate]:
    """Yield the texts in which each weight that a step leaves is updated after another one, with
    its own gradient in the place of that of the other.
    """
    model, derivatives = wanted.model, Derivatives(wanted.model, wanted.fits[0])
    lacking = (derivatives.find(path) for path in sorted(wanted.paths - set(model.weights)))
    left = sorted(filter(None, lacking), key=lambda each: -each.value.size)  # no bias first
    for event, (number, inside, value) in enumerate(model.base.events):
        site = wanted.sites[number] if number >= 0 and not inside else None
        path = _find_weight(model, site.name, value) if site else ""
        gradient = derivatives.find(path) if path else None
        if site is None or gradient is None:
            continue
        caught = step.catch(event, lambda: model.run({}, "full"))
        for function in (f for p, f in survey.called if p == site.path and holds(f, site.line)):
            if caught is None:
                break
            record = Record(0, gradient.value, *caught)
            for statement in _list_updates(function, site.line, site.name):
                text = survey.texts[site.path]
                made = _Writer(statement, function, record, text)
                named = ((_write_like(each.path, path, site.name), each.value) for each in left)
                lines = ((statement, new) for name, gradient in named if name
                         for new in made.write(name, gradient))  # fmt: skip
                yield from insert_all(site.path, text, lines)


def list_biased(survey: Survey, biases: list[str]) -> Iterator[Candidate]:
    """Yield the texts in which one of some biases is added to one product of matrices."""
    for path, function in survey.called:
        products = (node for node in ast.walk(function) if is_product(node))
        for node, bias in product(products, biases):
            edit = Edit(node, f"{ast.unparse(node)} + {_write_leaf(bias)}", 1.0)
            yield from apply_edit(path, survey.texts[path], edit)


def _write_leaf(path: str) -> str:
    """Return how the code of a class writes a leaf of its net."""
    return f"self.{path.removeprefix('net.')}" if path.startswith("net.") else path


def _find_weight(model: Model, name: str, value: Array) -> str:
    """Return the weight that a line sets under a name, in a loop over a list by what it becomes, ""
    for none.
    """
    for path in model.weights:
        leaf, after = _write_leaf(path), model.base.after[path]
        is_same = _get_list(leaf) == _get_list(name) != "" and np.array_equal(after, value)
        if leaf == name or is_same:
            return path
    return ""


def _get_list(name: str) -> str:
    """Return the list of which a name is an element, "" where it is none: W of W[i]."""
    return name.rpartition("[")[0] if name.endswith("]") else ""


def _write_like(path: str, other: str, name: str) -> str:
    """Return how a line that sets another weight under a name writes this one, "" where it does
    not: b[i] for b[1] beside W[1], which is W[i].
    """
    leaf, index = _write_leaf(path), name.rpartition("[")[2]
    if _write_leaf(other) == name:
        return leaf
    is_beside = leaf.rpartition("[")[2] == _write_leaf(other).rpartition("[")[2]
    return f"{_get_list(leaf)}[{index}" if is_beside and _get_list(leaf) else ""


def _list_updates(function: Function, line: int, name: str) -> Iterator[Update]:
    """Yield the statements of a line that change a weight."""
    for node in ast.walk(function):
        if isinstance(node, Update) and node.lineno == line and get_target(node) == name:
            yield node


class _Writer:
    """Writes an update of one weight as that of another, whose gradient is the record's value."""

    def __init__(self, statement: Update, function: Function, record: Record, text: str):
        functions, style = list_callables(function, record), find_style(text)
        self._statement, self._record = statement, record
        self._pieces = Pieces(statement, function, record.scope, record.globals, functions, style)

    def write(self, name: str, gradient: Array) -> Iterator[str]:
        """Yield the update of a weight with this gradient, as that of the other one is."""
        for part in list_places(self._statement.value):
            factor = self._find_factor(part)
            pieces = {**self._pieces.near, **self._pieces.far} if factor else {}
            same = [t for t, value in pieces.items() if _are_same(value, factor * gradient)]
            for text in same[:MOST_TEXTS]:
                line = ast.parse(write_line(self._statement, [part], text)).body[0]
                yield ast.unparse(_Renamer(get_target(self._statement), name).visit(line))

    def _find_factor(self, part: ast.expr) -> float:
        """Return how many times the gradient of the other weight a part of its update is."""
        try:
            value: Any = eval(ast.unparse(part), self._record.globals, dict(self._record.scope))
        except Exception:  # of somebody's code: any can come
            return 0.0
        array, gradient = as_array(value), np.asarray(self._record.value)
        is_like = array is not None and array.shape == gradient.shape
        return find_factor(array, gradient) if is_like and array is not None else 0.0


def _are_same(value: Any, wanted: Array) -> bool:
    array = as_array(value)
    return array is not None and is_close(array, wanted)


class _Renamer(ast.NodeTransformer):
    """Puts another variable into each place of one, where it is set too."""

    def __init__(self, old: str, new: str):
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        """Return the other variable for the one, and all else as it is."""
        if isinstance(node, ast.expr) and ast.unparse(node) == self._old:
            return ast.parse(self._new, mode="eval").body
        return super().visit(node)
