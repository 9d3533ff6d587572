"""Changes that put something around a part of an expression: a sign, a factor, a call, a term."""

import ast
from collections.abc import Iterator
from typing import TypeGuard

from trainer.checker.diagnose.edits import BIAS, Edit, Words, write_operand

TERMS = ("{inner} + {atom}", "{inner} - {atom}", "{inner} / {atom}")  # that people leave out
# Calls that people leave out, and how unlikely it is.
CALLS = {
    "np.sum({inner})": 0.0, "np.sum({inner}, axis=0)": 0.0, "np.argmax({inner}, axis=1)": 0.0,
    "np.sum({inner}, axis=1, keepdims=True)": 0.1, "np.mean({inner})": 0.1, "np.exp({inner})": 0.2,
    "np.log({inner})": 0.25, "len({inner})": 0.2, "{part}.copy()": 0.2, "range({inner})": 0.2,
    "np.zeros_like({inner})": 0.3, "np.maximum(0, {inner})": 0.3, "np.tanh({inner})": 0.3,
    "1 / (1 + np.exp(-({inner})))": 0.3,
}  # fmt: skip


def wrap_node(node: ast.expr, root: ast.expr, words: Words) -> Iterator[Edit]:
    """Yield edits that put something around a part: a sign or a factor; around all: a call or
    another term.
    """
    inner, cost = write_operand(node), 0.0 if node is root else 0.5
    if isinstance(node, ast.Constant | ast.Tuple | ast.Compare):
        return
    yield Edit(node, f"-{inner}", 1.5 + cost)
    yield Edit(node, f"{inner}.T", 1.5 + cost)
    yield Edit(node, f"({inner} > 0)", 2.2)
    yield Edit(node, f"(1 - {inner} ** 2)", 2.2)
    if is_product(node):
        for bias in (atom for atom in words.atoms if BIAS.search(atom)):
            yield Edit(node, f"{inner} + {bias}", 2.0)
    if isinstance(node, ast.Attribute):
        yield Edit(node, f"{inner}.values()", 1.8)
    passes_on = isinstance(node, ast.Name | ast.Subscript | ast.Call)  # the factor is elsewhere
    for factor in ("2", "0.5"):
        yield Edit(node, f"{factor} * {inner}", 1.6 + cost + 0.3 * passes_on)
    if node is root:
        yield from _wrap_whole(node, inner, words)


def _wrap_whole(node: ast.expr, inner: str, words: Words) -> Iterator[Edit]:
    """Yield edits that put a call or a term around a whole expression."""
    for function in words.functions:
        yield Edit(node, f"{function}({ast.unparse(node)})", 1.9)
    for call, extra in CALLS.items():
        yield Edit(node, call.format(inner=ast.unparse(node), part=inner), 2.0 + extra)
    for term in TERMS:
        atoms = words.divisors if "/" in term else words.atoms
        yield from (Edit(node, term.format(inner=inner, atom=atom), 2.3) for atom in atoms)


def is_product(node: ast.AST) -> TypeGuard[ast.expr]:
    """Return whether an expression is a product of matrices."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_call and node.func.attr in ("dot", "matmul", "mm")  # type: ignore[attr-defined]
