"""Small changes of an expression, as a person would make them, the likeliest first."""

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher
from math import inf

from trainer.checker.adapt.names import PARAMS
from trainer.checker.diagnose.calls import edit_call
from trainer.checker.diagnose.edits import (
    OPERATORS,
    Edit,
    Words,
    change_node,
    list_swapped_parts,
    sort_edits,
    write_operand,
)
from trainer.checker.diagnose.wrapping import wrap_node

IDENTITY: list[type[ast.cmpop]] = [ast.Is, ast.IsNot]
EQUALITY: list[type[ast.cmpop]] = [ast.Eq, ast.NotEq]
COMPARISONS: list[type[ast.cmpop]] = [ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq]
OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE,
    ast.LtE: ast.GtE,
}  # fmt: skip
NUMBERS = (0, 1, 2, 0.5, -1)


def list_edits(root: ast.expr, words: Words, most: float = inf) -> list[Edit]:
    """Return the edits of all parts of an expression of at most this cost, the likeliest first."""
    edits = (
        edit
        for node in _walk(root)
        for edit in (
            *_edit_node(node, words.atoms, words.functions),
            *wrap_node(node, root, words),
            *_edit_key(node, words.keys),
            *_edit_attribute(node, words.attributes),
        )
    )
    return sort_edits(edit for edit in edits if edit.cost <= most)


def _walk(root: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that may be replaced by others: not np, self or np.sum."""
    for node in ast.walk(root):
        if isinstance(node, ast.expr) and not isinstance(node, ast.Starred | ast.Slice):
            base = node.value if isinstance(node, ast.Attribute) else node
            if not (isinstance(base, ast.Name) and base.id in ("np", "numpy")) and not (
                isinstance(node, ast.Name) and node.id == "self"
            ):
                yield node


def _edit_key(node: ast.expr, keys: list[str]) -> Iterator[Edit]:
    """Yield other keys in place of one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value not in PARAMS and node.value[-1:] in ("1", "2"):
            yield Edit(node, f'"{node.value[:-1]}{3 - int(node.value[-1])}"', 1.4)
        for key in PARAMS if node.value in PARAMS else keys:
            if key != node.value:
                yield Edit(node, f'"{key}"', 1.4)


def _edit_attribute(node: ast.expr, attributes: list[str]) -> Iterator[Edit]:
    """Yield the other attributes of the net in place of one."""
    if (
        isinstance(node, ast.Attribute)
        and ast.unparse(node.value) == "self"
        and node.attr in attributes
    ):
        yield from (change_node(node, 1.7, attr=a) for a in attributes if a != node.attr)


def _edit_node(node: ast.expr, atoms: list[str], functions: list[str]) -> Iterator[Edit]:
    """Yield edits of the node's own operator, name, number or arguments."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in OPERATORS:
                changes_nothing = ast.unparse(right) == "1" and other in (ast.Mult, ast.Div)
                if not (isinstance(op, other) or changes_nothing):
                    yield change_node(node, 1.4, op=other())
            is_shift = isinstance(op, ast.Add | ast.Sub) and ast.unparse(right).isdigit()
            yield Edit(node, ast.unparse(left), 1.55 if is_shift else 1.7)  # before i - 0
            yield Edit(node, ast.unparse(right), 1.8)
            match left, op:  # a * b * (1 - b) → a
                case ast.BinOp(left=first, op=ast.Mult()), ast.Mult():
                    yield Edit(node, ast.unparse(first), 1.75)
            yield change_node(node, 1.6, left=right, right=left)
            if isinstance(op, ast.Add) and isinstance(left, ast.Constant | ast.JoinedStr):
                yield Edit(right, f"str({ast.unparse(right)})", 1.3)
            are_parts = not isinstance(left, ast.Constant) and not isinstance(right, ast.Constant)
            if isinstance(op, ast.Div) and are_parts:
                yield Edit(node, f"{write_operand(left)} / (2 * {write_operand(right)})", 1.5)
            if isinstance(op, ast.MatMult):
                yield Edit(node, f"{write_operand(left)}.T @ {write_operand(right)}", 2.1)
                yield Edit(node, f"{write_operand(left)} @ {write_operand(right)}.T", 2.1)
        case ast.UnaryOp(operand=operand):
            yield Edit(node, ast.unparse(operand), 1.0)
            yield from (Edit(node, number, 1.9) for number in ("0", "1"))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            twins = IDENTITY if isinstance(op, ast.Is | ast.IsNot) else COMPARISONS
            is_text = isinstance(right, ast.Constant) and isinstance(right.value, str)
            for comparison in EQUALITY if is_text else twins:
                if not isinstance(op, comparison):
                    is_opposite = OPPOSITES.get(type(op)) is comparison
                    yield change_node(node, 1.45 if is_opposite else 1.5, ops=[comparison()])
            yield from (Edit(node, atom, 1.8) for atom in atoms)
            if ast.unparse(left) == ast.unparse(right):  # comparing a value with itself
                yield from (change_node(node, 1.2, left=_parse(atom)) for atom in atoms)
        case ast.Call():
            yield from edit_call(node, atoms, functions)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            for number in NUMBERS:
                if number != value:
                    yield Edit(node, repr(number), 1.6)
            for number, atom in enumerate(atoms):  # the arguments first
                yield Edit(node, atom, 1.7 if number < 2 else 2.4)
        case ast.Tuple(elts=parts) if not any(isinstance(p, ast.Slice) for p in parts):
            yield from list_swapped_parts(node)
            yield from (
                Edit(node, f"{f}({ast.unparse(parts[0])})", 1.7) for f in functions if parts
            )
        case ast.Constant(value=bool() as flag):
            yield Edit(node, repr(not flag), 1.2)
        case ast.Attribute(value=value, attr="T"):
            yield Edit(node, ast.unparse(value), 1.0)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        yield from _edit_index(node, node.slice.elts, atoms)
    if isinstance(node, ast.BinOp | ast.Call | ast.Compare):
        for part in _walk(node):
            if part is not node and not isinstance(part, ast.Constant):
                yield Edit(node, ast.unparse(part), 2.1)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield Edit(node, "_", 1.3)  # a value that must not replace an argument
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        text = ast.unparse(node)
        for atom in atoms:
            if atom != text:
                yield Edit(node, atom, 1.5 + 0.4 * _distance(text, atom) + 0.005 * len(atom))
            for function in functions:
                yield Edit(node, f"{function}({atom})", 2.2)


def _edit_index(node: ast.Subscript, parts: list[ast.expr], atoms: list[str]) -> Iterator[Edit]:
    """Yield variables and ranges in place of a slice, and indices in the other order."""
    texts = [ast.unparse(part) for part in parts]
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice):
            for new in (*atoms, *(f"np.arange(len({atom}))" for atom in atoms)):
                changed = ", ".join([*texts[:i], new, *texts[i + 1 :]])
                yield Edit(node, f"{ast.unparse(node.value)}[{changed}]", 1.8)
    yield Edit(node, f"{ast.unparse(node.value)}[{', '.join(texts[::-1])}]", 1.7)


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _distance(one: str, other: str) -> float:
    """Return how unlike two names are, from 0 to 1."""
    return 1 - SequenceMatcher(None, one, other).ratio()
