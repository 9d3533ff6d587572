"""Small changes of an expression, as a person would make them, the likeliest first."""

import ast
import copy
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from itertools import combinations
from math import inf

import numpy as np

from trainer.checker.adapt.names import PARAMS

Root = ast.expr | ast.stmt  # what the parts of an edit stand in
Node = ast.expr | ast.stmt | ast.arg | ast.keyword
OPERATORS: list[type[ast.operator]] = [ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult]
IDENTITY: list[type[ast.cmpop]] = [ast.Is, ast.IsNot]
EQUALITY: list[type[ast.cmpop]] = [ast.Eq, ast.NotEq]
COMPARISONS: list[type[ast.cmpop]] = [ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq]
OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE,
    ast.LtE: ast.GtE,
}  # fmt: skip
TWINS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("sum", "min"), "min": ("max",),
    "argmax": ("argmin", "max"), "argmin": ("argmax",), "exp": ("log",), "log": ("exp",),
    "maximum": ("minimum",), "minimum": ("maximum",), "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",), "multiply": ("dot",), "dot": ("multiply",),
}  # fmt: skip
RATES = dict.fromkeys(("learning_rate", "lr", "alpha", "eta"), 1.45)  # often not passed on
BIAS = re.compile(r"\b(b\d?|bias\d?|b_\w+)\b")
UNSAFE = re.compile(
    r"^(\w*save\w*|dumps?|tofile|remove\w*|unlink|rm\w*|system|exit|quit|input|open\w*|exec\w*|eval)$"
)
BINARY = "{t} * np.log({y}) + (1 - {t}) * np.log(1 - {y})"
NUMBERS = (0, 1, 2, 0.5, -1)
# What people leave out beside a part of an expression, and how unlikely it is.
TERMS = {
    "{inner} + {atom}": 0.0, "{inner} - {atom}": 0.0, "{inner} * {atom}": 0.1,
    "{inner} / {atom}": 0.0, "{inner} / {atom}.shape[0]": 0.1, "{inner} / {atom}.shape[1]": 0.4,
    "{inner} / len({atom})": 0.2, "{inner} * len({atom})": 0.3, "{inner} * {atom}.shape[0]": 0.2,
    "{inner} @ {atom}": 0.1, "{inner} @ {atom}.T": 0.2, "{inner} * ({atom} > 0)": 0.3,
    "{inner} * (1 - {atom}) * {atom}": 0.4, "{inner} * (1 - {atom} ** 2)": 0.5,
    "{inner} - np.eye({inner}.shape[1])[{atom}]": 0.6,
}  # fmt: skip


