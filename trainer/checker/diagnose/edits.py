"""An edit of a part of the source, what it may use, and names that are spelt almost alike."""

import ast
import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import combinations

import numpy as np

Root = ast.expr | ast.stmt  # what the parts of an edit stand in
Node = ast.expr | ast.stmt | ast.arg | ast.keyword
OPERATORS: list[type[ast.operator]] = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult]
RATES = dict.fromkeys(("learning_rate", "lr", "alpha", "eta"), 1.45)  # often not passed on
BIAS = re.compile(r"\b(b\d?|bias\d?|b_\w+)\b")
UNSAFE = re.compile(
    r"^(\w*save\w*|dumps?|tofile|remove\w*|unlink|rm\w*|system|exit|quit|input|open\w*|exec\w*|eval)$"
)


@dataclass(frozen=True)
class Words:
    """What an edit may use: variables as one writes them, such as z1 or self.params['W1'],
    those of them that one divides by, and functions that take one array, such as sigmoid.
    attributes are those of self, and keys the strings in the function.
    """

    atoms: list[str]
    divisors: list[str]
    functions: list[str]
    attributes: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Edit:
    """A part of the source and the text that takes its place; a lower cost is likelier."""

    node: Node
    text: str
    cost: float


def turn_operator(operator: ast.operator) -> ast.operator:
    """Return − for +, and + for −."""
    return ast.Sub() if isinstance(operator, ast.Add) else ast.Add()


def sort_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits without those that occur twice, the likeliest first."""
    unique: dict[tuple[int, str], Edit] = {}
    for edit in sorted(edits, key=lambda edit: edit.cost):
        unique.setdefault((id(edit.node), edit.text), edit)
    return list(unique.values())


def list_swapped_parts(node: ast.Tuple) -> Iterator[Edit]:
    """Yield a tuple with two of its parts in the other order."""
    for i, j in combinations(range(len(node.elts)), 2):
        swapped = [*node.elts]
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield Edit(node, ", ".join(map(ast.unparse, swapped)), 1.4)  # unparse adds brackets


def list_spellings(root: ast.expr, names: tuple[str, ...]) -> Iterator[Edit]:
    """Yield the names of the file, or of NumPy, in place of those that are spelt almost so."""
    for node in ast.walk(root):
        if isinstance(node, ast.expr):
            yield from _edit_spelling(node, names)


def _edit_spelling(node: ast.expr, names: tuple[str, ...]) -> Iterator[Edit]:
    if isinstance(node, ast.Name):
        for name in list_similar(node.id, names):
            yield Edit(node, name, 1.1)
    if isinstance(node, ast.Attribute):
        is_numpy = isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
        for name in list_similar(node.attr, dir(np) if is_numpy else names):
            yield change_node(node, 1.1, attr=name)


def list_similar(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that are spelt almost as a word, those that differ in case first."""
    same = [name for name in names if name.lower() == word.lower() and name != word]
    likeness = 0.6 if len(word) > 2 else 0.5  # A3 for A2
    close = [name for name in get_close_matches(word, names, 4, likeness) if name != word]
    return [name for name in (*same, *close) if not UNSAFE.search(name)]


def change_node(node: ast.expr, cost: float, **parts: object) -> Edit:
    """Return the edit that gives a node other parts."""
    changed = copy.copy(node)
    for name, value in parts.items():
        setattr(changed, name, value)
    return Edit(node, ast.unparse(changed), cost)


def write_operand(node: ast.expr) -> str:
    """Return the text of a node in brackets where it needs them as an operand."""
    text = ast.unparse(node)
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant)
    return text if simple else f"({text})"
