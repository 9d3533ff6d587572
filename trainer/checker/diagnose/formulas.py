"""Writes the book's quantities with what a line has in scope: a2 as np.dot(z1, W2) + b2."""

import ast
from collections.abc import Iterator
from itertools import islice, product

import numpy as np

from trainer.book.functions import Array
from trainer.checker.diagnose.quantities import Quantity, has_value
from trainer.checker.diagnose.scope import Scope

# Quantity → its formulas, with samples as rows or as columns; dot, f and g stand for what the file
# uses, f for one argument. The value of each is looked at before it is tried.
TEMPLATES = {
    "a1": ("dot({x}, {W1}) + {b1}", "dot({W1}, {x}) + {b1}"),
    "z1": ("f({a1})", "1 / (1 + np.exp(-{a1}))", "np.maximum(0, {a1})", "np.tanh({a1})"),
    "a2": ("dot({z1}, {W2}) + {b2}", "dot({W2}, {z1}) + {b2}"),
    "y": (
        "f({a2})", "{e^a2} / np.sum({e^a2}, axis=1, keepdims=True)",
        "{e^(a2 − max a2)} / np.sum({e^(a2 − max a2)}, axis=1, keepdims=True)",
        "np.exp({a2}) / np.sum(np.exp({a2}), axis=1, keepdims=True)",
        "np.exp({a2 − max a2}) / np.sum(np.exp({a2 − max a2}), axis=1, keepdims=True)",
    ),
    "e^(a2 − max a2)": ("np.exp({a2} - np.max({a2}, axis=1, keepdims=True))",),
    "loss": (
        "g({y}, {t})", "g({y}, {labels})", "-np.sum({t} * np.log({y})) / {N}",
        "-np.sum(np.log({y}[np.arange({N}), {labels}])) / {N}",
        "0.5 * np.sum(({y} - {t}) ** 2) / {N}",
        "-np.sum({t} * np.log({y}) + (1 - {t}) * np.log(1 - {y})) / {N}",
    ),
    "−losses": ("{t} * np.log({y}) + (1 - {t}) * np.log(1 - {y})",),
    "N·dy": ("-({t} / {y} - (1 - {t}) / (1 - {y}))",),
    "da2": (
        "({y} - {t}) / {N}", "{N·da2} / {N}",
        "({y} - np.eye({y}.shape[1])[{labels}]) / {N}",
    ),
    "N·da2": ("{y} - {t}",),
    "dW2": ("dot({z1}.T, {da2})", "dot({N·da2}, {z1}.T) / {N}", "dot({da2}, {z1}.T)"),
    "db2": (
        "np.sum({da2}, axis=0)", "np.sum({N·da2}, axis=1, keepdims=True) / {N}",
        "np.sum({da2}, axis=1, keepdims=True)",
    ),
    "dz1": ("dot({da2}, {W2}.T)", "dot({W2}.T, {da2})"),
    "N·dz1": ("dot({W2}.T, {N·da2})",),
    "h′(a1)": ("f({a1})", "{z1} * (1 - {z1})"),
    "da1": (
        "f({a1}) * {dz1}", "{dz1} * {z1} * (1 - {z1})", "{dz1} * ({a1} > 0)",
        "{dz1} * ({z1} > 0)", "{dz1} * (1 - {z1} ** 2)",
    ),
    "N·da1": ("{N·dz1} * {z1} * (1 - {z1})", "{N·dz1} * ({z1} > 0)", "{N·dz1} * (1 - {z1} ** 2)"),
    "dW1": ("dot({x}.T, {da1})", "dot({N·da1}, {x}.T) / {N}", "dot({da1}, {x}.T)"),
    "db1": (
        "np.sum({da1}, axis=0)", "np.sum({N·da1}, axis=1, keepdims=True) / {N}",
        "np.sum({da1}, axis=1, keepdims=True)",
    ),
}  # fmt: skip
LEAVES = ("N", "x", "t", "labels", "W1", "b1", "W2", "b2", "e^a2", "a2 − max a2")
EACH = 2  # ways of writing a quantity that are tried


def list_formulas(scope: Scope, quantity: Quantity, known: dict[str, list[str]]) -> Iterator[str]:
    """Yield what gives a quantity from those that are known, as texts that have its value."""
    for text in dict.fromkeys(_write(get_base(quantity), known, scope, depth=1)):
        if has_value(quantity, scope.evaluate(text)):
            yield text


def get_base(quantity: Quantity) -> str:
    """Return the name of a quantity without its orientation."""
    return quantity.name.rstrip("ᵀ")


def list_known(values: dict[str, Array], quantities: list[Quantity]) -> dict[str, list[str]]:
    """Return the variables that have the value of each quantity, by its name; N is the batch.

    {} without quantities: those of functions that are wrong by themselves are not written so.
    """
    rows = next((len(q.value) for q in quantities if q.name == "x"), None)
    if rows is None:
        return {}
    numbers = [text for text, value in values.items() if np.ndim(value) == 0 and value == rows]
    arrays = [text for text, value in values.items() if np.ndim(value) and len(value) == rows]
    known = {"N": [*numbers, *(f"len({text})" for text in sorted(arrays, key=len))]}
    for text, value in values.items():
        for q in quantities:
            if has_value(q, value):
                known.setdefault(get_base(q), []).append(text)
    return known


def _write(name: str, known: dict[str, list[str]], scope: Scope, depth: int) -> Iterator[str]:
    for template in TEMPLATES.get(name, ()):
        names = [n for n in (*TEMPLATES, *LEAVES) if f"{{{n}}}" in template]
        choices = [_list_words(n, known, scope, depth) for n in names]
        for words in product(*choices):
            text = template
            for part, word in zip(names, words, strict=True):
                text = text.replace(f"{{{part}}}", word)
            yield from _fill_calls(text, scope)


def _list_words(name: str, known: dict[str, list[str]], scope: Scope, depth: int) -> list[str]:
    """Return ways of writing a quantity: variables, or else its own formula in brackets."""
    if name in known:
        return known[name][:EACH]
    made = _write(name, known, scope, depth - 1) if depth else iter(())
    return [f"({text})" for text in islice(made, EACH)]


def _fill_calls(text: str, scope: Scope) -> Iterator[str]:
    """Yield a text with the file's own functions in place of f and g, and its kind of product."""
    for sign, names in (("f(", scope.functions), ("g(", scope.pairs)):
        if text.startswith(sign):
            yield from (ast.unparse(_Products(scope.style).run(n + text[1:])) for n in names)
            return
    yield ast.unparse(_Products(scope.style).run(text))


class _Products(ast.NodeTransformer):
    """Writes dot(a, b) as the file writes its products: np.dot(a, b), a.dot(b) or a @ b."""

    def __init__(self, style: str):
        self._style = style

    def run(self, text: str) -> ast.AST:
        return ast.fix_missing_locations(self.visit(ast.parse(text, mode="eval")))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id != "dot":
            return node
        left, right = node.args
        if self._style == "@":
            return ast.BinOp(left, ast.MatMult(), right)
        base = ast.Name("np", ast.Load()) if self._style == "np.dot" else left
        args = [left, right] if self._style == "np.dot" else [right]
        return ast.Call(ast.Attribute(base, "dot", ast.Load()), args, [])