# Calls that people leave out, and how unlikely it is.
CALLS = {
    "np.sum({inner})": 0.0, "np.sum({inner}, axis=0)": 0.0, "np.argmax({inner}, axis=1)": 0.0,
    "np.sum({inner}, axis=1, keepdims=True)": 0.1, "np.mean({inner})": 0.1, "np.exp({inner})": 0.2,
    "np.log({inner})": 0.25, "len({inner})": 0.2, "{part}.copy()": 0.2, "range({inner})": 0.2,
    "np.zeros_like({inner})": 0.3, "np.maximum(0, {inner})": 0.3, "np.tanh({inner})": 0.3,
    "1 / (1 + np.exp(-({inner})))": 0.3, "np.abs({inner})": 0.4, "np.sqrt({inner})": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """What an edit may use: variables as one writes them, such as z1 or self.params['W1'],
    those of them that one divides by, and functions that take one array, such as sigmoid.
    attributes are those of self, keys the strings in the function, and pairs functions that take
    two arrays.
    """

    atoms: list[str]
    divisors: list[str]
    functions: list[str]
    attributes: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Edit:
    """A part of the source and the text that takes its place; a lower cost is likelier."""

    node: Node
    text: str
    cost: float


def list_edits(root: ast.expr, words: Words, most: float = inf) -> list[Edit]:
    """Return the edits of all parts of an expression of at most this cost, the likeliest first."""
    edits = (
        edit
        for node in _walk(root)
        for edit in (
            *_edit_node(node, words.atoms, words.functions),
            *_wrap_node(node, root, words, most),
            *_edit_key(node, words.keys),
            *_edit_attribute(node, words.attributes),
        )
    )
    return sort_edits(edit for edit in edits if edit.cost <= most)


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
        yield Edit(node, ", ".join(map(_text, swapped)), 1.4)  # unparse adds brackets


def list_products(root: ast.expr, words: Words) -> list[Edit]:
    """Return what may stand in place of a whole expression: a sum, or a product of two variables.

    They are tried last, and only where the expected value is known.
    """
    edits = [Edit(root, f"np.sum({atom}, axis=0)", 3.0) for atom in words.atoms]
    for atom in words.atoms:
        total = f"np.sum({atom}, axis=1, keepdims=True)"
        edits += [Edit(root, total, 3.1)]
        edits += [Edit(root, f"{total} / {divisor}", 3.1) for divisor in words.divisors]
    for one in words.atoms:
        for other in words.atoms:
            for text in (f"np.dot({one}.T, {other})", f"np.dot({one}, {other}.T)",
                         f"np.dot({one}, {other})", f"{one} * {other}", f"{one} + {other}",
                         f"{one} * (1 - {other}) * {other}", f"{one} * ({other} > 0)",
                         BINARY.format(t=one, y=other)):  # fmt: skip
                edits.append(Edit(root, text, 3.2))
    return edits


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
    if isinstance(node, ast.Attribute) and _text(node.value) == "self" and node.attr in attributes:
        yield from (_changed(node, 1.7, attr=a) for a in attributes if a != node.attr)


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
            yield _changed(node, 1.1, attr=name)


def list_similar(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that are spelt almost as a word, those that differ in case first."""
    same = [name for name in names if name.lower() == word.lower() and name != word]
    likeness = 0.6 if len(word) > 2 else 0.5  # A3 for A2
    close = [name for name in get_close_matches(word, names, 4, likeness) if name != word]
    return [name for name in (*same, *close) if not UNSAFE.search(name)]


def _walk(root: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that may be replaced by others: not np, self or np.sum."""
    for node in ast.walk(root):
        if isinstance(node, ast.expr) and not isinstance(node, ast.Starred | ast.Slice):
            base = node.value if isinstance(node, ast.Attribute) else node
            if not (isinstance(base, ast.Name) and base.id in ("np", "numpy")) and not (
                isinstance(node, ast.Name) and node.id == "self"
            ):
                yield node


def _edit_node(node: ast.expr, atoms: list[str], functions: list[str]) -> Iterator[Edit]:
    """Yield edits of the node's own operator, name, number or arguments."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            for other in OPERATORS:
                if not isinstance(op, other):
                    yield _changed(node, 1.4, op=other())
            yield Edit(node, _text(left), 1.7)
            yield Edit(node, _text(right), 1.8)
            yield _changed(node, 1.6, left=right, right=left)
            if isinstance(op, ast.Add) and isinstance(left, ast.Constant | ast.JoinedStr):
                yield Edit(right, f"str({_text(right)})", 1.3)
            if isinstance(op, ast.Div):  # of Python 2
                yield _changed(node, 1.6, op=ast.FloorDiv())
            are_parts = not isinstance(left, ast.Constant) and not isinstance(right, ast.Constant)
            if isinstance(op, ast.Div) and are_parts:
                yield Edit(node, f"{_wrapped(left)} / (2 * {_wrapped(right)})", 1.5)
            if isinstance(op, ast.MatMult):
                yield Edit(node, f"{_wrapped(left)}.T @ {_wrapped(right)}", 2.1)
                yield Edit(node, f"{_wrapped(left)} @ {_wrapped(right)}.T", 2.1)
        case ast.UnaryOp(operand=operand):
            yield Edit(node, _text(operand), 1.0)
            yield from (Edit(node, number, 1.9) for number in ("0", "1"))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            twins = IDENTITY if isinstance(op, ast.Is | ast.IsNot) else COMPARISONS
            is_text = isinstance(right, ast.Constant) and isinstance(right.value, str)
            for comparison in EQUALITY if is_text else twins:
                if not isinstance(op, comparison):
                    is_opposite = OPPOSITES.get(type(op)) is comparison
                    yield _changed(node, 1.45 if is_opposite else 1.5, ops=[comparison()])
            yield from (Edit(node, atom, 1.8) for atom in atoms)
            if _text(left) == _text(right):  # comparing a value with itself
                yield from (_changed(node, 1.2, left=_parse(atom)) for atom in atoms)
        case ast.Call():
            yield from _edit_call(node, atoms, functions)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            for number in NUMBERS:
                if number != value:
                    yield Edit(node, repr(number), 1.6)
            for number, atom in enumerate(atoms):  # the arguments first
                yield Edit(node, atom, 1.7 if number < 2 else 2.4)
        case ast.Tuple(elts=parts) if not any(isinstance(p, ast.Slice) for p in parts):
            yield from list_swapped_parts(node)
            yield from (Edit(node, f"{f}({_text(parts[0])})", 1.7) for f in functions if parts)
        case ast.Constant(value=bool() as flag):
            yield Edit(node, repr(not flag), 1.2)
        case ast.Attribute(value=value, attr="T"):
            yield Edit(node, _text(value), 1.0)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        yield from _edit_index(node, node.slice.elts, atoms)
    if isinstance(node, ast.BinOp | ast.Call | ast.Compare):
        for part in _walk(node):
            if part is not node and not isinstance(part, ast.Constant):
                yield Edit(node, _text(part), 2.1)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield Edit(node, "_", 1.3)  # a value that must not replace an argument
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        text = _text(node)
        for atom in atoms:
            if atom != text:
                yield Edit(node, atom, 1.5 + 0.4 * _distance(text, atom) + 0.005 * len(atom))
            for function in functions:
                yield Edit(node, f"{function}({atom})", 2.2)


def _edit_index(node: ast.Subscript, parts: list[ast.expr], atoms: list[str]) -> Iterator[Edit]:
    """Yield variables and ranges in place of a slice, and indices in the other order."""
    texts = [_text(part) for part in parts]
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice):
            for new in (*atoms, *(f"np.arange(len({atom}))" for atom in atoms)):
                changed = ", ".join([*texts[:i], new, *texts[i + 1 :]])
                yield Edit(node, f"{_text(node.value)}[{changed}]", 1.8)
    yield Edit(node, f"{_text(node.value)}[{', '.join(texts[::-1])}]", 1.7)


def _edit_call(node: ast.Call, atoms: list[str], functions: list[str]) -> Iterator[Edit]:
    name = _text(node.func)
    if name in ("np.argmax", "numpy.argmax") and node.args:
        yield Edit(node, f"({_text(node.args[0])} > 0.5)", 1.3)
    if name in ("np.maximum", "numpy.maximum"):  # ReLU in place of its derivative
        for argument in node.args:
            if not isinstance(argument, ast.Constant):
                yield Edit(node, f"({_text(argument)} > 0)", 1.4)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        yield Edit(node, _text(node.args[-1]), 1.3)
    if isinstance(node.func, ast.Name) and len(node.args) > 1:
        given = [_text(argument) for argument in node.args]
        for atom in atoms:
            if atom.isidentifier() and atom not in given:
                yield Edit(
                    node,
                    f"{name}({', '.join([*map(_text, node.args), atom])})",
                    RATES.get(atom, 2.25),
                )
    if len(node.args) > 1 and name.startswith(("self.", *functions)):
        for i in range(len(node.args)):
            yield _changed(node, 1.5, args=node.args[:i] + node.args[i + 1 :])
    if node.args and not isinstance(node.args[0], ast.Starred):
        is_activation = name.split(".")[-1] in ("softmax", "sigmoid", "tanh", "relu", "exp", "log")
        yield Edit(node, _text(node.args[0]), 1.35 if is_activation else 2.0)
    if len(node.args) == 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        yield _changed(node, 1.4, args=node.args[::-1])
        for i in range(2):
            args: list[ast.expr] = list(node.args)
            args[i] = ast.Attribute(args[i], "T", ast.Load())
            yield _changed(node, 2.1, args=args)
    for function in functions:
        if function != name and len(node.args) == 1:
            yield _changed(node, 1.7, func=ast.parse(function, mode="eval").body)
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "mean" and node.args:
            total = f"np.sum({', '.join(map(_text, node.args))})"
            for atom in atoms:
                yield Edit(node, f"0.5 * {total} / len({atom})", 2.2)
        for twin in TWINS.get(node.func.attr, ()):
            func = ast.Attribute(node.func.value, twin, ast.Load())
            yield _changed(node, 1.4, func=func)
    yield from _edit_axis(node)


def _edit_axis(node: ast.Call) -> Iterator[Edit]:
    """Yield other axes, and keepdims added or removed."""
    reduces = isinstance(node.func, ast.Attribute) and node.func.attr in (
        "sum", "mean", "max", "min", "argmax", "argmin", "amax", "amin",
    )  # fmt: skip
    if not reduces:
        return
    others = [k for k in node.keywords if k.arg not in ("axis", "keepdims")]
    positional = node.args[:1] if _text(node.func).startswith(("np.", "numpy.")) else []
    for axis in ("0", "1", "-1", None):
        for keep in (True, False):
            made = [f"axis={axis}"] * (axis is not None) + ["keepdims=True"] * keep
            texts = [_text(a) for a in positional] + made + [_text_of_keyword(k) for k in others]
            text = f"{_text(node.func)}({', '.join(texts)})"
            if text != _text(node):
                kept = any(k.arg == "keepdims" for k in node.keywords) == keep
                yield Edit(node, text, (1.2 if axis is not None else 1.6) + 0.5 * (not kept))


def _wrap_node(node: ast.expr, root: ast.expr, words: Words, most: float) -> Iterator[Edit]:
    """Yield edits that put something around a part: a sign, a factor, a call, another term."""
    inner, cost = _wrapped(node), 0.0 if node is root else 0.5
    if isinstance(node, ast.Constant | ast.Tuple | ast.Compare):
        return
    yield Edit(node, f"-{inner}", 1.5 + cost)
    yield Edit(node, f"{inner}.T", 1.5 + cost)
    yield Edit(node, f"(1 - {inner})", 2.6 + cost)
    yield Edit(node, f"({inner} > 0)", 2.2)
    yield Edit(node, f"(1 - {inner} ** 2)", 2.2)
    if _is_product(node):
        for bias in (atom for atom in words.atoms if BIAS.search(atom)):
            yield Edit(node, f"{inner} + {bias}", 2.0)
    for call, extra in CALLS.items():
        yield Edit(node, call.format(inner=_text(node), part=inner), 2.0 + cost + extra)
    if isinstance(node, ast.Attribute):
        yield Edit(node, f"{inner}.values()", 1.8)
    passes_on = isinstance(node, ast.Name | ast.Subscript | ast.Call)  # the factor is elsewhere
    for factor in ("2", "0.5"):
        yield Edit(node, f"{factor} * {inner}", 1.6 + cost + 0.3 * passes_on)
    for function in words.functions:
        yield Edit(node, f"{function}({_text(node)})", 1.9 + cost)
    for function in words.pairs if node is root else ():
        yield from (Edit(node, f"{function}({_text(node)}, {atom})", 2.2) for atom in words.atoms)
    for template, extra in TERMS.items():
        atoms = words.divisors if template.endswith("/ {atom}") else words.atoms
        for atom in atoms if 2.3 + cost + extra <= most else ():
            text = template.format(inner=inner, atom=atom)
            yield Edit(node, text, 2.3 + cost + extra)
    for atom in words.atoms if 2.5 + cost <= most else ():
        for function in words.functions:
            yield Edit(node, f"{inner} * {function}({atom})", 2.5 + cost)


def _is_product(node: ast.expr) -> bool:
    """Return whether an expression is a product of matrices."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr in ("dot", "matmul", "mm")  # type: ignore[attr-defined]


def _changed(node: ast.expr, cost: float, **parts: object) -> Edit:
    changed = copy.copy(node)
    for name, value in parts.items():
        setattr(changed, name, value)
    return Edit(node, _text(changed), cost)


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _text(node: ast.expr) -> str:
    return ast.unparse(node)


def _text_of_keyword(keyword: ast.keyword) -> str:
    return f"{keyword.arg}={_text(keyword.value)}" if keyword.arg else f"**{_text(keyword.value)}"


def _wrapped(node: ast.expr) -> str:
    """Return the text of a node in brackets where it needs them as an operand."""
    text = _text(node)
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant)
    return text if simple else f"({text})"


def _distance(one: str, other: str) -> float:
    """Return how unlike two names are, from 0 to 1."""
    return 1 - SequenceMatcher(None, one, other).ratio()
